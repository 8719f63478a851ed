/** Checkers whose verdicts a test gives. They keep what `src/checks/checker.ts` promises about reloads. */
import type { Checker, CheckerKind, CheckerOwner, Checkers } from '../../src/checks/checker.ts'
import type { RealServer, VirtualServer } from '../../src/config/model.ts'

export class HandChecker implements Checker {
  readonly kind: CheckerKind
  readonly target: string
  readonly isAlpha: boolean
  /** What makes it the same checker. */
  readonly settings: string
  owner: CheckerOwner
  next: CheckerOwner | undefined
  /** What a script's weight is beside, from the next commit on. */
  configuredWeight: number
  nextWeight: number
  isUp: boolean
  hasRun = false
  isSuspended = false
  weight = 0
  reason = 'not checked yet'

  constructor(kind: CheckerKind, settings: string, isAlpha: boolean, isUp: boolean, owner: CheckerOwner, configuredWeight: number) {
    this.configuredWeight = configuredWeight
    this.nextWeight = configuredWeight
    this.kind = kind
    this.target = settings
    this.settings = settings
    this.isAlpha = isAlpha
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
  /** Those that it makes, and from the commit on all that are in effect. */
  all: HandChecker[] = []
  isCommitted = false
  readonly #former: HandCheckers | undefined
  /** Of servers that are attached, or gone. */
  readonly #concerned = new Set<Checker>()

  /** @param former in effect until the commit */
  constructor(former?: HandCheckers) {
    this.#former = former
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
      kept.next = owner
      kept.nextWeight = server.weight
      return kept
    })
    const wasUp = others.every(({ isUp }) => isUp)
    const hasLostFailed = [...gone].some(({ isUp }) => !isUp)
    const made = checkers.map((one) => {
      if (one instanceof HandChecker) return one
      const isUp = former === undefined ? !one.alpha : one.alpha ? wasUp : !hasLostFailed
      return new HandChecker(one.kind, one.settings, one.alpha, isUp, owner, server.weight)
    })
    this.all.push(...made)
    return made
  }

  canKeep(): boolean {
    return true
  }

  drop(former: readonly Checker[]): void {
    for (const checker of former) this.#concerned.add(checker)
  }

  commit(): void {
    this.isCommitted = true
    this.all = [...(this.#former?.all ?? []).filter((checker) => !this.#concerned.has(checker)), ...this.all]
    for (const checker of this.all) {
      checker.owner = checker.next ?? checker.owner
      if (checker.kind === 'MISC_CHECK' && checker.weight !== 0) checker.weight += checker.configuredWeight - checker.nextWeight
      checker.configuredWeight = checker.nextWeight
    }
  }

  suspend(checker: Checker): void {
    if (checker instanceof HandChecker) checker.isSuspended = true
  }

  resume(checker: Checker): void {
    if (checker instanceof HandChecker) checker.isSuspended = false
  }
}
