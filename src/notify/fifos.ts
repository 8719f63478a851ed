import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import { AccountBook } from '../process/account-book.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { Change, NotifyTarget } from './change.ts'
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
}

/** The line of a change (process.md §7.2), without its end. */
export function lineOf({ kind, name, state, priority }: Pick<Change, 'kind' | 'name' | 'state' | 'priority'>): string {
  return `${kind} "${name}" ${state} ${priority}`
}

/**
 * Writes changes into the FIFOs of the configuration: the common one and that of VRRP.
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
  /** Readers of former FIFOs that are being ended. */
  readonly #ending = new Set<Promise<void>>()
  #isFinished = false

  constructor(runner: Pick<ScriptRunner, 'run'>, { makeFifo, umask }: FifoMaking, log: Logger) {
    this.#umask = umask
    this.#accounts = new AccountBook(runner)
    this.#tools = { makeFifo, runner, accounts: this.#accounts, log }
  }

  configure(config: FifoConfigs): void {
    for (const channel of this.#channels.values()) {
      const ending = channel.close().finally(() => this.#ending.delete(ending))
      this.#ending.add(ending)
    }
    this.#channels.clear()
    const { vrrp, lvs } = channelsOf(config, this.#umask ?? config.globalDefs.umask)
    const all = [...vrrp, ...lvs]
    this.#accounts.configure(
      all.flatMap(({ fifo, reader }) => [
        ...(fifo.account === undefined ? [] : [fifo.account]),
        ...(reader === undefined ? [] : [reader.account]),
      ]),
      config.globalDefs,
    )
    for (const one of all) this.#channels.set(one.fifo.path, new FifoChannel(one, this.#tools))
    this.#vrrp = vrrp.flatMap(({ fifo }) => this.#channels.get(fifo.path) ?? [])
    for (const channel of this.#channels.values()) channel.open()
  }

  /** Lines name instances and groups, but nothing is kept of them. */
  retain(): void {}

  tell(change: Change): void {
    if (this.#isFinished) return
    const line = lineOf(change)
    for (const channel of this.#vrrp) channel.write(line)
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
}

/** The FIFOs of a configuration: those that VRRP writes to, and that of the checkers alone. */
function channelsOf(
  { globalDefs, virtualServers }: FifoConfigs,
  umask: number,
): { readonly vrrp: ChannelConfig[]; readonly lvs: ChannelConfig[] } {
  const { notifyFifo, vrrpNotifyFifo, lvsNotifyFifo, notifyFifoScript, vrrpNotifyFifoScript, lvsNotifyFifoScript } = globalDefs
  // As in keepalived: without virtual servers there are no checkers, whose FIFO it is.
  const ofCheckers = virtualServers.length > 0 ? lvsNotifyFifo : undefined
  const isShared = vrrpNotifyFifo !== undefined && vrrpNotifyFifo.path === ofCheckers?.path
  const sharedReader = vrrpNotifyFifoScript ?? (isShared ? lvsNotifyFifoScript : undefined)
  const vrrp: ChannelConfig[] = []
  if (notifyFifo !== undefined) vrrp.push({ keyword: 'notify_fifo', fifo: notifyFifo, reader: notifyFifoScript, umask })
  if (vrrpNotifyFifo !== undefined) vrrp.push({ keyword: 'vrrp_notify_fifo', fifo: vrrpNotifyFifo, reader: sharedReader, umask })
  if (ofCheckers === undefined || isShared) return { vrrp, lvs: [] }
  return { vrrp, lvs: [{ keyword: 'lvs_notify_fifo', fifo: ofCheckers, reader: lvsNotifyFifoScript, umask }] }
}
