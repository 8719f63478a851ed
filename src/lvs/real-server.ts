import type { Checker, CheckerOwner } from '../checks/checker.ts'
import type { RealServer } from '../config/model.ts'
import { boundedWeight } from './destinations.ts'
import { NO_OVERRIDE } from './override.ts'
import type { Override } from './override.ts'
import type { User } from './wanted-service.ts'

/** Of most servers. */
const NONE: ReadonlyMap<Checker, number> = new Map()

/** What checkers tell of a real server. */
export interface Verdicts {
  checked(server: RealServerState, checker: Checker, isUp: boolean, mail: string): void
  weighed(server: RealServerState): void
}

/** Who a real server is. */
export type ServerIdentity = Pick<RealServerState, 'key' | 'server' | 'service' | 'order'>

/** A real server of a configuration, and what is known of it. */
export class RealServerState implements CheckerOwner, User {
  /** What it is known by over reloads: address, port, and its number among equal ones. */
  readonly key: string
  readonly server: string
  readonly service: string
  readonly config: RealServer
  readonly order: number
  /** What it was in the configuration before, until this one counts. */
  former: RealServerState | undefined
  /** What it is in the next configuration, which counts from now on. */
  successor: RealServerState | undefined
  /** Its configuration is in effect. */
  isLive = false
  checkers: readonly Checker[] = []
  /** In the pool, as far as checkers and operators are concerned. */
  isServing = false
  /** When that began; 0: it has not been otherwise. */
  sinceMs = 0
  /** What was told of it last; absent: nothing, which is all right for one that is up. */
  told: boolean | undefined
  override: Override = NO_OVERRIDE
  /** The weight that it has when it is in the pool. */
  weight = 0
  /** The weight with which it is in the kernel; absent: it is not there. */
  placed: number | undefined
  readonly #verdicts: Verdicts
  #failed: Map<Checker, number> | undefined

  constructor(identity: ServerIdentity, config: RealServer, former: RealServerState | undefined, verdicts: Verdicts) {
    this.key = identity.key
    this.server = identity.server
    this.service = identity.service
    this.order = identity.order
    this.config = config
    this.former = former
    this.#verdicts = verdicts
  }

  checked(checker: Checker, mail: string): void {
    this.#verdicts.checked(this, checker, checker.isUp, mail)
  }

  weighed(): void {
    this.#verdicts.weighed(this)
  }

  /** This server in the configuration in effect, if it is there. */
  get live(): RealServerState | undefined {
    if (this.isLive) return this
    return this.successor?.isLive === true ? this.successor : undefined
  }

  /** Its configuration counts from now on. */
  takeOver(): void {
    const { former } = this
    this.isLive = true
    this.former = undefined
    if (former !== undefined) former.successor = this
  }

  /**
   * Takes over what is known of its checkers from the configuration before, and of new ones what they say themselves. In place of one
   * that failed and is gone, also since they were made, they have to succeed first: nothing is in the pool because it was reloaded.
   */
  adopt(nowMs: number): void {
    const { checkers, former } = this
    const hasLostFailed =
      former !== undefined && former.failed.size > 0 && [...former.failed.keys()].some((checker) => !checkers.includes(checker))
    for (const checker of checkers) {
      const isKept = former?.checkers.includes(checker) === true
      const since = isKept ? former.failed.get(checker) : checker.isUp && !hasLostFailed ? undefined : nowMs
      if (since !== undefined) this.#fail(checker, since)
    }
  }

  /** Takes a verdict. */
  hear(checker: Checker, isUp: boolean, nowMs: number): void {
    if (isUp) this.#failed?.delete(checker)
    else if (!this.failed.has(checker)) this.#fail(checker, nowMs)
  }

  /** Checkers that failed, or have yet to succeed, and since when. */
  get failed(): ReadonlyMap<Checker, number> {
    return this.#failed ?? NONE
  }

  #fail(checker: Checker, sinceMs: number): void {
    this.#failed ??= new Map()
    this.#failed.set(checker, sinceMs)
  }

  /** Whether it is to be in the pool. */
  get shallServe(): boolean {
    return this.failed.size === 0 && !this.override.isMaintained
  }

  /** The weight that the configuration, its checkers and operators give it. */
  get wantedWeight(): number {
    if (this.override.weight !== undefined) return this.override.weight
    let { weight } = this.config
    for (const checker of this.checkers) weight += checker.weight + this.#shiftOf(checker)
    return boundedWeight(weight)
  }

  /**
   * A script says what the weight is, not what is added to it: that holds, whatever is configured. Until a configuration counts, the part of
   * its checker is the one beside the former weight.
   */
  #shiftOf(checker: Checker): number {
    const { former } = this
    if (former === undefined || checker.kind !== 'MISC_CHECK' || checker.weight === 0) return 0
    return former.checkers.includes(checker) ? former.config.weight - this.config.weight : 0
  }
}
