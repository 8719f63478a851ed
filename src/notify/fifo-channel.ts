import { performance } from 'node:perf_hooks'
import type { Logger } from 'pino'
import type { Fifo as FifoConfig } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import type { AccountBook } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import { FifoBacklog } from './fifo-backlog.ts'
import { Fifo } from './fifo.ts'
import type { FifoOptions, MakeFifo } from './fifo.ts'
import { within } from '../time-limit.ts'

/** Lines that wait for the account that a FIFO shall belong to. */
const MAX_WAITING = 1_024

/** A program that reads a FIFO runs as long as the daemon does: a hundred years. */
const NO_DEADLINE_MS = 100 * 365 * 86_400_000

/** For a program to be ended: it takes three seconds at most. */
const END_READER_MS = 5_000

/** A FIFO of the configuration, and the program that reads it. */
export interface ChannelConfig {
  /** Keyword, such as `vrrp_notify_fifo`. */
  readonly keyword: string
  readonly fifo: FifoConfig
  readonly reader: ScriptCommand | undefined
  readonly umask: number
}

/** What a channel works with. */
export interface ChannelTools {
  readonly makeFifo: MakeFifo
  readonly patienceMs: number | undefined
  readonly runner: Pick<ScriptRunner, 'run'>
  readonly accounts: AccountBook
  readonly log: Logger
}

/** A FIFO from one reload to the next, with the program that was started to read it. */
export class FifoChannel {
  readonly #config: ChannelConfig
  readonly #tools: ChannelTools
  readonly #log: Logger
  readonly #abort = new AbortController()
  #fifo: Fifo | undefined
  /** Lines that come in bursts. */
  #backlog: FifoBacklog | undefined
  /** Lines that came before it could be opened; `undefined` afterwards. */
  #waiting: string[] | undefined = []
  /** Lines that found no room meanwhile. */
  #lost = 0
  #reader: Promise<void> = Promise.resolve()

  constructor(config: ChannelConfig, tools: ChannelTools) {
    this.#config = config
    this.#tools = tools
    this.#log = tools.log.child({ fifo: config.fifo.path })
  }

  /** Opens the FIFO, at once where no account has to be looked up for it, and starts its reader. */
  open(): void {
    const { account } = this.#config.fifo
    if (account === undefined) {
      this.#openFor(undefined)
      return
    }
    this.#tools.accounts
      .runnerOf(account, this.#abort.signal)
      .then((owner) => {
        if (this.#abort.signal.aborted || this.#waiting === undefined) return
        if ('account' in owner) this.#openFor(owner.account)
        else this.#refuse(`${owner.problem} (${owner.user})`)
      })
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'the FIFO failed')
      })
  }

  /** Writes a line, without its end; never waits. */
  write(line: string): void {
    if (this.#waiting === undefined) this.#fifo?.write(line)
    else this.#keep(this.#waiting, line)
  }

  /** Writes a line that may come with thousands of others; never waits, but the line may, for a reader. */
  writeOfMany(line: string): void {
    if (this.#waiting === undefined) this.#backlog?.write(line)
    else this.#keep(this.#waiting, line)
  }

  #keep(waiting: string[], line: string): void {
    if (waiting.length < MAX_WAITING) waiting.push(line)
    else this.#lost += 1
  }

  /** Removes the FIFO and ends its reader at once, as keepalived does at a reload. Settles when the reader has ended; never rejects. */
  async close(): Promise<void> {
    this.#closeFifo()
    this.#abort.abort()
    await within(END_READER_MS, this.#reader)
  }

  /** Removes the FIFO; its reader may read to the end, which takes at most `limitMs`, and is ended then. Never rejects. */
  async finish(limitMs: number): Promise<void> {
    const began = performance.now()
    await this.#backlog?.finish(limitMs)
    this.#closeFifo()
    await within(Math.max(0, limitMs - (performance.now() - began)), this.#reader)
    await this.close()
  }

  /** Removes the FIFO and waits for nobody. */
  abandon(): void {
    this.#closeFifo()
  }

  #openFor(owner: FifoOptions['owner']): void {
    const { keyword, fifo, umask } = this.#config
    const opened = new Fifo({ keyword, path: fifo.path, umask, owner }, this.#tools.makeFifo, this.#tools.log)
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    if (!opened.open()) return
    this.#fifo = opened
    this.#backlog = new FifoBacklog(opened, this.#tools.patienceMs)
    for (const line of waiting) opened.write(line)
    this.#sayLost(this.#lost)
    const { reader } = this.#config
    if (reader !== undefined) this.#reader = this.#read(reader)
  }

  /** There is no FIFO until the next reload. */
  #refuse(reason: string): void {
    const { keyword, fifo } = this.#config
    this.#log.error(
      `Unable to open ${keyword.replace(/_fifo$/, ' fifo')} ${fifo.path}: ${reason}; nothing is written to it until the next reload`,
    )
    this.#waiting = undefined
  }

  #closeFifo(): void {
    this.#sayLost((this.#waiting?.length ?? 0) + this.#lost)
    this.#waiting = undefined
    this.#backlog?.close()
    this.#backlog = undefined
    this.#fifo?.close()
    this.#fifo = undefined
  }

  #sayLost(lost: number): void {
    this.#lost = 0
    if (lost > 0) this.#log.warn({ lost }, `${lost} lines for the FIFO were dropped`)
  }

  /** Runs the reader to its end. It is not started again before the next reload, as in keepalived. */
  async #read({ path, args, account: named }: ScriptCommand): Promise<void> {
    const { accounts, runner } = this.#tools
    const { signal } = this.#abort
    // In keepalived the process that runs it says so: that of VRRP also of the common FIFO.
    const name = this.#config.keyword === 'lvs_notify_fifo' ? 'lvs notify fifo' : 'vrrp notify fifo'
    try {
      const account = await accounts.runnerOf(named, signal)
      if (signal.aborted) return
      if ('problem' in account) {
        const { problem, user } = account
        this.#log.error({ script: path, user }, `${name} script not run: ${problem}`)
        return
      }
      const result = await runner.run({ path, args: [...args, this.#config.fifo.path] }, account.account, NO_DEADLINE_MS, signal)
      if ('remains' in result) this.#log.error({ script: path, ...result }, `${name} script cannot be ended and goes on`)
      else if (!signal.aborted && this.#fifo !== undefined) this.#log.warn({ script: path, ...result }, `${name} script terminated`)
    } catch (error) {
      this.#log.error({ script: path, err: error }, `${name} script failed`)
    }
  }
}
