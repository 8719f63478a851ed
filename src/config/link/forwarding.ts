/** Forwarding methods of servers. */
import type { ForwardingMethodDraft } from '../drafts.ts'
import type { ForwardingMethod } from '../model.ts'

/** One object for all servers that say no more: most do. */
const PLAIN = {
  NAT: { method: 'NAT', type: 'ipip', port: undefined, checksum: 'nocsum' },
  DR: { method: 'DR', type: 'ipip', port: undefined, checksum: 'nocsum' },
  TUN: { method: 'TUN', type: 'ipip', port: undefined, checksum: 'nocsum' },
} as const satisfies Record<ForwardingMethod['method'], ForwardingMethod>

/** Address translation, as where nothing is said. */
export const NAT: ForwardingMethod = PLAIN.NAT

/** The method of a line; where there is no tunnel, settings of one mean nothing. */
export function linkMethod({ method = 'NAT', type = 'ipip', port, checksum = 'nocsum' }: ForwardingMethodDraft): ForwardingMethod {
  const isPlain = method !== 'TUN' || (type === 'ipip' && checksum === 'nocsum')
  return isPlain ? PLAIN[method] : { method, type, port, checksum }
}
