import type { Logger } from 'pino'
import { US_PER_S } from '../config/forms/numbers.ts'
import type { RealServer, VirtualServer } from '../config/model.ts'
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

/** A configuration in effect, as the next one sees it. */
export interface InEffect {
  /** The checks that run, by their keys. */
  readonly checks: ReadonlyMap<string, Check>
  readonly checkers: ReadonlySet<ServerChecker>
}

/** What configurations come and go in. */
export interface GenerationHost {
  readonly tools: CheckTools
  readonly log: Pick<Logger, 'info' | 'debug'>
  /** The configuration in effect. */
  present(): InEffect
  /**
   * A configuration takes effect.
   *
   * @returns false where none does any more
   */
  replace(by: InEffect): boolean
}

/** The checkers of one configuration. */
export class Generation implements Checkers, InEffect {
  readonly #host: GenerationHost
  readonly #refuses: (plan: CheckPlan) => boolean
  readonly #attached: Attached[] = []
  readonly #checkers = new Set<ServerChecker>()
  readonly #checks = new Map<string, Check>()

  /** @param refuses says, once for each, whether a checker is left out */
  constructor(host: GenerationHost, refuses: (plan: CheckPlan) => boolean) {
    this.#host = host
    this.#refuses = refuses
  }

  /** The checks that run, by their keys. */
  get checks(): ReadonlyMap<string, Check> {
    return this.#checks
  }

  /** Its checkers. */
  get checkers(): ReadonlySet<ServerChecker> {
    return this.#checkers
  }

  attach(server: RealServer, _: VirtualServer, owner: CheckerOwner, former: readonly Checker[] | undefined): readonly Checker[] {
    const before = (former ?? []).filter((checker) => checker instanceof ServerChecker)
    const plans = plansOf(server).filter((plan) => !this.#refuses(plan))
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
        this.#add({ checker: same, adopted: settings })
        return same
      }
      const isUp = former === undefined ? !plan.isAlpha : isServerUp || (!plan.isAlpha && !hasLostFailed)
      const checker = new ServerChecker(settings, isUp, this.#host.log)
      this.#add({ checker, adopted: undefined })
      return checker
    })
  }

  #keep(checker: ServerChecker, owner: CheckerOwner, configuredWeight: number): void {
    const { plan, check } = checker
    this.#checks.set(check.key, check)
    this.#add({ checker, adopted: { owner, plan, check, configuredWeight } })
  }

  #add(attached: Attached): void {
    this.#attached.push(attached)
    this.#checkers.add(attached.checker)
  }

  #checkOf(plan: CheckPlan, same: ServerChecker | undefined): Check {
    const { key } = plan
    const known = this.#checks.get(key)
    if (known !== undefined) return known
    const check = this.#host.present().checks.get(key) ?? plan.make(same?.known ?? NOT_CHECKED, same?.check, this.#host.tools)
    this.#checks.set(key, check)
    return check
  }

  commit(): void {
    const former = this.#host.present()
    if (!this.#host.replace(this)) return
    for (const checker of former.checkers) if (!this.#checkers.has(checker)) checker.check.unsubscribe(checker)
    for (const { checker, adopted } of this.#attached) this.#settle(checker, adopted)
    for (const check of former.checks.values()) check.stopUnwanted()
    for (const check of this.#checks.values()) {
      check.start(firstDelay(check))
      check.refresh()
    }
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
    // Before the commit there is nothing to start.
    if (checker.check.isSubscribed(checker)) checker.check.start(Math.random() * checker.check.times.delayLoopUs)
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
