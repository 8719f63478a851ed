/** The addresses of an instance: their interfaces, and how many an advertisement can carry. */
import type { VirtualAddressDraft, VrrpInstanceDraft } from '../drafts.ts'
import type { Family } from '../forms/addresses.ts'
import { VIRTUAL_IPADDRESS } from '../keywords/address-line.ts'
import type { VirtualAddress } from '../model.ts'
import { blockSpan, optionSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import type { Defaults } from './defaults.ts'
import { reportMissing } from './interfaces.ts'

/** Octets in front of the addresses: Ethernet, IP, VRRP. */
const ETHERNET_OCTETS = 14
const IP_OCTETS = { 4: 20, 6: 40 } as const
const VRRP_OCTETS = 8
const ADDRESS_OCTETS = { 4: 4, 6: 16 } as const
/** The count of addresses is one octet. */
const MAX_COUNT = 255
/** Assumed where the MTU is not known. */
const DEFAULT_MTU = 1500
/** No interface has less, so few addresses fit everywhere. */
const LOWEST_MTU = { 4: 68, 6: 1280 } as const

/** Both lists of an instance, complete and in order. */
export interface LinkedAddresses {
  readonly virtualIpaddress: readonly VirtualAddress[]
  readonly virtualIpaddressExcluded: readonly VirtualAddress[]
}

/**
 * Completes the addresses of an instance; what does not fit an advertisement joins the excluded ones.
 *
 * @param authenticationOctets what authentication takes of each advertisement
 */
export function linkAddresses(
  draft: VrrpInstanceDraft,
  authenticationOctets: number,
  device: string | undefined,
  version: number,
  defaults: Defaults,
  context: ReadContext,
): LinkedAddresses {
  const { name = '', virtualIpaddress = [], virtualIpaddressExcluded = [] } = draft
  reportCount(draft, version, context)
  reportDuplicates([...virtualIpaddress, ...virtualIpaddressExcluded], name, device, context)
  const room = roomFor(draft, authenticationOctets, device, context)
  const [surplus] = virtualIpaddress.slice(room)
  if (surplus !== undefined) {
    const message = `an advertisement of instance ${shown(name)} has room for ${room} of its ${virtualIpaddress.length} addresses`
    const help = 'this one and those after it are held, but not advertised, as if in virtual_ipaddress_excluded'
    context.diagnostics.error('too-many-addresses', context.tokens.span(surplus.at), message, help)
  }
  const linked = (address: VirtualAddressDraft): VirtualAddress => linkAddress(address, device, defaults, context)
  const advertised = virtualIpaddress.map(linked)
  return {
    virtualIpaddress: advertised.slice(0, room),
    virtualIpaddressExcluded: [...virtualIpaddressExcluded.map(linked), ...advertised.slice(room)],
  }
}

/** Asks for the MTU only where it matters. */
function roomFor(
  { family = 4, virtualIpaddress = [] }: VrrpInstanceDraft,
  authenticationOctets: number,
  device: string | undefined,
  { host }: ReadContext,
): number {
  const least = advertisementRoom(family, authenticationOctets, LOWEST_MTU[family])
  if (virtualIpaddress.length <= least) return least
  return advertisementRoom(family, authenticationOctets, (device && host.interfaceMtu(device)) || DEFAULT_MTU)
}

/** How many addresses one advertisement can carry. */
function advertisementRoom(family: Family, authenticationOctets: number, mtu: number): number {
  const octets = mtu - ETHERNET_OCTETS - IP_OCTETS[family] - VRRP_OCTETS - authenticationOctets
  return Math.max(0, Math.min(MAX_COUNT, Math.floor(octets / ADDRESS_OCTETS[family])))
}

function reportCount(draft: VrrpInstanceDraft, version: number, context: ReadContext): void {
  const { virtualIpaddress = [], noVirtualIpaddress = false, name = '' } = draft
  if (virtualIpaddress.length > 0 || noVirtualIpaddress) return
  const { diagnostics } = context
  const help = 'list addresses in `virtual_ipaddress`; an instance without any says `no_virtual_ipaddress`'
  const message = `instance ${shown(name)} has no virtual address`
  if (version === 3) diagnostics.error('no-virtual-address', blockSpan(draft, context), `${message}; version 3 needs one`, help)
  else diagnostics.warning('no-address-advertised', blockSpan(draft, context), message, help)
}

/** What an interface carries once, as the first line says (lower.ts). */
function reportDuplicates(
  addresses: readonly VirtualAddressDraft[],
  name: string,
  device: string | undefined,
  { diagnostics, tokens }: ReadContext,
): void {
  const seen = new Set<string>()
  for (const { at, address = '', dev } of addresses) {
    const key = `${address} ${dev ?? device ?? ''}`
    const message = `instance ${shown(name)} lists ${address} more than once on one interface, which carries it as the first line says`
    if (seen.has(key)) diagnostics.info('duplicate-address', tokens.span(at), message)
    seen.add(key)
  }
}

function linkAddress(draft: VirtualAddressDraft, device: string | undefined, defaults: Defaults, context: ReadContext): VirtualAddress {
  const { address = '', dev, family, noDad } = draft
  if (dev !== undefined) reportMissing(dev, `address ${address}`, () => optionSpan(draft, ['dev'], context), defaults, context)
  return complete<VirtualAddress>(VIRTUAL_IPADDRESS, draft, {
    dev: dev ?? device ?? defaults.defaultInterface,
    noDad: noDad ?? family === 6,
  })
}
