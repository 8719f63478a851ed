import type { Logger } from 'pino'
import type { DaemonOptions } from '../daemon/options.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import { deliveries } from './deliveries.ts'
import { FifoTarget } from './fifos.ts'
import type { MakeFifo } from './fifo.ts'
import { HOOK_TIMEOUT_MS, HookTarget } from './hooks.ts'
import { Notifier } from './notifier.ts'
import { ScriptTarget } from './scripts.ts'

/** What notifications work with. */
export interface NotifyTools {
  readonly scripts: ScriptRunner
  readonly makeFifo: MakeFifo
  /** Tells this daemon apart from others of its network namespace. */
  readonly instanceName: string | undefined
}

/** A notifier with all that can be told, in keepalived's order: scripts, FIFOs, mail; then webhooks and functions of the host. */
export function openNotifier(options: DaemonOptions, { scripts, makeFifo, instanceName }: NotifyTools, log: Logger): Notifier {
  const { hooks = {}, hookTimeoutMs = HOOK_TIMEOUT_MS } = options
  const targets = [
    new ScriptTarget(scripts, log),
    new FifoTarget(scripts, { makeFifo, umask: options.umask }, log),
    ...deliveries(options, instanceName, log),
    new HookTarget(hooks, hookTimeoutMs, log),
  ]
  return new Notifier(targets, log)
}
