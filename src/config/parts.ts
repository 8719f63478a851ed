/** What of a configuration a daemon acts on: keepalived's processes, each of which can be left out. */
import type { Config } from './model.ts'

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
  return {
    ...config,
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
