/** Lines of one kind that may come at once. */
const BURST = 10

/** After that, one in this time. */
const REFILL_MS = 10_000

interface Bucket {
  tokens: number
  /** When the last token came. */
  refilledMs: number
  /** Left out since the last report. */
  leftOut: number
}

/**
 * Bounds how often lines of one kind are logged: ten at once, then one in ten seconds. What was left out is counted.
 *
 * Without a clock of its own; `nowMs` is that of `performance.now()`.
 */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>()

  /** Whether a line of this kind may be logged now. */
  admits(kind: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(kind) ?? { tokens: BURST, refilledMs: nowMs, leftOut: 0 }
    this.#buckets.set(kind, bucket)
    refill(bucket, nowMs)
    if (bucket.tokens > 0) {
      bucket.tokens -= 1
      return true
    }
    bucket.leftOut += 1
    return false
  }

  /** How many lines of each kind were left out since the last call. Forgets kinds that come no more. */
  takeLeftOut(nowMs: number): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const [kind, bucket] of this.#buckets) {
      if (bucket.leftOut > 0) counts.set(kind, bucket.leftOut)
      bucket.leftOut = 0
      refill(bucket, nowMs)
      if (bucket.tokens === BURST) this.#buckets.delete(kind)
    }
    return counts
  }
}

function refill(bucket: Bucket, nowMs: number): void {
  const gained = Math.floor((nowMs - bucket.refilledMs) / REFILL_MS)
  if (gained <= 0) return
  bucket.tokens = Math.min(BURST, bucket.tokens + gained)
  bucket.refilledMs += gained * REFILL_MS
}
