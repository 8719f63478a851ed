/**
 * Strict RFC compliance of an instance: `vrrp_strict`, `strict_mode` (vrrp.md §14), as far as its settings
 * are acted on. What does not go with it is reported and changed before the instance is linked.
 */
import type { VrrpInstanceDraft } from './draft.ts'
import { shown } from './excerpt.ts'
import type { Defaults } from './link-instance.ts'
import { DEFAULT_PRIORITY, OWNER } from './model.ts'
import type { ReadContext } from './schema.ts'

type Draft = VrrpInstanceDraft

const STRICT_DOWN_TIMER_ADVERTS = 3

/** The instance as strict mode has it: nothing of it is left to a default that strict mode forbids. */
export function makeStrict(draft: Draft, defaults: Defaults, context: ReadContext): Draft {
  const isOwner = (draft.priority ?? (draft.state?.value === 'MASTER' ? OWNER : DEFAULT_PRIORITY)) === OWNER
  const { authType: _, authPass, state, preemptDelayUs: __, version, ...rest } = draft
  dropAuthentication(draft, context)
  reportAddresses(draft, context)
  reportResets(draft, defaults, context)
  return {
    ...rest,
    ...(authPass !== undefined && draft.authType === undefined ? { authPass } : {}),
    ...(state !== undefined && agrees(draft, isOwner, context) ? { state } : {}),
    ...optionalVersion(draft, version, context),
    downTimerAdverts: STRICT_DOWN_TIMER_ADVERTS,
    garp: { ...draft.garp, lowerPrioDelayUs: 0, lowerPrioRepeat: 0 },
    lowerPrioNoAdvert: true,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: isOwner || (draft.ownerIgnoreAdverts ?? defaults.ownerIgnoreAdverts),
    // What there is to say about missing addresses is said.
    noVirtualIpaddress: true,
  }
}

function dropAuthentication({ authType, name }: Draft, { diagnostics }: ReadContext): void {
  if (authType === undefined) return
  const message = `strict mode has no authentication: instance ${shown(name)} runs without authentication`
  diagnostics.error('authentication-dropped', authType.span, message, 'RFC 3768 and later do without it')
}

/** Whether the initial state is the one that the priority demands. */
function agrees({ state, name }: Draft, isOwner: boolean, { diagnostics }: ReadContext): boolean {
  if (state === undefined || (state.value === 'MASTER') === isOwner) return true
  const used = isOwner ? 'MASTER' : 'BACKUP'
  const message = `in strict mode the state is MASTER for the address owner (priority 255) alone: ${used} is used for instance ${shown(name)}`
  diagnostics.error('conflicting-setting', state.span, message)
  return false
}

function optionalVersion({ family, span, name }: Draft, version: 2 | 3 | undefined, { diagnostics }: ReadContext): { version?: 2 | 3 } {
  if (version === undefined) return {}
  if (family !== 6 || version === 3) return { version }
  diagnostics.error('conflicting-setting', span, `in strict mode IPv6 needs version 3: instance ${shown(name)} uses it`)
  return { version: 3 }
}

function reportAddresses({ family, virtualIpaddress, noVirtualIpaddress, name, span }: Draft, { diagnostics }: ReadContext): void {
  const [first] = virtualIpaddress
  if (noVirtualIpaddress === true)
    diagnostics.error(
      'conflicting-setting',
      span,
      `'no_virtual_ipaddress' of instance ${shown(name)} does not go with strict mode; it is ignored`,
    )
  if (first === undefined)
    diagnostics.error('no-virtual-address', span, `instance ${shown(name)} has no virtual address; strict mode needs one`)
  else if (family === 6 && !/^fe[89ab]/.test(first.address))
    diagnostics.error('invalid-address', first.span, 'in strict mode the first IPv6 address must be link-local (fe80::/10)')
}

function reportResets(draft: Draft, defaults: Defaults, { diagnostics }: ReadContext): void {
  const { preemptDelayUs, garp, lowerPrioNoAdvert, higherPrioSendAdvert, name, span } = draft
  const adverts = draft.downTimerAdverts ?? defaults.downTimerAdverts
  const resets = [
    [(preemptDelayUs?.value ?? 0) !== 0, 'preempt_delay', '0'],
    [adverts !== STRICT_DOWN_TIMER_ADVERTS, 'down_timer_adverts', String(STRICT_DOWN_TIMER_ADVERTS)],
    [(garp.lowerPrioRepeat ?? 0) !== 0, 'garp_lower_prio_repeat', '0'],
    [(garp.lowerPrioDelayUs ?? 0) !== 0, 'garp_lower_prio_delay', '0'],
    [lowerPrioNoAdvert === false, 'lower_prio_no_advert', 'true'],
    [higherPrioSendAdvert === true, 'higher_prio_send_advert', 'false'],
  ] as const
  for (const [isReset, keyword, used] of resets) {
    if (!isReset) continue
    const message = `'${keyword}' of instance ${shown(name)} does not go with strict mode; ${used} is used`
    diagnostics.error('conflicting-setting', keyword === 'preempt_delay' ? (preemptDelayUs?.span ?? span) : span, message)
  }
}
