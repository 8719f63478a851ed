import { closeSync } from 'node:fs'
import type { Wake } from '../engine/wake.ts'
import type { Probe, ProbeOutcome, Prober } from './prober.ts'

/** A probe without its number. */
export type Target = Omit<Probe, 'id'>

/** Whom the outcome of a probe concerns. */
export interface ProbeUser {
  /**
   * @param id which of its probes
   * @param outcome a descriptor in it is the user's from now on
   * @param agoUs since the attempt ended
   */
  takeOutcome(outcome: ProbeOutcome, id: number, agoUs: number): void
}

/** Room for so many runs at first; it grows. */
const FIRST_ROOM = 64

/**
 * The probes of all checks, over the thread that carries them out.
 *
 * What is asked for during a turn of the event loop goes to the thread at its end, in one call of each kind: thousands of results are
 * taken, and the next runs that they lead to are handed over, with two.
 */
export class Probes {
  readonly #prober: Prober
  readonly #wake: Pick<Wake, 'end'>
  readonly #users = new Map<number, ProbeUser>()
  #nextId = 1
  #defined: Probe[] = []
  #forgotten: number[] = []
  #ids = new Uint32Array(FIRST_ROOM)
  #delaysUs = new Float64Array(FIRST_ROOM)
  #runs = 0
  #isFlushing = false
  #isStopped = false
  readonly #flush = (): void => {
    this.#isFlushing = false
    this.#handOver()
  }

  /** @param wake by which the thread says that there are results */
  constructor(prober: Prober, wake: Pick<Wake, 'end'>) {
    this.#prober = prober
    this.#wake = wake
  }

  /** Makes a probe, which is run when {@link Probes.run} says so. */
  add(target: Target, user: ProbeUser): number {
    const id = this.#nextId
    this.#nextId += 1
    this.#users.set(id, user)
    this.#defined.push({ ...target, id })
    this.#schedule()
    return id
  }

  /** Asks something else from now on; what is under way says nothing any more. */
  change(id: number, target: Target): void {
    this.#defined.push({ ...target, id })
    this.#schedule()
  }

  /** Ends a probe: it has no outcome any more. */
  remove(id: number): void {
    if (!this.#users.delete(id)) return
    this.#forgotten.push(id)
    this.#schedule()
  }

  /** Runs a probe once, so long from now. */
  run(id: number, delayUs: number): void {
    if (this.#runs === this.#ids.length) this.#grow()
    this.#ids[this.#runs] = id
    this.#delaysUs[this.#runs] = delayUs
    this.#runs += 1
    this.#schedule()
  }

  #grow(): void {
    const ids = new Uint32Array(this.#ids.length * 2)
    const delaysUs = new Float64Array(this.#ids.length * 2)
    ids.set(this.#ids)
    delaysUs.set(this.#delaysUs)
    this.#ids = ids
    this.#delaysUs = delaysUs
  }

  #schedule(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(this.#flush)
  }

  #handOver(): void {
    if (this.#isStopped) return
    if (this.#defined.length > 0) {
      const gone = this.#users
      this.#prober.define(this.#defined.filter(({ id }) => gone.has(id)))
      this.#defined = []
    }
    if (this.#forgotten.length > 0) {
      this.#prober.forget(this.#forgotten)
      this.#forgotten = []
    }
    if (this.#runs > 0) {
      this.#prober.run(this.#ids.slice(0, this.#runs), this.#delaysUs.slice(0, this.#runs))
      this.#runs = 0
    }
  }

  /** Takes what the thread has to tell. */
  takeResults(): void {
    for (let results = this.#prober.drain(); results.length > 0; results = this.#prober.drain()) {
      for (const { id, outcome, agoUs } of results) {
        const user = this.#users.get(id)
        if (user !== undefined) user.takeOutcome(outcome, id, agoUs)
        else if (outcome.type === 'success' && outcome.fd !== undefined) closeSync(outcome.fd)
      }
    }
  }

  /** Ends the thread, after `limitMs` at the latest. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    this.#isStopped = true
    this.#users.clear()
    await this.#prober.stop(limitMs).catch(() => {})
    this.takeResults()
    this.#wake.end()
  }

  /** The process ends: the same, while JavaScript waits. */
  stopNow(limitMs: number): void {
    this.#isStopped = true
    this.#prober.stopNow(limitMs)
  }
}
