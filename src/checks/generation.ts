import type { Logger } from 'pino'
import { US_PER_S } from '../config/forms/numbers.ts'
import type { MiscCheck, RealServer, VirtualServer } from '../config/model.ts'
import { NOT_CHECKED } from './check.ts'
import type { Check } from './check.ts'
import type { Checker, CheckerOwner, Checkers } from './checker.ts'
import { plansOf } from './plans.ts'
import type { CheckPlan, CheckTools } from './plans.ts'
import { ServerChecker } from './server-checker.ts'
import type { CheckerSettings } from './server-checker.ts'

/** Before that nothing is checked: everything else is to be there. */
const BOOTSTRAP_US = US_PER_S

/** A checker of a configuration, and what it is to be. */
interface Attached {
  readonly checker: ServerChecker
  /** Absent: it is new, and is so already. */
  readonly adopted: CheckerSettings | undefined
}

/** What configurations come and go in. */
export interface GenerationHost {
  readonly tools: CheckTools
  readonly log: Pick<Logger, 'info' | 'debug'>
  /** The checks that somebody wants to know of, by their keys. Generations keep it. */
  readonly checks: Map<string, Check>
  /** A configuration is about to take effect, with the checks that it makes. @returns false where none does any more */
  begin(made: Iterable<Check>): boolean
}

/** What a configuration finds out about scripts. */
export interface Refusing {
  /** Says, once for each, whether a checker is left out. */
  refuses(plan: CheckPlan): boolean
  /** Whether a checker with a script is left out, or one was of the configuration before. */
  concerns(script: MiscCheck): boolean
}

/** The checkers of one configuration: what it makes, changes and ends of those in effect. */
export class Generation implements Checkers {
  readonly #host: GenerationHost
  readonly #refusing: Refusing
  readonly #attached: Attached[] = []
  /** Of servers that are attached, or gone. */
  readonly #former = new Set<ServerChecker>()
  readonly #made = new Map<string, Check>()

  constructor(host: GenerationHost, refusing: Refusing) {
    this.#host = host
    this.#refusing = refusing
  }

  attach(server: RealServer, _: VirtualServer, owner: CheckerOwner, former: readonly Checker[] | undefined): readonly Checker[] {
    const before = (former ?? []).filter((checker) => checker instanceof ServerChecker)
    for (const checker of before) this.#former.add(checker)
    const plans = plansOf(server).filter((plan) => !this.#refusing.refuses(plan))
    // Nearly always nothing changed.
    if (isUnchanged(plans, before)) {
      for (const checker of before) this.#keep(checker, owner, server.weight)
      return before
    }
    const kept = matches(plans, before)
    const isServerUp = before.every((one) => one.isUp)
    // What failed is not forgotten with its checker.
    const hasLostFailed = before.some((one) => !one.isUp && !kept.includes(one))
    return plans.map((plan, index) => {
      const same = kept[index]
      const settings = { owner, plan, check: this.#checkOf(plan, same), configuredWeight: server.weight }
      if (same !== undefined) {
        this.#attached.push({ checker: same, adopted: settings })
        return same
      }
      const isUp = former === undefined ? !plan.isAlpha : isServerUp || (!plan.isAlpha && !hasLostFailed)
      const checker = new ServerChecker(settings, isUp, this.#host.log)
      this.#attached.push({ checker, adopted: undefined })
      return checker
    })
  }

  #keep(checker: ServerChecker, owner: CheckerOwner, configuredWeight: number): void {
    const { plan, check } = checker
    this.#attached.push({ checker, adopted: { owner, plan, check, configuredWeight } })
  }

  #checkOf(plan: CheckPlan, same: ServerChecker | undefined): Check {
    const { key } = plan
    const known = this.#host.checks.get(key) ?? this.#made.get(key)
    if (known !== undefined) return known
    const check = plan.make(same?.known ?? NOT_CHECKED, same?.check, this.#host.tools)
    this.#made.set(key, check)
    return check
  }

  canKeep({ realServers }: VirtualServer): boolean {
    return realServers.every(({ miscChecks }) => !miscChecks.some((script) => this.#refusing.concerns(script)))
  }

  drop(former: readonly Checker[]): void {
    for (const checker of former) if (checker instanceof ServerChecker) this.#former.add(checker)
  }

  commit(): void {
    const { checks } = this.#host
    if (!this.#host.begin(this.#made.values())) return
    for (const [key, check] of this.#made) checks.set(key, check)
    const concerned = new Set<Check>()
    for (const { check } of this.#former) concerned.add(check)
    for (const { checker } of this.#attached) this.#former.delete(checker)
    for (const checker of this.#former) checker.check.unsubscribe(checker)
    for (const { checker, adopted } of this.#attached) {
      this.#settle(checker, adopted)
      concerned.add(checker.check)
    }
    for (const check of concerned) {
      check.stopUnwanted()
      if (check.isOrphaned) checks.delete(check.key)
    }
    for (const check of concerned) {
      check.start(firstDelay(check))
      check.refresh()
    }
    // It lives on to suspend and resume: of what it has done nothing is needed any more.
    this.#attached.length = 0
    this.#former.clear()
    this.#made.clear()
  }

  #settle(checker: ServerChecker, adopted: CheckerSettings | undefined): void {
    if (adopted === undefined) checker.check.subscribe(checker)
    else if (adopted.check === checker.check) checker.adopt(adopted)
    else {
      checker.check.unsubscribe(checker)
      checker.adopt(adopted)
      checker.check.subscribe(checker)
    }
    if (checker.hasRun) return
    const { server, service } = checker.owner
    const what = checker.isSuspended ? 'Deactivating' : 'Activating'
    this.#host.log.info({ checker: checker.kind, server, service }, `${what} healthchecker for service ${server} for VS ${service}`)
  }

  suspend(checker: Checker): void {
    if (!(checker instanceof ServerChecker) || checker.isSuspended) return
    checker.suspend()
    this.#tell('Suspending', checker)
    checker.check.stopUnwanted()
  }

  resume(checker: Checker): void {
    if (!(checker instanceof ServerChecker) || !checker.isSuspended) return
    checker.resume()
    this.#tell('Activating', checker)
    const { check } = checker
    // Before the commit there is nothing to start.
    if (!check.isSubscribed(checker)) return
    check.start(Math.random() * check.times.delayLoopUs)
    // Others may have had it run all the time.
    check.refresh()
  }

  #tell(what: string, checker: ServerChecker): void {
    const { server, service } = checker.owner
    this.#host.log.debug({ checker: checker.kind, server, service }, `${what} healthchecker for service ${server} for VS ${service}`)
  }
}

/** Whether these are what there is, word for word. */
function isUnchanged(plans: readonly CheckPlan[], before: readonly ServerChecker[]): boolean {
  return plans.length === before.length && plans.every((plan, index) => before[index]?.plan.isEqual(plan) === true)
}

/** Of each plan, the checker that it is the same as. */
function matches(plans: readonly CheckPlan[], before: readonly ServerChecker[]): readonly (ServerChecker | undefined)[] {
  const left = [...before]
  return plans.map(({ identity }) => {
    const at = left.findIndex(({ plan }) => plan.identity === identity)
    return at === -1 ? undefined : left.splice(at, 1)[0]
  })
}

/** Checks begin spread over their warm-up; one that goes on with other times, over its period. */
function firstDelay(check: Check): number {
  const { warmupUs, delayLoopUs } = check.times
  return check.known.hasRun ? Math.random() * delayLoopUs : BOOTSTRAP_US + Math.random() * warmupUs
}
