/** What the lines of a `vrrp_instance` do to each other while they are read, in their order. */
import { familyOf, isLinkLocalGroup, isMulticast } from '../forms/addresses.ts'
import type { Family } from '../forms/addresses.ts'
import type { UseIpvlanDraft, UseVmacDraft, VirtualAddressDraft, VrrpInstanceDraft } from '../drafts.ts'
import type { Line } from '../blocks/line.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'

type Draft = VrrpInstanceDraft

/** Decides the family of an instance, or compares with what is decided. */
export function agreesOnFamily(instance: object, family: Family): boolean {
  const decided = instance as { family?: Family }
  decided.family ??= family
  return decided.family === family
}

/** BACKUP cannot take a MASTER back. */
export function storeState(instance: Draft, state: 'MASTER' | 'BACKUP', line: Line, { diagnostics }: ReadContext): void {
  if (state === 'BACKUP' && instance.state === 'MASTER' && line.octets === 'BACKUP') {
    diagnostics.error('conflicting-setting', line.wordSpan, 'the state is MASTER already; BACKUP is ignored')
    return
  }
  instance.state = state
}

/** The last one counts; a former one that does not exist is a mistake all the same. */
export function storeInterface(instance: Draft, device: string, line: Line): void {
  instance.interface = device
  ;(instance.interfaceLines ??= []).push(line.wordAt)
}

/** Version 2 over IPv6 exists only where it is asked for before the family is known. */
export function storeVersion(instance: Draft, version: number, line: Line, { diagnostics }: ReadContext): void {
  const decided = instance.version ?? (instance.family === 6 ? 3 : version)
  if (decided === version) instance.version = version
  else
    diagnostics.error(
      'conflicting-setting',
      line.wordSpan,
      `version ${version} conflicts with version ${decided} decided above; it is ignored`,
    )
}

/** Decides for IPv6 and version 3. */
export function storeNativeIpv6(instance: Draft, _: boolean, line: Line, { diagnostics }: ReadContext): void {
  if (!agreesOnFamily(instance, 6)) {
    diagnostics.error('family-mismatch', line.span, "'native_ipv6' is ignored: the instance uses IPv4")
    return
  }
  instance.nativeIpv6 = true
  instance.version ??= 3
}

/** `off` means off here, as the manual says; keepalived 2.4.3 switches the option on whatever the word. */
export function storeSkipCheck(instance: Draft, value: boolean, line: Line, { diagnostics }: ReadContext): void {
  instance.skipCheckAdvAddr = value
  if (value) return
  const message = "'skip_check_adv_addr' is switched off by this line; keepalived 2.4.3 switches it on, against its manual"
  diagnostics.info('differs-from-keepalived', line.span, message)
}

/** A source has the family of the instance, or decides it. */
export function storeSource(instance: Draft, source: string, line: Line, context: ReadContext): void {
  if (agrees(instance, source, line, context)) instance.mcastSrcIp = source
}

/** As {@link storeSource}, for unicast. */
export function storeUnicastSource(instance: Draft, source: string, line: Line, context: ReadContext): void {
  if (agrees(instance, source, line, context)) instance.unicastSrcIp = source
}

/** A multicast group of the family of the instance. */
export function storeGroup(instance: Draft, group: string, line: Line, context: ReadContext): void {
  if (!agrees(instance, group, line, context)) return
  const family = familyOf(group)
  const isGroup = family === 6 ? isLinkLocalGroup(group) : isMulticast(family, group)
  const wanted = family === 6 ? 'a link-local multicast address (ff02::/16)' : 'a multicast address'
  if (isGroup) instance.mcastDstIp = group
  else context.diagnostics.error('invalid-address', line.wordSpan, `${shown(group)} is not ${wanted}; the line is ignored`)
}

function agrees(instance: Draft, address: string, line: Line, { diagnostics }: ReadContext): boolean {
  if (agreesOnFamily(instance, familyOf(address))) return true
  const message = `${shown(address)} is not IPv${instance.family} like instance ${shown(instance.name ?? '')}; it is ignored`
  diagnostics.error('family-mismatch', line.wordSpan, message)
  return false
}

/** Addresses that are advertised are of one family. */
export function storeAddress(instance: Draft, address: VirtualAddressDraft, line: Line, { diagnostics }: ReadContext): void {
  if (agreesOnFamily(instance, address.family ?? 4)) {
    ;(instance.virtualIpaddress ??= []).push(address)
    return
  }
  const message = `${shown(line.keyword)} is not IPv${instance.family} like the rest of instance ${shown(instance.name ?? '')}; it is ignored`
  const help = 'addresses of the other family go into virtual_ipaddress_excluded, or into an instance of their own'
  diagnostics.error('family-mismatch', line.span, message, help)
}

/** A second line adds to the first. */
export function storeVmac(instance: Draft, vmac: UseVmacDraft, line: Line, { diagnostics }: ReadContext): void {
  const { useVmac } = instance
  keepFirstName(instance, vmac, line, diagnostics)
  instance.useVmac = { ...useVmac, ...vmac }
}

/** The address of an ipvlan has the family of the instance, or decides it. */
export function storeIpvlan(instance: Draft, ipvlan: UseIpvlanDraft, line: Line, context: ReadContext): void {
  if (instance.useIpvlan !== undefined) {
    context.diagnostics.error('duplicate-setting', line.span, "'use_ipvlan' is set already; this line is ignored")
    return
  }
  keepFirstName(instance, ipvlan, line, context.diagnostics)
  instance.useIpvlan = ipvlan
  const { address } = ipvlan
  if (address === undefined || agreesOnFamily(instance, familyOf(address.replace(/\/.*/, '')))) return
  delete ipvlan.address
  const message = `the address ${address} is not IPv${instance.family} like instance ${shown(instance.name ?? '')}; it is ignored`
  context.diagnostics.error('family-mismatch', line.span, message)
}

/** An instance has one interface of its own, whichever keywords it says. */
function keepFirstName({ useVmac, useIpvlan }: Draft, written: { name?: string }, line: Line, diagnostics: Diagnostics): void {
  if (written.name === undefined || (useVmac?.name ?? useIpvlan?.name) === undefined) return
  diagnostics.error('duplicate-setting', line.span, `the interface has a name already; ${shown(written.name)} is ignored`)
  delete written.name
}
