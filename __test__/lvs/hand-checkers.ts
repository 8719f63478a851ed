/** Checkers whose verdicts a test gives. They keep what `src/checks/checker.ts` promises about reloads. */
import type { Checker, CheckerKind, CheckerOwner, Checkers } from '../../src/checks/checker.ts'
import type { RealServer, VirtualServer } from '../../src/config/model.ts'

export class HandChecker implements Checker {
  /** Which of all that were made. */
  readonly number: number
  readonly kind: CheckerKind
  readonly target: string
  readonly isAlpha: boolean
  /** What makes it the same checker. */
  readonly settings: string
  owner: CheckerOwner
  /** What a script's weight is beside. */
  configuredWeight: number
  isUp: boolean
  hasRun = false
  isSuspended = false
  weight = 0
  reason = 'not checked yet'

  constructor(
    number: number,
    made: { readonly kind: CheckerKind; readonly settings: string; readonly alpha: boolean },
    isUp: boolean,
    owner: CheckerOwner,
    configuredWeight: number,
  ) {
    const { kind, settings, alpha } = made
    this.number = number
    this.configuredWeight = configuredWeight
    this.kind = kind
    this.target = settings
    this.settings = settings
    this.isAlpha = alpha
    this.isUp = isUp
    this.owner = owner
  }

  /** A verdict. */
  say(isUp: boolean, reason: string = isUp ? 'connected' : 'connection refused'): void {
    const isNews = !this.hasRun || this.isUp !== isUp
    this.hasRun = true
    this.isUp = isUp
    this.reason = reason
    if (isNews && !isUp) this.weight = 0
    if (isNews) this.owner.checked(this, `=> ${this.kind} ${isUp ? 'succeeded' : 'failed'} <=`)
  }

  weigh(weight: number): void {
    this.weight = weight
    this.owner.weighed(this)
  }
}

export class HandCheckers implements Checkers {
  /** Those that it makes or finds again, and from the commit on all that are in effect. */
  all: HandChecker[] = []
  isCommitted = false
  /** Virtual servers that are configured as before may stay as they are. */
  readonly isKeeping: boolean
  readonly #former: HandCheckers | undefined
  /** Of servers that are attached, or gone. */
  readonly #concerned = new Set<Checker>()
  /** What those that it finds again are from the commit on. */
  readonly #adopted = new Map<HandChecker, { readonly owner: CheckerOwner; readonly configuredWeight: number }>()

  #made: number

  /** @param former in effect until the commit */
  constructor(former?: HandCheckers, isKeeping = true) {
    this.#former = former
    this.#made = former?.made ?? 0
    this.isKeeping = isKeeping
  }

  /** How many were made, by those before it too. */
  get made(): number {
    return this.#made
  }

  attach(server: RealServer, _: VirtualServer, owner: CheckerOwner, former: readonly Checker[] | undefined): readonly HandChecker[] {
    const blocks = [
      ...server.tcpChecks.map((check) => ({ kind: 'TCP_CHECK' as const, check })),
      ...server.pingChecks.map((check) => ({ kind: 'PING_CHECK' as const, check })),
      ...server.miscChecks.map((check) => ({ kind: 'MISC_CHECK' as const, check })),
    ]
    const others = (former ?? []).filter((one) => one instanceof HandChecker)
    this.drop(others)
    const gone = new Set(others)
    const checkers = blocks.map(({ kind, check }) => {
      const { alpha, ...rest } = check
      const settings = `${kind} ${JSON.stringify(rest)}`
      const kept = [...gone].find((one) => one.settings === settings)
      if (kept === undefined) return { kind, settings, alpha }
      gone.delete(kept)
      this.#adopted.set(kept, { owner, configuredWeight: server.weight })
      return kept
    })
    const wasUp = others.every(({ isUp }) => isUp)
    const hasLostFailed = [...gone].some(({ isUp }) => !isUp)
    const made = checkers.map((one) => {
      if (one instanceof HandChecker) return one
      const isUp = former === undefined ? !one.alpha : one.alpha ? wasUp : !hasLostFailed
      this.#made += 1
      return new HandChecker(this.#made, one, isUp, owner, server.weight)
    })
    this.all.push(...made)
    return made
  }

  canKeep(): boolean {
    return this.isKeeping
  }

  drop(former: readonly Checker[]): void {
    for (const checker of former) this.#concerned.add(checker)
  }

  commit(): void {
    this.isCommitted = true
    this.all = [...(this.#former?.all ?? []).filter((checker) => !this.#concerned.has(checker)), ...this.all]
    for (const [checker, { owner, configuredWeight }] of this.#adopted) {
      checker.owner = owner
      if (checker.kind === 'MISC_CHECK' && checker.weight !== 0) checker.weight += checker.configuredWeight - configuredWeight
      checker.configuredWeight = configuredWeight
    }
  }

  suspend(checker: Checker): void {
    if (checker instanceof HandChecker) checker.isSuspended = true
  }

  resume(checker: Checker): void {
    if (checker instanceof HandChecker) checker.isSuspended = false
  }
}
