import type { Change } from './change.ts'
import { isState, subjectOf } from './told.ts'
import type { Told } from './told.ts'

/** Changes that may wait one by one. */
export const MAX_WAITING = 16

/** Further changes are merged into those that wait when there are so many times as many. */
const GROWTH = 1.5

/** The oldest change that waits. */
export interface NextChange<C extends Told = Change> {
  readonly change: C
  /** Changes before it that are not told any more. */
  readonly skipped: number
}

/**
 * Changes of one instance or group, or of one virtual server with its real servers, that wait to be told, oldest first. Knows no clock.
 *
 * When too many wait, who tells them is too slow: then only the latest change of state of each is kept, and what follows it, until
 * everything is told. So the final state always arrives. An advertisement of lower priority that follows another one says nothing new.
 */
export class ChangeQueue<C extends Told = Change> {
  #waiting: C[] = []
  #isBehind = false
  #skipped = 0
  /** How many waited when they were merged last. */
  #merged = 0
  /** Something came since. */
  #isUnmerged = false

  get length(): number {
    return this.#waiting.length
  }

  push(change: C): void {
    const last = this.#waiting.at(-1)
    if (!isState(change) && last !== undefined && !isState(last)) this.#keep(this.#waiting.slice(0, -1))
    this.#waiting.push(change)
    this.#isUnmerged = true
    if (!this.#isBehind && this.#waiting.length <= MAX_WAITING) return
    this.#isBehind = true
    // Not at each push, where each of many real servers has its one change in it.
    if (this.#waiting.length >= this.#merged * GROWTH) this.#merge()
  }

  /** Takes the oldest change. */
  shift(): NextChange<C> | undefined {
    if (this.#isBehind && this.#isUnmerged) this.#merge()
    const change = this.#waiting.shift()
    if (this.#waiting.length === 0) {
      this.#isBehind = false
      this.#merged = 0
    }
    if (change === undefined) return undefined
    const skipped = this.#skipped
    this.#skipped = 0
    return { change, skipped }
  }

  /** Keeps only the latest state of each from now on, until everything is told. */
  hurry(): void {
    if (this.#waiting.length === 0) return
    this.#isBehind = true
    this.#merge()
  }

  /** Gives up the changes for which `isWanted` is false; how many are lost by that, with those before that nobody was told of. */
  filter(isWanted: (change: C) => boolean): number {
    this.#keep(this.#waiting.filter((change) => isWanted(change)))
    const lost = this.#skipped
    this.#skipped = 0
    return lost
  }

  #merge(): void {
    const latest = new Map<string, number>()
    for (const [index, change] of this.#waiting.entries()) if (isState(change)) latest.set(subjectOf(change), index)
    this.#keep(this.#waiting.filter((change, index) => index >= (latest.get(subjectOf(change)) ?? 0)))
    this.#merged = this.#waiting.length
    this.#isUnmerged = false
  }

  #keep(wanted: C[]): void {
    this.#skipped += this.#waiting.length - wanted.length
    this.#waiting = wanted
  }
}
