/** The thread that runs scripts, for a test. */
import type { ExecutionContext } from 'ava'
import pino, { type Logger } from 'pino'
import { openScriptRunner, type ScriptRunner } from '../../src/process/script-runner.ts'

/** A runner that ends with the test. */
export async function openRunner(t: ExecutionContext, log: Logger = pino({ level: 'silent' })): Promise<ScriptRunner> {
  const runner = await openScriptRunner({ log })
  t.teardown(async () => {
    await runner.stop(5_000)
  })
  return runner
}
