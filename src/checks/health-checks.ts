import type { SecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { Config, HttpUrl } from '../config/model.ts'
import type { ScriptAccount } from '../config/tables/values.ts'
import { AccountBook } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { Checkers, HealthChecks } from './checker.ts'
import { FileCheck } from './file-check.ts'
import { Generation } from './generation.ts'
import type { Refusing } from './generation.ts'
import type { Check } from './check.ts'
import { scriptOf } from './plans.ts'
import type { CheckPlan, CheckTools } from './plans.ts'
import type { HttpExpectation, MakeJudge } from './prober.ts'
import type { Probes } from './probes.ts'
import { tlsContext } from './tls-context.ts'
import { webExpectation } from './web-request.ts'

/** Time that attempts get at a stop: none of them is waited for. */
const STOP_MS = 1_000

/** Accounts of scripts that do not exist, by what is configured of them. */
type Refusals = ReadonlyMap<string, { readonly problem: string; readonly user: string }>

/** What the checks of a daemon stand on. */
export interface CheckGround {
  readonly probes: Probes
  readonly judge: MakeJudge
  readonly scripts: Pick<ScriptRunner, 'run'>
}

/** All checks of a daemon: the present configuration's, and what outlives it. */
export class DaemonChecks implements HealthChecks {
  readonly #probes: Probes
  readonly #scripts: CheckGround['scripts']
  /** Of the configuration in effect. */
  #accounts: AccountBook
  readonly #log: Pick<Logger, 'info' | 'debug' | 'warn' | 'error'>
  readonly #tools: CheckTools
  /** What tracked files hold, by their names. */
  readonly #files = new Map<string, number>()
  readonly #stopped = new AbortController()
  /** Of the configuration in effect. */
  readonly #checks = new Map<string, Check>()
  #refusals: Refusals = new Map()
  #context: SecureContext | undefined

  constructor({ probes, judge, scripts }: CheckGround, log: Pick<Logger, 'info' | 'debug' | 'warn' | 'error'>) {
    this.#probes = probes
    this.#log = log
    this.#scripts = scripts
    this.#accounts = new AccountBook(scripts)
    this.#tools = {
      probes,
      judge,
      scripts,
      context: () => this.#tlsContext(),
      expect: (url) => this.#expectationOf(url, judge),
      runnerOf: async (account, abort) => await this.#accounts.runnerOf(account, abort),
      fileValue: (name) => this.#files.get(name),
    }
  }

  #tlsContext(): SecureContext {
    if (this.#context === undefined) throw new Error('no configuration is in effect')
    return this.#context
  }

  /** A pattern that cannot be used is left out, and told: a mistake in it must not take servers out. */
  #expectationOf(url: HttpUrl, judge: CheckGround['judge']): HttpExpectation {
    const expectation = webExpectation(url)
    if (expectation.regex === undefined) return expectation
    try {
      judge(expectation)
      return expectation
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#log.error({ path: url.path, pattern: url.regex }, `url ${url.path}: the pattern is ignored: ${why}`)
      return webExpectation({ ...url, regex: undefined })
    }
  }

  async prepare(config: Config): Promise<Checkers> {
    const accounts = new AccountBook(this.#scripts)
    const [refusals, { context, problem }] = await Promise.all([this.#findRefusals(config, accounts), tlsContext(config.ssl)])
    if (problem !== undefined) this.#log.warn(`SSL: ${problem}; servers are shown no certificate`)
    const begin = (made: Iterable<Check>): boolean => {
      if (this.#stopped.signal.aborted) return false
      this.#tellNewFileChecks(made)
      this.#context = context
      this.#accounts = accounts
      this.#refusals = refusals
      return true
    }
    return new Generation({ tools: this.#tools, log: this.#log, checks: this.#checks, begin }, this.#refusingBy(refusals))
  }

  #refusingBy(refusals: Refusals): Refusing {
    const refuses = (plan: CheckPlan): boolean => {
      const script = scriptOf(plan)
      const refusal = script === undefined ? undefined : refusals.get(keyOf(script.account))
      if (script === undefined || refusal === undefined) return false
      this.#log.warn({ script: script.path, user: refusal.user }, `Disabling misc script '${script.path}' since ${refusal.problem}`)
      return true
    }
    const present = this.#refusals
    const isAny = present.size + refusals.size > 0
    return {
      refuses,
      concerns: ({ miscPath: { account } }) => isAny && (present.has(keyOf(account)) || refusals.has(keyOf(account))),
    }
  }

  /** What was told since they were made. */
  #tellNewFileChecks(made: Iterable<Check>): void {
    for (const check of made) {
      if (!(check instanceof FileCheck)) continue
      const value = this.#files.get(check.file)
      if (value !== undefined) check.take(value)
    }
  }

  /** The accounts that do not exist. One that cannot be looked up now is asked for again at each run. */
  async #findRefusals({ virtualServers, globalDefs }: Config, book: AccountBook): Promise<Refusals> {
    const accounts = new Map<string, ScriptAccount | undefined>()
    for (const { realServers } of virtualServers) {
      for (const { miscChecks } of realServers) {
        for (const { miscPath } of miscChecks) accounts.set(keyOf(miscPath.account), miscPath.account)
      }
    }
    book.configure(accounts.values(), globalDefs)
    const refusals = new Map<string, { readonly problem: string; readonly user: string }>()
    await Promise.all(
      [...accounts].map(async ([key, account]) => {
        const runner = await book.runnerOf(account, this.#stopped.signal)
        if (!('problem' in runner) || runner.problem !== 'its account does not exist') return
        this.#log.warn(`Script user '${runner.user}' does not exist`)
        refusals.set(key, runner)
      }),
    )
    return refusals
  }

  followFile(name: string, value: number): void {
    if (this.#files.get(name) === value) return
    this.#files.set(name, value)
    for (const check of this.#checks.values()) if (check instanceof FileCheck && check.file === name) check.take(value)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#accounts.close()
    for (const check of this.#checks.values()) {
      check.unsubscribeAll()
      check.stopUnwanted()
    }
    this.#checks.clear()
    await this.#probes.stop(STOP_MS)
  }

  stopNow(deadlineMs: number): void {
    this.#probes.stopNow(deadlineMs)
  }
}

function keyOf(account: ScriptAccount | undefined): string {
  return account === undefined ? '' : JSON.stringify([account.user, account.group, account.supplementaryGroups])
}
