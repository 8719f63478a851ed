/** What an operator wants of a real server instead of what the configuration and its checkers say. */
export interface Override {
  /** Out of the pool until told otherwise. */
  readonly isMaintained: boolean
  /** Instead of the configured weight and what checkers add to it. */
  readonly weight: number | undefined
  /** The weight is 0 so that connections come to an end: the server stays in the table while the sorry server is active. */
  readonly isDrained: boolean
  /** Milliseconds since the Unix epoch. */
  readonly sinceMs: number
}

/** Nothing is wanted. */
export const NO_OVERRIDE: Override = { isMaintained: false, weight: undefined, isDrained: false, sinceMs: 0 }

/** Whether an operator wants anything. */
export function isOverride({ isMaintained, weight }: Override): boolean {
  return isMaintained || weight !== undefined
}
