/** The addresses of an instance: their interfaces, and how many an advertisement can carry. */
import type { VirtualAddressDraft, VrrpInstanceDraft } from './draft.ts'
import { shown } from './excerpt.ts'
import type { Defaults } from './link-instance.ts'
import type { Family, VirtualAddress } from './model.ts'
import type { ReadContext } from './schema.ts'

/** Octets in front of the addresses: Ethernet, IP, VRRP. */
const ETHERNET_OCTETS = 14
const IP_OCTETS = { 4: 20, 6: 40 } as const
const VRRP_OCTETS = 8
/** The authentication data that ends each version 2 advertisement over IPv4. */
const AUTHENTICATION_OCTETS = 8
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

/** Completes the addresses of an instance; what does not fit an advertisement joins the excluded ones. */
export function linkAddresses(
  draft: VrrpInstanceDraft,
  version: 2 | 3,
  device: string | undefined,
  defaults: Defaults,
  context: ReadContext,
): LinkedAddresses {
  const { virtualIpaddress, virtualIpaddressExcluded } = draft
  reportCount(draft, version, context)
  reportDuplicates([...virtualIpaddress, ...virtualIpaddressExcluded], draft.name, device, context)
  const room = roomFor(draft, version, device, context)
  const [surplus] = virtualIpaddress.slice(room)
  if (surplus !== undefined) {
    const message = `an advertisement of instance ${shown(draft.name)} has room for ${room} of its ${virtualIpaddress.length} addresses`
    const help = 'this one and those after it are held, but not advertised, as if in virtual_ipaddress_excluded'
    context.diagnostics.error('too-many-addresses', surplus.span, message, help)
  }
  const complete = (address: VirtualAddressDraft): VirtualAddress => linkAddress(address, device, defaults, context)
  const advertised = virtualIpaddress.map(complete)
  return {
    virtualIpaddress: advertised.slice(0, room),
    virtualIpaddressExcluded: [...virtualIpaddressExcluded.map(complete), ...advertised.slice(room)],
  }
}

/** Asks for the MTU only where it matters. */
function roomFor(
  { family = 4, virtualIpaddress }: VrrpInstanceDraft,
  version: 2 | 3,
  device: string | undefined,
  { host }: ReadContext,
): number {
  const least = advertisementRoom(family, version, LOWEST_MTU[family])
  if (virtualIpaddress.length <= least) return least
  return advertisementRoom(family, version, (device && host.interfaceMtu(device)) || DEFAULT_MTU)
}

/** How many addresses one advertisement can carry. */
export function advertisementRoom(family: Family, version: 2 | 3, mtu: number): number {
  const trailer = version === 2 && family === 4 ? AUTHENTICATION_OCTETS : 0
  const octets = mtu - ETHERNET_OCTETS - IP_OCTETS[family] - VRRP_OCTETS - trailer
  return Math.max(0, Math.min(MAX_COUNT, Math.floor(octets / ADDRESS_OCTETS[family])))
}

function reportCount(
  { virtualIpaddress, noVirtualIpaddress = false, name, span }: VrrpInstanceDraft,
  version: 2 | 3,
  context: ReadContext,
): void {
  if (virtualIpaddress.length > 0 || noVirtualIpaddress) return
  const help = 'list addresses in `virtual_ipaddress`; an instance without any says `no_virtual_ipaddress`'
  if (version === 3)
    context.diagnostics.error('no-virtual-address', span, `instance ${shown(name)} has no virtual address; version 3 needs one`, help)
  else context.diagnostics.warning('no-address-advertised', span, `instance ${shown(name)} has no virtual address`, help)
}

/** What an interface carries once, as the first line says (lower.ts). */
function reportDuplicates(
  addresses: readonly VirtualAddressDraft[],
  name: string,
  device: string | undefined,
  { diagnostics }: ReadContext,
): void {
  const seen = new Set<string>()
  for (const { address, dev, span } of addresses) {
    const key = `${address} ${dev?.value ?? device ?? ''}`
    const message = `instance ${shown(name)} lists ${address} more than once on one interface, which carries it as the first line says`
    if (seen.has(key)) diagnostics.info('duplicate-address', span, message)
    seen.add(key)
  }
}

function linkAddress(draft: VirtualAddressDraft, device: string | undefined, defaults: Defaults, context: ReadContext): VirtualAddress {
  const { span: _, dev, ...address } = draft
  if (dev !== undefined && !defaults.isInterfaceOptional && !context.host.hasInterface(dev.value)) {
    const help = 'an interface may be missing at start with `dynamic_interfaces` in global_defs'
    context.diagnostics.error(
      'unknown-interface',
      dev.span,
      `interface ${shown(dev.value)} of address ${draft.address} does not exist`,
      help,
    )
  }
  return { ...address, dev: dev?.value ?? device ?? '' }
}
