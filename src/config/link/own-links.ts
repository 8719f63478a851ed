/** Interfaces that instances make for themselves: `use_vmac`, `use_ipvlan` (vrrp.md §11). */
import type { VrrpInstanceDraft } from '../drafts.ts'
import { blockSpan, settingSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'

type Draft = VrrpInstanceDraft

const KEYWORDS = ['use_vmac', 'use_ipvlan'] as const

/** Takes out names that other interfaces have: the usual name counts then. What kind an existing interface is, is not looked up. */
export function separateOwnLinks(drafts: readonly Draft[], context: ReadContext): void {
  const owners = new Map<string, string>()
  for (const draft of drafts) {
    const { name = '', interface: device, useVmac, useIpvlan } = draft
    const used = useVmac?.name ?? useIpvlan?.name
    if (used === undefined) continue
    const owner = owners.get(used)
    if (owner === undefined && used !== device) {
      owners.set(used, name)
      continue
    }
    const reason = used === device ? 'it runs on that interface' : `instance ${shown(owner ?? '')} has it already`
    const message = `instance ${shown(name)} cannot make an interface ${shown(used)}: ${reason}; the name is ignored`
    context.diagnostics.error('duplicate-setting', settingSpan(draft, KEYWORDS, context), message)
    delete useVmac?.name
    delete useIpvlan?.name
  }
}

/** Whether advertisements leave by the interface below: with unicast peers there is no other way. */
export function linkXmitBase(draft: Draft, context: ReadContext): boolean {
  const { name = '', useVmac, unicastPeer = [], vmacXmitBase = false } = draft
  const { diagnostics } = context
  if (useVmac === undefined) {
    if (!vmacXmitBase) return false
    const message = `'vmac_xmit_base' of instance ${shown(name)} means nothing without 'use_vmac'; it is ignored`
    diagnostics.error('conflicting-setting', settingSpan(draft, 'vmac_xmit_base', context), message)
    return false
  }
  if (vmacXmitBase || unicastPeer.length === 0 || draft.interface === undefined) return vmacXmitBase
  const message = `instance ${shown(name)} has unicast peers, whom it reaches from the interface below its VMAC only: 'vmac_xmit_base' is set`
  diagnostics.error('default-used', settingSpan(draft, 'use_vmac', context), message, 'add `vmac_xmit_base`')
  return true
}

/** An interface of one's own has the kernel setting in any case. */
export function linkPromoteSecondaries(draft: Draft, context: ReadContext): boolean {
  const { name = '', useVmac, useIpvlan, promoteSecondaries = false } = draft
  if (!promoteSecondaries || (useVmac === undefined && useIpvlan === undefined)) return promoteSecondaries
  const message = `'promote_secondaries' is set for the interface that instance ${shown(name)} makes in any case; the line is ignored`
  context.diagnostics.error('conflicting-setting', settingSpan(draft, 'promote_secondaries', context), message)
  return false
}

/** What an instance lacks that makes an interface of its own: the one below it, or the address of an ipvlan. */
export function reportOwnLink(draft: Draft, family: number, context: ReadContext): void {
  const { name = '', interface: device, unicastPeer = [], useVmac, useIpvlan } = draft
  if (useVmac === undefined && useIpvlan === undefined) return
  const { diagnostics } = context
  if (device === undefined) {
    // Without peers that is reported anyhow.
    if (unicastPeer.length === 0) return
    const message = `instance ${shown(name)} has no interface to make one of its own on`
    diagnostics.error('missing-interface', blockSpan(draft, context), message, 'name the `interface`')
  } else if (useIpvlan !== undefined && useIpvlan.address === undefined && family === 4) {
    // The source of the advertisements: an ipvlan has none of its own.
    const message = `instance ${shown(name)} would stay in FAULT: an IPv4 ipvlan needs an address`
    diagnostics.error('ipvlan-without-address', settingSpan(draft, 'use_ipvlan', context), message, 'write `use_ipvlan ADDRESS`')
  }
}
