/** Everything of LVS: virtual servers, their groups, and what checkers identify themselves with (lvs.md §1). */
import type { ConfigDraft, VirtualServerDraft } from '../drafts.ts'
import { US_PER_S } from '../forms/numbers.ts'
import { SSL } from '../keywords/ssl.ts'
import { familySoFar, ipFamilyOf } from '../keywords/virtual-server-store.ts'
import type { Config, SorryServer, Ssl, VirtualServer, VirtualServerGroup } from '../model.ts'
import { blockSpan, settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import { complete } from './complete.ts'
import { linkMethod } from './forwarding.ts'
import { targetsOf } from './local-checkers.ts'
import type { CheckerContext } from './local-checkers.ts'
import { linkQuorum } from './quorum.ts'
import { keptServers, linkRealServer, reportEqualServers } from './real-servers.ts'
import type { ServerGlobals, Service } from './real-servers.ts'
import type { LinkContext } from './scripts.ts'
import { linkServerGroups } from './server-groups.ts'
import { virtualServerName } from './server-names.ts'
import { realServerPort, sorryServerPort } from './server-ports.ts'
import type { PortRules } from './server-ports.ts'
import { linkService } from './services.ts'
import type { ServiceSettings } from './services.ts'

const CONNECT_TIMEOUT_US = 5 * US_PER_S
const DELAY_LOOP_US = 60 * US_PER_S

type Groups = ReadonlyMap<string, VirtualServerGroup>

/** The virtual servers that can be served, with every default applied. */
export function linkVirtualServers(
  draft: ConfigDraft,
  context: LinkContext,
): Pick<Config, 'virtualServers' | 'virtualServerGroups' | 'ssl'> {
  const { groups, byName } = linkServerGroups(draft.virtualServerGroups ?? [], context)
  const globals: ServerGlobals = draft.globalDefs ?? {}
  const checkerContext: CheckerContext = { ...context, targets: targetsOf(draft) }
  const firstOf = new Map<string, VirtualServerDraft>()
  const virtualServers: VirtualServer[] = []
  for (const written of draft.virtualServers ?? []) {
    const virtualServer = linkVirtualServer(written, byName, globals, checkerContext)
    if (virtualServer === undefined) continue
    reportDuplicate(written, virtualServer, firstOf, context)
    virtualServers.push(virtualServer)
  }
  return { virtualServers, virtualServerGroups: groups, ssl: draft.ssl === undefined ? undefined : complete<Ssl>(SSL, draft.ssl) }
}

function linkVirtualServer(
  draft: VirtualServerDraft,
  groups: Groups,
  globals: ServerGlobals,
  context: CheckerContext,
): VirtualServer | undefined {
  const { diagnostics } = context
  const group = draft.group === undefined ? undefined : groups.get(draft.group)
  if (draft.group !== undefined && group === undefined) {
    const message = `there is no virtual_server_group ${shown(draft.group)}; its virtual server is ignored`
    return diagnostics.warning('setting-ignored', blockSpan(draft, context), message)
  }
  const ipFamily = familySoFar(draft) ?? familyOfSorryServer(draft) ?? 'inet'
  const kept = keptServers(draft, ipFamily, context)
  if (kept.length === 0) {
    const message = `the ${virtualServerName(draft)} has no real servers; it is ignored`
    return diagnostics.error('incomplete-block', blockSpan(draft, context), message, 'add a block `real_server`')
  }
  return completeServer({ draft, group, ipFamily, kept, settings: linkService(draft, group, context), globals }, context)
}

/** A sorry server decides where no real server does. */
function familyOfSorryServer({ sorryServer, sorryServerLvsMethod, lvsMethod }: VirtualServerDraft): VirtualServer['ipFamily'] | undefined {
  const isTunnelled = (sorryServerLvsMethod ?? lvsMethod)?.method === 'TUN'
  return sorryServer?.address === undefined || isTunnelled ? undefined : ipFamilyOf(sorryServer.address)
}

/** A virtual server that can be served. */
interface Servable {
  readonly draft: VirtualServerDraft
  readonly group: VirtualServerGroup | undefined
  readonly ipFamily: VirtualServer['ipFamily']
  readonly kept: ReturnType<typeof keptServers>
  readonly settings: ServiceSettings
  readonly globals: ServerGlobals
}

function completeServer(servable: Servable, context: CheckerContext): VirtualServer {
  const { draft, group, ipFamily, kept, settings, globals } = servable
  const { port = 0 } = draft
  const { lvsMethod } = settings
  const { scripts } = context
  const quorumUp = scripts.admit(draft.quorumUp, () => settingSpan(draft, 'quorum_up', context))
  const quorumDown = scripts.admit(draft.quorumDown, () => settingSpan(draft, 'quorum_down', context))
  const service: Service = {
    retry: draft.retry,
    delayBeforeRetryUs: draft.delayBeforeRetryUs,
    warmupUs: draft.warmupUs,
    connectTimeoutUs: draft.connectTimeoutUs ?? CONNECT_TIMEOUT_US,
    delayLoopUs: draft.delayLoopUs ?? DELAY_LOOP_US,
    inhibitOnFailure: draft.inhibitOnFailure ?? false,
    lvsMethod,
    virtualhost: draft.virtualhost,
    alpha: draft.alpha ?? false,
    weight: draft.weight ?? 1,
    globals,
  }
  const rules: PortRules = { draft, group, port }
  const realServers = kept.map((server) => {
    return linkRealServer(server, realServerPort(server, server.lvsMethod?.method ?? lvsMethod.method, rules, context), service, context)
  })
  if (group === undefined) reportEqualServers(kept, realServers, context)
  const { quorum, hysteresis } = linkQuorum(draft, realServers, context)
  const sorry = linkSorryServer(servable, rules, context)
  return {
    address: draft.address,
    port,
    fwmark: draft.fwmark,
    group: draft.group,
    ipFamily,
    retry: service.retry,
    delayBeforeRetryUs: service.delayBeforeRetryUs,
    warmupUs: service.warmupUs,
    connectTimeoutUs: service.connectTimeoutUs,
    delayLoopUs: service.delayLoopUs,
    inhibitOnFailure: service.inhibitOnFailure,
    lvsSched: settings.lvsSched,
    hashed: draft.hashed ?? false,
    ops: settings.ops,
    flag1: draft.flag1 ?? false,
    flag2: draft.flag2 ?? false,
    flag3: draft.flag3 ?? false,
    lvsMethod,
    persistenceEngine: draft.persistenceEngine,
    persistenceTimeoutUs: settings.persistenceTimeoutUs,
    persistenceGranularity: draft.persistenceGranularity,
    protocol: settings.protocol,
    haSuspend: settings.haSuspend,
    smtpAlert: draft.smtpAlert ?? globals.smtpAlertChecker ?? globals.smtpAlert ?? false,
    virtualhost: service.virtualhost,
    snmpName: draft.snmpName,
    alpha: service.alpha,
    omega: draft.omega ?? false,
    quorum,
    hysteresis,
    quorumUp,
    quorumDown,
    weight: service.weight,
    sorryServer: sorry?.sorryServer,
    sorryServerInhibit: sorry !== undefined && draft.sorryServerInhibit === true,
    sorryServerLvsMethod: sorry?.sorryServerLvsMethod,
    realServers,
  }
}

/** One of the other address family, and no tunnel to it, is dropped. */
function linkSorryServer(
  { draft, ipFamily, settings }: Servable,
  rules: PortRules,
  context: CheckerContext,
): (Pick<VirtualServer, 'sorryServerLvsMethod'> & { readonly sorryServer: SorryServer }) | undefined {
  const { sorryServer } = draft
  if (sorryServer === undefined) return undefined
  const { address = '' } = sorryServer
  const method = draft.sorryServerLvsMethod === undefined ? settings.lvsMethod : linkMethod(draft.sorryServerLvsMethod)
  if (method.method !== 'TUN' && ipFamilyOf(address) !== ipFamily) {
    const message = `the sorry server ${address} is not of family ${ipFamily} as its virtual server is; it is ignored`
    return context.diagnostics.error('family-mismatch', valueSpan(draft, 'sorry_server', context), message)
  }
  return { sorryServer: { address, port: sorryServerPort(sorryServer, method.method, rules, context) }, sorryServerLvsMethod: method }
}

/** keepalived lets two of them share one service of the kernel. */
function reportDuplicate(
  draft: VirtualServerDraft,
  { address, port, fwmark, group, protocol, ipFamily }: VirtualServer,
  firstOf: Map<string, VirtualServerDraft>,
  context: LinkContext,
): void {
  const key =
    address === undefined ? `${fwmark ?? ''} ${ipFamily} ${protocol ?? ''} ${group ?? ''}` : `${address} ${port} ${protocol ?? ''}`
  const first = firstOf.get(key)
  if (first === undefined) {
    firstOf.set(key, draft)
    return
  }
  const { source, offset } = blockSpan(first, context)
  const message = `there is a ${virtualServerName(draft)} with the same protocol already: both are one service`
  const help = `the first is at ${source.path}:${source.position(offset).line}`
  context.diagnostics.warning('duplicate-virtual-server', blockSpan(draft, context), message, help)
}
