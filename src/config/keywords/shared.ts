/** Keywords that exist per instance and, with `vrrp_` in front, in global_defs as their default. */
import { count, INT32_MAX, integer, UINT32_MAX, wholeSeconds } from '../forms/numbers.ts'
import { boolean } from '../forms/words.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import { camelCase } from '../tables/schema.ts'
import type { Form } from '../tables/form.ts'
import type { Described, ReadContext, SettingRow } from '../tables/schema.ts'
import type { Line } from '../blocks/line.ts'
import { EXTRA_IF_OPTIONS, garpExtraIf } from './garp-extra-if.ts'

/** What stands in front of the keywords of global_defs. */
export type Prefix = '' | 'vrrp_'

/** Delays that keepalived keeps in 32 bits of microseconds, in whole seconds. */
const MAX_WHOLE_DELAY_S = 4294

/** The columns in which an instance and its global default differ. */
type Columns = readonly [default_: string, range: string, meaning: string]

interface Shared {
  /** Without prefix. */
  readonly name: string
  readonly argument: string
  readonly form: Form
  /** The global default where it is a plain value. */
  readonly standard?: unknown
  readonly global: Columns
  readonly instance: Columns
}

const GARP: readonly Shared[] = [
  {
    name: 'garp_master_delay',
    argument: 'SECONDS',
    form: wholeSeconds(0, MAX_WHOLE_DELAY_S),
    standard: 5_000_000,
    global: [
      '5 s',
      '0..4294 s, whole seconds; 0 disables the second burst',
      'Delay before the second burst of gratuitous ARP/NA after becoming master.',
    ],
    instance: ['vrrp_garp_master_delay (5)', '0..4294 s, whole seconds', 'Delay before the second burst after becoming master.'],
  },
  {
    name: 'garp_master_repeat',
    argument: 'COUNT',
    form: count(UINT32_MAX),
    standard: 5,
    global: ['5', '1..4294967295; 0 is reported and becomes 1', 'Messages per burst after becoming master.'],
    instance: ['vrrp_garp_master_repeat (5)', '1..4294967295; 0 is reported and becomes 1', 'Messages per burst.'],
  },
  {
    name: 'garp_master_refresh',
    argument: 'SECONDS',
    // A bad period becomes 0; other bad values are ignored.
    form: wholeSeconds(0, UINT32_MAX, { invalid: 0 }),
    standard: 0,
    global: [
      '0 (no refresh)',
      '0..4294967295, whole seconds; an invalid value resets to 0',
      'Period of repeated gratuitous ARP/NA while master.',
    ],
    instance: ['vrrp_garp_master_refresh (0)', '0..4294967295, whole seconds', 'Refresh period while master.'],
  },
  {
    name: 'garp_master_refresh_repeat',
    argument: 'COUNT',
    form: count(UINT32_MAX),
    standard: 1,
    global: ['1', '1..4294967295; 0 is reported and becomes 1', 'Messages per periodic refresh.'],
    instance: ['vrrp_garp_master_refresh_repeat (1)', '1..4294967295; 0 is reported and becomes 1', 'Messages per refresh.'],
  },
  {
    name: 'garp_lower_prio_delay',
    argument: 'SECONDS',
    form: wholeSeconds(0, MAX_WHOLE_DELAY_S),
    global: [
      'value of vrrp_garp_master_delay',
      '0..4294 s, whole seconds',
      'Delay before a second burst after a master hears a lower-priority advert.',
    ],
    instance: [
      'vrrp_garp_lower_prio_delay; 0 in strict mode',
      '0..4294 s, whole seconds',
      'Delay before the second burst after a lower-priority advert.',
    ],
  },
  {
    name: 'garp_lower_prio_repeat',
    argument: 'COUNT',
    form: integer(0, INT32_MAX),
    global: ['value of vrrp_garp_master_repeat', '0..2147483647', 'Messages per burst after a master hears a lower-priority advert.'],
    instance: ['vrrp_garp_lower_prio_repeat; 0 in strict mode', '0..2147483647', 'Messages after a lower-priority advert.'],
  },
]

const SHARED: readonly Shared[] = [
  {
    name: 'down_timer_adverts',
    argument: 'COUNT',
    form: integer(1, 100),
    standard: 3,
    global: ['3', '1..100', 'Advert intervals missed before the master is considered gone.'],
    instance: [
      'vrrp_down_timer_adverts (3)',
      '1..100; reset to 3 in strict mode',
      'Missed advert intervals before the master is declared down.',
    ],
  },
  {
    name: 'lower_prio_no_advert',
    argument: '[BOOL]',
    form: boolean(),
    global: ['off (true when bare)', 'BOOL', 'Default for staying silent instead of answering a lower-priority advert.'],
    instance: ['vrrp_lower_prio_no_advert; on in strict mode', 'BOOL', 'Does not answer lower-priority adverts.'],
  },
  {
    name: 'higher_prio_send_advert',
    argument: '[BOOL]',
    form: boolean(),
    global: ['off (true when bare)', 'BOOL', 'Default for sending one last advert before yielding to a higher-priority master.'],
    instance: ['vrrp_higher_prio_send_advert; off in strict mode', 'BOOL', 'Sends one advert before yielding.'],
  },
  {
    name: 'owner_ignore_adverts',
    argument: '[BOOL]',
    form: boolean(),
    global: ['off (true when bare)', 'BOOL', 'Default for an address owner ignoring received adverts.'],
    instance: [
      'vrrp_owner_ignore_adverts; on in strict mode for priority 255',
      'BOOL; only meaningful with priority 255',
      'Address owner ignores adverts.',
    ],
  },
]

/**
 * When gratuitous ARPs and unsolicited neighbor advertisements are sent.
 *
 * Fields without prefix: garpMasterDelayUs, garpMasterRepeat, garpMasterRefreshUs, garpMasterRefreshRepeat,
 * garpLowerPrioDelayUs, garpLowerPrioRepeat, garpExtraIf.
 */
export function garpRows(prefix: Prefix): readonly SettingRow[] {
  return [...GARP.map((shared) => sharedRow(prefix, shared)), ...extraIfRows(prefix)]
}

/** Fields without prefix: downTimerAdverts, lowerPrioNoAdvert, higherPrioSendAdvert, ownerIgnoreAdverts, strictMode (vrrpStrict). */
export function sharedRows(prefix: Prefix): readonly SettingRow[] {
  return [...SHARED.map((shared) => sharedRow(prefix, shared)), strictRow(prefix)]
}

function sharedRow(prefix: Prefix, { name, argument, form, standard, global, instance }: Shared): SettingRow {
  const keyword = `${prefix}${name}`
  const isFilled = prefix === '' || standard === undefined
  const given = isFilled ? { isFilled } : { standard }
  return { kind: 'setting', ...described(prefix, keyword, argument, { global, instance }), form, ...given, status: ACTED_ON }
}

function described(
  prefix: Prefix,
  keyword: string,
  argument: string,
  columns: Pick<Shared, 'global' | 'instance'>,
): Described & { readonly field: string } {
  const [default_, range, meaning] = prefix === '' ? columns.instance : columns.global
  return { keyword, field: camelCase(keyword), syntax: `${keyword} ${argument}`, default: default_, range, meaning }
}

function extraIfRows(prefix: Prefix): readonly SettingRow[] {
  const keyword = `${prefix}garp_extra_if`
  const old = `${prefix}vmac_garp_intvl`
  const form = garpExtraIf(prefix === '' ? 0 : 1)
  const columns = {
    global: [
      '0 (off)',
      '1..86400 s; a number is required',
      "Default period for sending gratuitous ARP/NA on interfaces other than the instance's own.",
    ],
    instance: [
      'vrrp_garp_extra_if (0)',
      '0..86400 s; a number is required',
      'Period of gratuitous ARP/NA on other interfaces of the instance.',
    ],
  } as const
  return [
    {
      kind: 'setting',
      ...described(prefix, keyword, '[all] SECONDS', columns),
      form,
      options: [prefix === '' ? EXTRA_IF_OPTIONS.instance : EXTRA_IF_OPTIONS.global],
      status: ACTED_ON,
    },
    {
      kind: 'setting',
      keyword: old,
      field: camelCase(keyword),
      syntax: `${old} [all] SECONDS`,
      default: '-',
      range: `as ${keyword}`,
      meaning: `Older spelling of ${keyword}.`,
      note: 'Deprecated after 2.2.2 (error class deprecated)',
      form,
      deprecated: { instead: keyword },
      status: ACTED_ON,
    },
  ]
}

function strictRow(prefix: Prefix): SettingRow {
  const [keyword, default_, meaning] =
    prefix === ''
      ? (['strict_mode', 'vrrp_strict (true when bare)', 'Strict RFC compliance for this instance.'] as const)
      : (['vrrp_strict', 'off (true when bare)', 'Default for strict RFC compliance checks.'] as const)
  const field = camelCase(keyword)
  return {
    kind: 'setting',
    keyword,
    field,
    syntax: `${keyword} [BOOL]`,
    default: default_,
    range: 'BOOL',
    meaning,
    form: boolean(),
    status: ACTED_ON,
    store(draft, value, line, context) {
      ;(draft as Record<string, unknown>)[field] = value
      if (value === true) reportStrict(line, context)
    },
  }
}

/** Strict mode also drops packets to the addresses, which is not done yet. */
function reportStrict({ keyword, span }: Line, { diagnostics }: ReadContext): void {
  const message = `'${keyword}' is acted on but for one thing that is not supported yet: packets to the virtual addresses are accepted`
  diagnostics.warning('not-supported-matters', span, message)
}
