/** What virtual and real servers are called in the log, in FIFOs and in mails (lvs.md §1.5). */
import type { VirtualServer, VirtualServerGroupMember } from '../config/model.ts'

type Named = Pick<VirtualServer, 'address' | 'port' | 'fwmark' | 'group' | 'protocol'>

/** `[ADDR]:tcp:PORT`, `FWM N` or `[GROUP]:N`. @param index its place among the virtual servers of its group, from 0 */
export function virtualServerName({ address, port, fwmark, group, protocol }: Named, index: number): string {
  if (group !== undefined) return `[${group}]:${index}`
  return fwmark === undefined ? `[${address ?? ''}]:${protocolName(protocol)}:${port}` : `FWM ${fwmark}`
}

/** `[ADDR]:tcp:PORT`, with the protocol of the virtual server. */
export function realServerName({ address, port }: { readonly address: string; readonly port: number }, { protocol }: Named): string {
  return `[${address}]:${protocolName(protocol)}:${port}`
}

/** A member of a group: `[ADDR]:tcp:PORT`, with `-END` or `/LEN` where it is more than one address, or `FWM N`. */
export function memberName({ address, rangeEnd, prefixLength, port, fwmark }: VirtualServerGroupMember, { protocol }: Named): string {
  if (address === undefined) return `FWM ${fwmark ?? 0}`
  const more = rangeEnd !== undefined ? `-${rangeEnd}` : prefixLength !== undefined ? `/${prefixLength}` : ''
  return `[${address}]:${protocolName(protocol)}:${port}${more}`
}

/** A mark has no protocol. */
export function protocolName(protocol: VirtualServer['protocol']): string {
  return protocol === undefined ? 'none' : protocol.toLowerCase()
}
