import type { Logger } from 'pino'
import type { Config, Fifo } from '../config/model.ts'
import type { ScriptAccount, ScriptCommand } from '../config/tables/values.ts'
import { AccountBook } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { Change, NotifyTarget, ToldServerChange } from './change.ts'
import { FifoChannel } from './fifo-channel.ts'
import type { ChannelConfig, ChannelTools } from './fifo-channel.ts'
import type { MakeFifo } from './fifo.ts'

/** What FIFOs need of a configuration. */
export type FifoConfigs = Pick<Config, 'globalDefs' | 'virtualServers'>

/** How FIFOs are made. */
export interface FifoMaking {
  readonly makeFifo: MakeFifo
  /** File creation mask, whatever the configuration says. */
  readonly umask?: number | undefined
  /** How long lines of servers wait for a reader that takes nothing; what only tests say otherwise. */
  readonly patienceMs?: number | undefined
}

/** The line of a change (process.md §7.2), without its end. */
export function lineOf({ kind, name, state, priority }: Pick<Change, 'kind' | 'name' | 'state' | 'priority'>): string {
  return `${kind} "${name}" ${state} ${priority}`
}

/** The line of a change of a server (lvs.md §2.1), without its end; keepalived writes a NUL octet behind each. */
export function serverLineOf({ kind, name, service, state }: Pick<ToldServerChange, 'kind' | 'name' | 'service' | 'state'>): string {
  return kind === 'VS' ? `VS ${service} ${state}` : `RS ${name} ${service} ${state}`
}

/**
 * Writes changes into the FIFOs of the configuration: the common one, that of VRRP and that of the checkers.
 *
 * At each reload they are removed and made anew, and their readers are ended and started again, as in keepalived: a reader sees the end
 * of the file and opens it again.
 */
export class FifoTarget implements NotifyTarget {
  readonly takesAll = true
  readonly #accounts: AccountBook
  readonly #tools: ChannelTools
  readonly #umask: number | undefined
  readonly #channels = new Map<string, FifoChannel>()
  /** Those that get changes of instances and groups. */
  #vrrp: readonly FifoChannel[] = []
  /** Those that get changes of servers. */
  #lvs: readonly FifoChannel[] = []
  /** Readers of former FIFOs that are being ended. */
  readonly #ending = new Set<Promise<void>>()
  #isFinished = false

  constructor(runner: Pick<ScriptRunner, 'run'>, { makeFifo, umask, patienceMs }: FifoMaking, log: Logger) {
    this.#umask = umask
    this.#accounts = new AccountBook(runner)
    this.#tools = { makeFifo, patienceMs, runner, accounts: this.#accounts, log }
  }

  configure(config: FifoConfigs): void {
    for (const channel of this.#channels.values()) {
      const ending = channel.close().finally(() => this.#ending.delete(ending))
      this.#ending.add(ending)
    }
    this.#channels.clear()
    const { common, vrrp, lvs } = channelsOf(config, this.#umask ?? config.globalDefs.umask)
    const all = new Set([common, vrrp, lvs].flatMap((one) => one ?? []))
    const accounts: (ScriptAccount | undefined)[] = []
    for (const { fifo, reader } of all) {
      if (fifo.account !== undefined) accounts.push(fifo.account)
      if (reader !== undefined) accounts.push(reader.account)
    }
    this.#accounts.configure(accounts, config.globalDefs)
    for (const one of all) this.#channels.set(one.fifo.path, new FifoChannel(one, this.#tools))
    this.#vrrp = this.#channelsAt(common, vrrp)
    this.#lvs = this.#channelsAt(common, lvs)
    for (const channel of this.#channels.values()) channel.open()
  }

  /** Lines name instances and groups, but nothing is kept of them. */
  retain(): void {}

  tell(change: Change): void {
    if (this.#isFinished) return
    const line = lineOf(change)
    for (const channel of this.#vrrp) channel.write(line)
  }

  tellServer(change: ToldServerChange): void {
    if (this.#isFinished || !change.toFifos || this.#lvs.length === 0) return
    const line = serverLineOf(change)
    for (const channel of this.#lvs) channel.writeOfMany(line)
  }

  async finish(limitMs: number): Promise<void> {
    this.#isFinished = true
    await Promise.all([...[...this.#channels.values()].map(async (channel) => await channel.finish(limitMs)), ...this.#ending])
    this.#accounts.close()
  }

  abandon(): void {
    this.#isFinished = true
    for (const channel of this.#channels.values()) channel.abandon()
  }
  #channelsAt(...configs: readonly (ChannelConfig | undefined)[]): readonly FifoChannel[] {
    return configs.flatMap((config) => (config === undefined ? [] : (this.#channels.get(config.fifo.path) ?? [])))
  }
}

/** The FIFOs of a configuration. That of VRRP and that of the checkers may be the same. */
function channelsOf(
  { globalDefs, virtualServers }: FifoConfigs,
  umask: number,
): { readonly common: ChannelConfig | undefined; readonly vrrp: ChannelConfig | undefined; readonly lvs: ChannelConfig | undefined } {
  const { notifyFifo, vrrpNotifyFifo, lvsNotifyFifo, notifyFifoScript, vrrpNotifyFifoScript, lvsNotifyFifoScript } = globalDefs
  // As in keepalived: without virtual servers there are no checkers, whose FIFO it is.
  const ofCheckers = virtualServers.length > 0 ? lvsNotifyFifo : undefined
  const isShared = vrrpNotifyFifo !== undefined && vrrpNotifyFifo.path === ofCheckers?.path
  const sharedReader = vrrpNotifyFifoScript ?? (isShared ? lvsNotifyFifoScript : undefined)
  const channel = (keyword: string, fifo: Fifo | undefined, reader: ScriptCommand | undefined): ChannelConfig | undefined =>
    fifo === undefined ? undefined : { keyword, fifo, reader, umask }
  const vrrp = channel('vrrp_notify_fifo', vrrpNotifyFifo, sharedReader)
  return {
    common: channel('notify_fifo', notifyFifo, notifyFifoScript),
    vrrp,
    lvs: isShared ? vrrp : channel('lvs_notify_fifo', ofCheckers, lvsNotifyFifoScript),
  }
}
