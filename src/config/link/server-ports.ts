/** Ports of the servers behind a virtual one: address translation alone can change the port of a packet (lvs.md §1.1). */
import type { RealServerDraft, SorryServerDraft, VirtualServerDraft } from '../drafts.ts'
import type { ForwardingMethod, VirtualServerGroup } from '../model.ts'
import { blockSpan, valueSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { serverName, virtualServerName } from './server-names.ts'
import type { Span } from '../text/source.ts'

/** A virtual server as far as ports are concerned. */
export interface PortRules {
  readonly draft: VirtualServerDraft
  readonly group: VirtualServerGroup | undefined
  /** 0: any. */
  readonly port: number
}

/** The port that a real server has. */
export function realServerPort(
  server: RealServerDraft,
  method: ForwardingMethod['method'],
  rules: PortRules,
  context: ReadContext,
): number {
  const { port = 0 } = server
  const isFixed = method !== 'NAT'
  if (rules.group !== undefined) {
    if (isFixed && port !== 0) reportGroup(`real server ${serverName(server)}`, port, rules, blockSpan(server, context), context)
    return port
  }
  if (rules.draft.fwmark !== undefined) {
    return isFixed && port !== 0 ? clear(`real server ${serverName(server)}`, blockSpan(server, context), context) : port
  }
  if (port === 0) return rules.port
  return isFixed && port !== rules.port ? reset(`real server ${serverName(server)}`, rules, blockSpan(server, context), context) : port
}

/** The port that a sorry server has: one behind address translation that has none keeps none. */
export function sorryServerPort(
  server: SorryServerDraft,
  method: ForwardingMethod['method'],
  rules: PortRules,
  context: ReadContext,
): number {
  const { port = 0 } = server
  if (method === 'NAT') return port
  const span = valueSpan(rules.draft, 'sorry_server', context)
  if (rules.group !== undefined) {
    if (port !== 0) reportGroup(`sorry server ${serverName(server)}`, port, rules, span, context)
    return port
  }
  if (rules.draft.fwmark !== undefined) return port === 0 ? 0 : clear(`sorry server ${serverName(server)}`, span, context)
  return port !== 0 && port !== rules.port ? reset(`sorry server ${serverName(server)}`, rules, span, context) : rules.port
}

function clear(server: string, span: Span, { diagnostics }: ReadContext): 0 {
  const message = `the port of the ${server} is ignored: packets of a mark keep the port that they are for`
  diagnostics.error('port-mismatch', span, message)
  return 0
}

function reset(server: string, { draft, port }: PortRules, span: Span, { diagnostics }: ReadContext): number {
  const used = port === 0 ? 'none' : port
  const message = `the port of the ${server} is not that of the ${virtualServerName(draft)}, and packets keep theirs; ${used} is used`
  diagnostics.error('port-mismatch', span, message)
  return port
}

/** Each member of a group has a port of its own: nothing is changed. */
function reportGroup(server: string, port: number, { group }: PortRules, span: Span, { diagnostics }: ReadContext): void {
  const members = group?.members ?? []
  if (members.some(({ fwmark }) => fwmark !== undefined)) {
    const message = `the port of the ${server} is ignored for the marks of the group, whose packets keep the port that they are for`
    diagnostics.error('port-mismatch', span, message)
  }
  const others = [...new Set(members.filter(({ fwmark, port: own }) => fwmark === undefined && own !== port).map(({ port: own }) => own))]
  if (others.length > 0) {
    const message = `the port of the ${server} is ignored for members of the group with port ${others.join(', ')}, whose packets keep theirs`
    diagnostics.error('port-mismatch', span, message)
  }
}
