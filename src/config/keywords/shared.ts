/** Keywords that exist per instance and, with `vrrp_` in front, in global_defs as their default. */
import type { GarpDraft, SharedDraft } from '../draft.ts'
import { boolean, count, integer, wholeSeconds, words } from '../schema.ts'
import type { Keyword, ReadContext } from '../schema.ts'
import { decodeBoolean } from '../values.ts'
import type { Directive } from '../words.ts'

const UINT32_MAX = 4_294_967_295
const INT32_MAX = 2_147_483_647
/** Delays that keepalived keeps in 32 bits of microseconds. */
const MAX_DELAY_S = 4294

/** Gratuitous ARP keywords. A bad refresh period becomes 0; other bad values are ignored. */
function garpKeywords(prefix: string): [string, Keyword<{ readonly garp: GarpDraft }>][] {
  return [
    [`${prefix}garp_master_delay`, wholeSeconds(MAX_DELAY_S, ({ garp }, us) => void (garp.masterDelayUs = us))],
    [`${prefix}garp_master_repeat`, count(UINT32_MAX, ({ garp }, repeat) => void (garp.masterRepeat = repeat))],
    [`${prefix}garp_master_refresh`, wholeSeconds(UINT32_MAX, ({ garp }, us) => void (garp.masterRefreshUs = us), 0)],
    [`${prefix}garp_master_refresh_repeat`, count(UINT32_MAX, ({ garp }, repeat) => void (garp.masterRefreshRepeat = repeat))],
    [`${prefix}garp_lower_prio_delay`, wholeSeconds(MAX_DELAY_S, ({ garp }, us) => void (garp.lowerPrioDelayUs = us))],
    [`${prefix}garp_lower_prio_repeat`, integer(0, INT32_MAX, ({ garp }, repeat) => void (garp.lowerPrioRepeat = repeat))],
  ]
}

/** Strict mode also drops packets to the addresses, which is not done yet. */
function readStrictMode(directive: Directive, target: SharedDraft, { diagnostics }: ReadContext): void {
  const value = decodeBoolean(directive, diagnostics)
  if (value === undefined) return
  target.strictMode = value
  if (!value) return
  const message = `'${directive.keyword}' is acted on but for one thing that is not supported yet: packets to the virtual addresses are accepted`
  diagnostics.warning('not-supported-matters', directive.span, message)
}

/** The shared keywords, spelt with a prefix (`vrrp_` or nothing). */
export function sharedKeywords(prefix: '' | 'vrrp_'): [string, Keyword<SharedDraft>][] {
  return [
    ...garpKeywords(prefix),
    [`${prefix}down_timer_adverts`, integer(1, 100, (target, adverts) => void (target.downTimerAdverts = adverts))],
    [`${prefix}lower_prio_no_advert`, boolean((target, value) => void (target.lowerPrioNoAdvert = value))],
    [`${prefix}higher_prio_send_advert`, boolean((target, value) => void (target.higherPrioSendAdvert = value))],
    [prefix === '' ? 'strict_mode' : 'vrrp_strict', words(readStrictMode)],
    [`${prefix}owner_ignore_adverts`, boolean((target, value) => void (target.ownerIgnoreAdverts = value))],
  ]
}
