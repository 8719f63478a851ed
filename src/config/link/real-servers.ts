/** `real_server`: which of them a virtual server has, and what they inherit from it. */
import type { RealServerDraft, VirtualServerDraft } from '../drafts.ts'
import { ipFamilyOf } from '../keywords/virtual-server-store.ts'
import type { RealServer, VirtualServer } from '../model.ts'
import { blockSpan, settingSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { linkDns, linkEach, linkPlain, linkSmtp, linkUdp } from './checkers.ts'
import type { Inherited } from './checkers.ts'
import { linkMethod } from './forwarding.ts'
import { linkBfdChecks, linkFile, linkMisc } from './local-checkers.ts'
import type { CheckerContext } from './local-checkers.ts'
import { serverName, virtualServerName } from './server-names.ts'
import { linkHttpGet, linkSslGet } from './web-checkers.ts'

/** What global_defs says about servers. */
export interface ServerGlobals {
  readonly smtpAlert?: boolean
  readonly smtpAlertChecker?: boolean
  readonly checkerLogAllFailures?: boolean
}

/** What a virtual server has for its real servers. */
export type Service = Pick<
  VirtualServer,
  | 'retry'
  | 'delayBeforeRetryUs'
  | 'warmupUs'
  | 'connectTimeoutUs'
  | 'delayLoopUs'
  | 'inhibitOnFailure'
  | 'lvsMethod'
  | 'virtualhost'
  | 'alpha'
  | 'weight'
> & { readonly globals: ServerGlobals }

/** Real servers whose address family fits, and of equal ones the first. */
export function keptServers(
  draft: VirtualServerDraft,
  ipFamily: VirtualServer['ipFamily'],
  context: ReadContext,
): readonly RealServerDraft[] {
  const { realServers = [] } = draft
  const seen = new ServerSet()
  return realServers.filter((server) => {
    const { address = '', port = 0 } = server
    if (!isTunnelled(server) && ipFamilyOf(address) !== ipFamily) {
      const message = `the real server ${address} is not of family ${ipFamily} as its virtual server is; it is ignored`
      const help = 'only tunnels (`lvs_method TUN`) go from one family to the other'
      context.diagnostics.error('family-mismatch', blockSpan(server, context), message, help)
      return false
    }
    if (seen.add(address, port)) return true
    const message = `the ${virtualServerName(draft)} has a real server ${serverName(server)} already; this one is ignored`
    context.diagnostics.error('duplicate-server', blockSpan(server, context), message)
    return false
  })
}

/** Reports real servers that are equal by the ports they have in the end: keepalived keeps them, and the kernel refuses the second. */
export function reportEqualServers(drafts: readonly RealServerDraft[], servers: readonly RealServer[], context: ReadContext): void {
  if (servers.every(({ port }, index) => port === drafts[index]?.port)) return
  const seen = new ServerSet()
  for (const [index, server] of servers.entries()) {
    const draft = drafts[index]
    if (seen.add(server.address, server.port) || draft === undefined) continue
    const message = `there is a real server ${serverName(server)} already: the kernel refuses this one`
    context.diagnostics.warning('duplicate-destination', blockSpan(draft, context), message)
  }
}

/** Addresses with ports. Most addresses are there once: ports are looked at for the others alone. */
class ServerSet {
  readonly #portOf = new Map<string, number>()
  readonly #others = new Set<string>()

  /** @returns whether it is new */
  add(address: string, port: number): boolean {
    const known = this.#portOf.get(address)
    if (known === undefined) {
      this.#portOf.set(address, port)
      return true
    }
    const key = `${address} ${port}`
    if (known === port || this.#others.has(key)) return false
    this.#others.add(key)
    return true
  }
}

/** Whether a server has a tunnel by its own line, or by one of its virtual server above it. */
export function isTunnelled({ lvsMethod }: RealServerDraft): boolean {
  return lvsMethod?.method === 'TUN'
}

/** A real server with all that it inherits. @param port as the forwarding method allows it */
export function linkRealServer(draft: RealServerDraft, port: number, service: Service, context: CheckerContext): RealServer {
  const { address = '', notifyUp, notifyDown } = draft
  const { globals } = service
  const inherited: Inherited = {
    address,
    port: draft.port === undefined || draft.port === 0 ? port : draft.port,
    retry: draft.retry ?? service.retry,
    delayBeforeRetryUs: draft.delayBeforeRetryUs ?? service.delayBeforeRetryUs,
    warmupUs: draft.warmupUs ?? service.warmupUs,
    connectTimeoutUs: draft.connectTimeoutUs ?? service.connectTimeoutUs,
    delayLoopUs: draft.delayLoopUs ?? service.delayLoopUs,
    serviceDelayLoopUs: service.delayLoopUs,
    alpha: draft.alpha ?? service.alpha,
    logAllFailures: globals.checkerLogAllFailures ?? false,
    virtualhost: draft.virtualhost ?? service.virtualhost,
  }
  const { scripts } = context
  return {
    address,
    port,
    weight: draft.weight ?? service.weight,
    lvsMethod: draft.lvsMethod === undefined ? service.lvsMethod : linkMethod(draft.lvsMethod),
    uthreshold: draft.uthreshold ?? 0,
    lthreshold: draft.lthreshold ?? 0,
    inhibitOnFailure: draft.inhibitOnFailure ?? service.inhibitOnFailure,
    notifyUp: notifyUp && scripts.admit(notifyUp, () => settingSpan(draft, 'notify_up', context)),
    notifyDown: notifyDown && scripts.admit(notifyDown, () => settingSpan(draft, 'notify_down', context)),
    alpha: inherited.alpha,
    retry: inherited.retry,
    delayBeforeRetryUs: inherited.delayBeforeRetryUs,
    warmupUs: inherited.warmupUs,
    connectTimeoutUs: inherited.connectTimeoutUs,
    delayLoopUs: inherited.delayLoopUs,
    smtpAlert: draft.smtpAlert ?? globals.smtpAlertChecker ?? globals.smtpAlert ?? true,
    virtualhost: inherited.virtualhost,
    snmpName: draft.snmpName,
    httpGets: linkEach(draft.httpGets, linkHttpGet, inherited, context),
    sslGets: linkEach(draft.sslGets, linkSslGet, inherited, context),
    tcpChecks: linkEach(draft.tcpChecks, linkPlain, inherited, context),
    smtpChecks: linkSmtp(draft.smtpChecks, inherited, context),
    dnsChecks: linkEach(draft.dnsChecks, linkDns, inherited, context),
    miscChecks: linkEach(draft.miscChecks, linkMisc, inherited, context),
    bfdChecks: linkBfdChecks(draft.bfdChecks, inherited, context),
    udpChecks: linkEach(draft.udpChecks, linkUdp, inherited, context),
    pingChecks: linkEach(draft.pingChecks, linkPlain, inherited, context),
    fileChecks: linkEach(draft.fileChecks, linkFile, inherited, context),
  }
}
