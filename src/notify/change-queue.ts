import type { Change } from './change.ts'

/** Changes that may wait one by one. */
export const MAX_WAITING = 16

/** The oldest change that waits. */
export interface NextChange {
  readonly change: Change
  /** Changes before it that are not told any more. */
  readonly skipped: number
}

/**
 * Changes of one instance or group that wait to be told, oldest first. Knows no clock.
 *
 * When too many wait, who tells them is too slow: then only the latest change of state is kept, and what follows it, until everything is
 * told. So the final state always arrives. An advertisement of lower priority that follows another one says nothing new.
 */
export class ChangeQueue {
  #waiting: Change[] = []
  #isBehind = false
  #skipped = 0

  get length(): number {
    return this.#waiting.length
  }

  push(change: Change): void {
    const last = this.#waiting.at(-1)
    if (change.state === 'MASTER_RX_LOWER_PRI' && last?.state === 'MASTER_RX_LOWER_PRI') this.#keepFirst(this.#waiting.length - 1)
    this.#waiting.push(change)
    if (!this.#isBehind && this.#waiting.length <= MAX_WAITING) return
    this.#isBehind = true
    const latest = this.#waiting.findLastIndex(({ state }) => state !== 'MASTER_RX_LOWER_PRI')
    if (latest <= 0) return
    this.#skipped += latest
    this.#waiting = this.#waiting.slice(latest)
  }

  /** Takes the oldest change. */
  shift(): NextChange | undefined {
    const change = this.#waiting.shift()
    if (this.#waiting.length === 0) this.#isBehind = false
    if (change === undefined) return undefined
    const skipped = this.#skipped
    this.#skipped = 0
    return { change, skipped }
  }

  /** Gives up the changes for which `isWanted` is false; how many are lost by that, with those before that nobody was told of. */
  filter(isWanted: (change: Change) => boolean): number {
    const wanted = this.#waiting.filter((change) => isWanted(change))
    const lost = this.#waiting.length - wanted.length + this.#skipped
    this.#waiting = wanted
    this.#skipped = 0
    return lost
  }

  #keepFirst(count: number): void {
    this.#skipped += this.#waiting.length - count
    this.#waiting = this.#waiting.slice(0, count)
  }
}
