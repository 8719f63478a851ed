/** `vrrp_min_garp`: as few gratuitous ARPs as possible. */
import { boolean } from '../forms/words.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { SettingRow } from '../tables/schema.ts'

/** What the bursts of a new Master are when nobody says otherwise. */
export const DEFAULT_GARP = {
  vrrpGarpMasterDelayUs: 5_000_000,
  vrrpGarpMasterRepeat: 5,
  vrrpGarpMasterRefreshRepeat: 1,
} as const

/** What they are with `vrrp_min_garp`. */
export const LEAST_GARP = { vrrpGarpMasterDelayUs: 0, vrrpGarpMasterRepeat: 1, vrrpGarpMasterRefreshRepeat: 0 } as const

/** The row stands in front of those that it is about: so it is written before what is set after it. */
export const MIN_GARP_ROW: SettingRow = {
  kind: 'setting',
  keyword: 'vrrp_min_garp',
  field: 'vrrpMinGarp',
  syntax: 'vrrp_min_garp [BOOL]',
  default: 'off',
  range: 'BOOL; bare or true applies it, false changes nothing',
  meaning: 'Cuts master bursts to one message with no repeat, refresh or delay for values still at their defaults.',
  form: boolean(),
  store: storeMinGarp,
  status: ACTED_ON,
}

/**
 * Reduces what is as by default when the line is read, whether or not somebody wrote so; what is set after
 * it stays as it is set. False cannot undo an earlier true: the manual's word for keepalived's behaviour.
 */
function storeMinGarp(draft: object, value: unknown): void {
  const written = draft as Record<string, unknown>
  written['vrrpMinGarp'] = value === true || written['vrrpMinGarp'] === true
  if (value !== true) return
  for (const [field, standard] of Object.entries(DEFAULT_GARP)) if (written[field] === standard) delete written[field]
}
