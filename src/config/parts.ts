/** What of a configuration a daemon acts on: keepalived's processes, each of which can be left out. */
import type { Config, GlobalDefs } from './model.ts'

/** The work that a daemon does. */
export interface DaemonParts {
  /** Virtual routers. */
  readonly vrrp: boolean
  /** Virtual servers and their health checks. */
  readonly checkers: boolean
  /** BFD sessions. */
  readonly bfd: boolean
}

export const ALL_PARTS: DaemonParts = { vrrp: true, checkers: true, bfd: true }

/** A configuration without what belongs to other parts. */
export function onlyParts(config: Config, { vrrp, checkers, bfd }: DaemonParts): Config {
  const { lvsSyncDaemon } = config.globalDefs
  // As in keepalived: one that follows an instance belongs to the virtual routers, and nothing else of IPVS does.
  const isSynced = lvsSyncDaemon?.instance === undefined ? checkers : vrrp
  const globalDefs: GlobalDefs = {
    ...config.globalDefs,
    ...(isSynced ? {} : { lvsSyncDaemon: undefined }),
    ...(checkers ? {} : { lvsFlush: false, lvsFlushOnStop: undefined, lvsTimeouts: undefined }),
  }
  return {
    ...config,
    globalDefs,
    ...(vrrp ? {} : { vrrpInstances: [], vrrpSyncGroups: [], staticIpaddress: [], staticRoutes: [], staticRules: [] }),
    ...(checkers ? {} : { virtualServers: [], virtualServerGroups: [] }),
    ...(bfd ? {} : { bfdInstances: [] }),
  }
}

/** The parts that a configuration has work for. */
export function configuredParts(config: Config): DaemonParts {
  const { vrrpInstances, virtualServers, bfdInstances } = config
  return { vrrp: vrrpInstances.length > 0, checkers: virtualServers.length > 0, bfd: bfdInstances.length > 0 }
}
