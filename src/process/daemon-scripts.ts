/** The scripts of the daemon itself: `startup_script` and `shutdown_script` (process.md §4). */
import type { Logger } from 'pino'
import type { GlobalDefs } from '../config/model.ts'
import { AccountBook } from './account-book.ts'
import type { ScriptRunner } from './script-runner.ts'
import type { ScriptResult } from './script.ts'
import { US_PER_MS } from '../config/forms/numbers.ts'

/**
 * Runs one of them, if there is one, to its end or its deadline. Never rejects: a daemon starts and stops whatever they do.
 *
 * The sentences, with the word that is there twice, are keepalived's.
 */
export async function runDaemonScript(
  which: 'startup' | 'shutdown',
  globals: GlobalDefs,
  runner: ScriptRunner,
  log: Logger,
  abort: AbortSignal = new AbortController().signal,
): Promise<void> {
  const [script, timeoutUs] =
    which === 'startup'
      ? [globals.startupScript, globals.startupScriptTimeoutUs]
      : [globals.shutdownScript, globals.shutdownScriptTimeoutUs]
  if (script === undefined) return
  const { path, args, account } = script
  const accounts = new AccountBook(runner)
  accounts.configure([account], globals)
  const whom = await accounts.runnerOf(account, abort)
  if ('problem' in whom) {
    log.error({ script: path, user: whom.user }, `${which} script not run: ${whom.problem}`)
    return
  }
  log.info({ script: path }, `Running ${which} script ${path}`)
  const result = await runner.run({ path, args }, whom.account, timeoutUs / US_PER_MS, abort)
  const { level, text } = sentence(which, result)
  log[level]({ script: path, ...result }, text)
}

function sentence(which: string, result: ScriptResult): { readonly level: 'info' | 'warn'; readonly text: string } {
  switch (result.outcome) {
    case 'exited':
      if (result.code === 0) return { level: 'info', text: `${which} script script succeeded` }
      return { level: 'warn', text: `${which} script script failed, status ${result.code}` }
    case 'signalled':
      return { level: 'warn', text: `${which} script script failed, signal ${result.signal}` }
    case 'timedOut':
      return { level: 'warn', text: `${which} script timed out` }
    case 'aborted':
      return { level: 'warn', text: `${which} script given up: the daemon stops` }
    case 'notStarted':
      return { level: 'warn', text: `${which} script not run: ${result.reason}` }
  }
}
