/**
 * Strict RFC compliance of an instance: `vrrp_strict`, `strict_mode` (vrrp.md §14). What does not go with it
 * is reported and changed before the instance is linked.
 */
import type { VrrpInstanceDraft } from '../drafts.ts'
import { isLinkLocal } from '../forms/addresses.ts'
import { blockSpan, settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import { DEFAULT_PRIORITY, OWNER } from '../tables/priorities.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { Defaults } from './defaults.ts'

type Draft = VrrpInstanceDraft

const STRICT_DOWN_TIMER_ADVERTS = 3

/** The instance as strict mode has it: nothing of it is left to a default that strict mode forbids. */
export function makeStrict(draft: Draft, defaults: Defaults, context: ReadContext): Draft {
  const isOwner = (draft.priority ?? (draft.state === 'MASTER' ? OWNER : DEFAULT_PRIORITY)) === OWNER
  const { authentication, state, version, ...rest } = draft
  dropAuthentication(draft, context)
  reportAddresses(draft, context)
  reportLinks(draft, context)
  reportResets(draft, defaults, context)
  reportHmacMode(draft, context)
  return {
    ...rest,
    ...(authentication !== undefined && authentication.authType === undefined ? { authentication } : {}),
    ...(state !== undefined && agrees(draft, isOwner, context) ? { state } : {}),
    ...optionalVersion(draft, version, context),
    ...(draft.authHmac === undefined ? {} : { authHmac: { ...draft.authHmac, mode: 'enforce' } }),
    preemptDelayUs: 0,
    downTimerAdverts: STRICT_DOWN_TIMER_ADVERTS,
    garpLowerPrioDelayUs: 0,
    garpLowerPrioRepeat: 0,
    lowerPrioNoAdvert: true,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: isOwner || (draft.ownerIgnoreAdverts ?? defaults.inherited.ownerIgnoreAdverts ?? false),
    vmacXmitBase: false,
    // An owner that says otherwise is told so where it is linked.
    accept: isOwner ? (draft.accept ?? true) : accepts(draft, defaults, context),
    // What there is to say about missing addresses is said.
    noVirtualIpaddress: true,
  }
}

function dropAuthentication(draft: Draft, context: ReadContext): void {
  const { authentication, name = '' } = draft
  if (authentication?.authType === undefined) return
  const message = `strict mode has no authentication: instance ${shown(name)} runs without authentication`
  const span = valueSpan(authentication, 'auth_type', context)
  context.diagnostics.error('authentication-dropped', span, message, 'RFC 3768 and later do without it')
}

/** Whether the initial state is the one that the priority demands. */
function agrees(draft: Draft, isOwner: boolean, context: ReadContext): boolean {
  const { state, name = '' } = draft
  if (state === undefined || (state === 'MASTER') === isOwner) return true
  const used = isOwner ? 'MASTER' : 'BACKUP'
  const message = `in strict mode the state is MASTER for the address owner (priority 255) alone: ${used} is used for instance ${shown(name)}`
  context.diagnostics.error('conflicting-setting', valueSpan(draft, 'state', context), message)
  return false
}

/** Only version 3 lets a Master that is no owner accept packets to the addresses, where it says so. */
function accepts(draft: Draft, defaults: Defaults, context: ReadContext): boolean {
  if (draft.accept !== true) return false
  const version = draft.family === 6 ? 3 : (draft.version ?? defaults.version)
  if (version === 3) return true
  const message = `'accept' of instance ${shown(draft.name ?? '')} does not go with version 2 in strict mode; it is ignored`
  context.diagnostics.error('conflicting-setting', settingSpan(draft, 'accept', context), message)
  return false
}

function optionalVersion(draft: Draft, version: number | undefined, context: ReadContext): { version?: number } {
  const { family, name = '' } = draft
  if (version === undefined) return {}
  if (family !== 6 || version === 3) return { version }
  const message = `in strict mode IPv6 needs version 3: instance ${shown(name)} uses it`
  context.diagnostics.error('conflicting-setting', blockSpan(draft, context), message)
  return { version: 3 }
}

function reportAddresses(draft: Draft, context: ReadContext): void {
  const { family, virtualIpaddress = [], noVirtualIpaddress, name = '' } = draft
  const { diagnostics, tokens } = context
  const [first] = virtualIpaddress
  if (noVirtualIpaddress === true) {
    const message = `'no_virtual_ipaddress' of instance ${shown(name)} does not go with strict mode; it is ignored`
    diagnostics.error('conflicting-setting', blockSpan(draft, context), message)
  }
  if (first === undefined) {
    const message = `instance ${shown(name)} has no virtual address; strict mode needs one`
    diagnostics.error('no-virtual-address', blockSpan(draft, context), message)
  } else if (family === 6 && !isLinkLocal(first.address ?? '')) {
    diagnostics.error('invalid-address', tokens.span(first.at), 'in strict mode the first IPv6 address must be link-local (fe80::/10)')
  }
}

function reportLinks(draft: Draft, context: ReadContext): void {
  const { useVmac, unicastPeer = [], name = '' } = draft
  const { diagnostics } = context
  if (useVmac?.mac !== undefined) {
    delete useVmac.mac
    const message = `in strict mode the MAC address of instance ${shown(name)} is the one of its VRID; the other one is ignored`
    diagnostics.error('conflicting-setting', settingSpan(draft, 'use_vmac', context), message)
  }
  if (unicastPeer.length > 0 && draft.interface !== undefined) {
    const message = `strict mode has no unicast peers: instance ${shown(name)} cannot run`
    diagnostics.error('strict-unicast', settingSpan(draft, 'unicast_peer', context), message)
  }
}

function reportResets(draft: Draft, defaults: Defaults, context: ReadContext): void {
  const { garpLowerPrioRepeat = 0, garpLowerPrioDelayUs = 0, preemptDelayUs = 0, name = '' } = draft
  const adverts = draft.downTimerAdverts ?? defaults.inherited.downTimerAdverts
  const resets = [
    [preemptDelayUs !== 0, 'preempt_delay', '0'],
    [adverts !== STRICT_DOWN_TIMER_ADVERTS, 'down_timer_adverts', String(STRICT_DOWN_TIMER_ADVERTS)],
    [garpLowerPrioRepeat !== 0, 'garp_lower_prio_repeat', '0'],
    [garpLowerPrioDelayUs !== 0, 'garp_lower_prio_delay', '0'],
    [draft.lowerPrioNoAdvert === false, 'lower_prio_no_advert', 'true'],
    [draft.higherPrioSendAdvert === true, 'higher_prio_send_advert', 'false'],
    [draft.vmacXmitBase === true, 'vmac_xmit_base', 'false'],
  ] as const
  for (const [isReset, keyword, used] of resets) {
    if (!isReset) continue
    const message = `'${keyword}' of instance ${shown(name)} does not go with strict mode; ${used} is used`
    context.diagnostics.error('conflicting-setting', settingSpan(draft, keyword, context), message)
  }
}

function reportHmacMode({ authHmac, name = '' }: Draft, context: ReadContext): void {
  if (authHmac?.mode === undefined || authHmac.mode === 'enforce') return
  const message = `in strict mode instance ${shown(name)} refuses what is not authenticated; 'enforce' is used`
  context.diagnostics.error('conflicting-setting', valueSpan(authHmac, 'mode', context), message)
}
