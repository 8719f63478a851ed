/** The checks of a daemon with the thread that probes, and owners that note what they are told. */
import type { ExecutionContext } from 'ava'
import type { Logger } from 'pino'
import type { Checker, CheckerOwner, HealthChecks } from '../../src/checks/checker.ts'
import { openHealthChecks } from '../../src/checks/open-health-checks.ts'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config, RealServer } from '../../src/config/model.ts'
import type { ScriptRunner } from '../../src/process/script-runner.ts'
import { waitFor } from '../lab/wait-for.ts'

/** What an owner was told. */
export interface Told {
  readonly server: string
  readonly kind: Checker['kind']
  readonly what: 'up' | 'down' | 'weight'
  /** The weight that the checker adds by now. */
  readonly weight: number
  readonly reason: string
  readonly mail: string | undefined
}

/** A real server of the test, by the name that messages have. */
export interface Attached {
  readonly server: RealServer
  readonly owner: CheckerOwner
  readonly checkers: readonly Checker[]
}

/** Scripts in tests of what runs none. */
const NO_SCRIPTS: Pick<ScriptRunner, 'run'> = {
  run: async () => await Promise.resolve({ outcome: 'notStarted', reason: 'ENOENT' }),
}

/** A configuration from the text of a file. */
export function load(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

/**
 * One real server in one virtual server, that is checked ten times a second from the beginning on.
 *
 * @param checkers blocks, with lines
 */
export function oneServer(server: string, checkers: string, lines = ''): string {
  return `virtual_server 127.0.0.9 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n delay_loop 0.1\n delay_before_retry 0.05\n warmup 0\n connect_timeout 30\n ${lines}\n real_server ${server} {\n ${checkers}\n }\n}\n`
}

function isSameOwner(one: CheckerOwner, other: CheckerOwner): boolean {
  return one.server === other.server && one.service === other.service
}

/** Everything that a test looks at. */
export class ChecksUnderTest {
  readonly checks: HealthChecks
  readonly told: Told[] = []
  readonly lines: string[]
  attached: readonly Attached[] = []

  private constructor(checks: HealthChecks, lines: string[]) {
    this.checks = checks
    this.lines = lines
  }

  /** Opens the checks of a test, which end with it. */
  static async open(t: ExecutionContext, scripts: Pick<ScriptRunner, 'run'> = NO_SCRIPTS): Promise<ChecksUnderTest> {
    const lines: string[] = []
    const write = (...words: readonly unknown[]): void => {
      lines.push(String(words.at(-1)))
    }
    const log: Pick<Logger, 'info' | 'debug' | 'warn' | 'error'> = { info: write, debug: write, warn: write, error: write }
    const checks = await openHealthChecks({ log, scripts })
    t.teardown(async () => {
      await checks.stop()
    })
    return new ChecksUnderTest(checks, lines)
  }

  /** Makes a configuration the one in effect. Real servers are the same when address and port are. */
  async apply(text: string | Config): Promise<void> {
    const config = typeof text === 'string' ? load(text) : text
    const checkers = await this.checks.prepare(config)
    const before = this.attached
    const attached = config.virtualServers.flatMap((virtualServer) => {
      return virtualServer.realServers.map((server): Attached => {
        const owner = this.#ownerOf(`[${server.address}]:tcp:${server.port}`, `[${virtualServer.address ?? ''}]:tcp:${virtualServer.port}`)
        const former = before.find((one) => isSameOwner(one.owner, owner))
        return { server, owner, checkers: checkers.attach(server, virtualServer, owner, former?.checkers) }
      })
    })
    for (const one of before) if (!attached.some(({ owner }) => isSameOwner(owner, one.owner))) checkers.drop(one.checkers)
    this.#generation = checkers
    checkers.commit()
    this.attached = attached
  }

  #generation: Awaited<ReturnType<HealthChecks['prepare']>> | undefined

  suspend(checker: Checker): void {
    this.#generation?.suspend(checker)
  }

  resume(checker: Checker): void {
    this.#generation?.resume(checker)
  }

  /** The checker of a configuration that has one. */
  get only(): Checker {
    const [checker, ...others] = this.attached.flatMap((one) => one.checkers)
    if (checker === undefined || others.length > 0) throw new Error(`there are ${others.length + 1} checkers`)
    return checker
  }

  #ownerOf(server: string, service: string): CheckerOwner {
    const note = (checker: Checker, what: Told['what'], mail: string | undefined): void => {
      this.told.push({ server, kind: checker.kind, what, weight: checker.weight, reason: checker.reason, mail })
    }
    return {
      server,
      service,
      checked: (checker, mail) => {
        note(checker, checker.isUp ? 'up' : 'down', mail)
      },
      weighed: (checker) => {
        note(checker, 'weight', undefined)
      },
    }
  }

  /** Waits until so much was told. */
  async waitForTold(count: number): Promise<readonly Told[]> {
    return await waitFor(`${count} changes are told`, () => this.told.length >= count && this.told, {
      seen: () => ({ told: this.told, lines: this.lines.slice(-10) }),
    })
  }

  /** Waits for a line of the log. */
  async waitForLine(line: string | RegExp, count = 1): Promise<void> {
    const isWanted = (one: string): boolean => (typeof line === 'string' ? one === line : line.test(one))
    await waitFor(`the log has ${String(line)}`, () => this.lines.filter(isWanted).length >= count, { seen: () => this.lines.slice(-20) })
  }
}
