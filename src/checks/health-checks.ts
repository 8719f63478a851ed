import type { SecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { Config, HttpUrl } from '../config/model.ts'
import type { ScriptAccount } from '../config/tables/values.ts'
import { AccountBook } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { Checkers, HealthChecks } from './checker.ts'
import { FileCheck } from './file-check.ts'
import { Generation } from './generation.ts'
import type { InEffect } from './generation.ts'
import { scriptOf } from './plans.ts'
import type { CheckTools } from './plans.ts'
import type { HttpExpectation, MakeJudge } from './prober.ts'
import type { Probes } from './probes.ts'
import { tlsContext } from './tls-context.ts'
import { webExpectation } from './web-request.ts'

/** Time that attempts get at a stop: none of them is waited for. */
const STOP_MS = 1_000

const NOTHING: InEffect = { checks: new Map(), checkers: new Set() }

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
  #present: InEffect = NOTHING
  #fileChecks: readonly FileCheck[] = []
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
    const [refusals, { context, problem }] = await Promise.all([this.#refusals(config, accounts), tlsContext(config.ssl)])
    if (problem !== undefined) this.#log.warn(`SSL: ${problem}; servers are shown no certificate`)
    const replace = (by: InEffect): boolean => {
      if (this.#stopped.signal.aborted) return false
      this.#present = by
      this.#fileChecks = [...by.checks.values()].filter((check) => check instanceof FileCheck)
      this.#tellNewFileChecks()
      this.#context = context
      this.#accounts = accounts
      return true
    }
    const host = { tools: this.#tools, log: this.#log, present: () => this.#present, replace }
    return new Generation(host, (plan) => {
      const script = scriptOf(plan)
      const refusal = script === undefined ? undefined : refusals.get(keyOf(script.account))
      if (script === undefined || refusal === undefined) return false
      this.#log.warn({ script: script.path, user: refusal.user }, `Disabling misc script '${script.path}' since ${refusal.problem}`)
      return true
    })
  }

  /** What was told since they were made: those that run have heard it. */
  #tellNewFileChecks(): void {
    for (const check of this.#fileChecks) {
      const value = this.#files.get(check.file)
      if (value !== undefined && !check.isFollowing) check.take(value)
    }
  }

  /** The accounts that do not exist. One that cannot be looked up now is asked for again at each run. */
  async #refusals(
    { virtualServers, globalDefs }: Config,
    book: AccountBook,
  ): Promise<ReadonlyMap<string, { readonly problem: string; readonly user: string }>> {
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
    for (const check of this.#fileChecks) if (check.file === name) check.take(value)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#accounts.close()
    for (const checker of this.#present.checkers) checker.check.unsubscribe(checker)
    for (const check of this.#present.checks.values()) check.stopUnwanted()
    this.#present = NOTHING
    await this.#probes.stop(STOP_MS)
  }

  stopNow(deadlineMs: number): void {
    this.#probes.stopNow(deadlineMs)
  }
}

function keyOf(account: ScriptAccount | undefined): string {
  return account === undefined ? '' : JSON.stringify([account.user, account.group, account.supplementaryGroups])
}
