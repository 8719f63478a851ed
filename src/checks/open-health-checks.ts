import type { Logger } from 'pino'
import { loadNative, native } from '../engine/native.ts'
import { Wake } from '../engine/wake.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { HealthChecks } from './checker.ts'
import { DaemonChecks } from './health-checks.ts'
import { Probes } from './probes.ts'

/** What the checks of a daemon are opened with. */
export interface HealthCheckOptions {
  readonly log: Pick<Logger, 'info' | 'debug' | 'warn' | 'error'>
  readonly scripts: Pick<ScriptRunner, 'run'>
}

/**
 * Starts the thread that asks servers. Nothing is checked before the first configuration.
 *
 * @throws {KaError} `KA_ERR_ADDON_UNAVAILABLE`; `KA_ERR_ENGINE` when the system refuses a thread
 */
export async function openHealthChecks({ log, scripts }: HealthCheckOptions): Promise<HealthChecks> {
  const { Prober, HttpResponse } = await loadNative()
  const wake = new Wake()
  // The call is synchronous: it throws.
  const prober = await native(async () => await Promise.resolve(Prober.open(wake.call)))
  const probes = new Probes(prober, wake)
  wake.follow(() => {
    probes.takeResults()
  })
  return new DaemonChecks({ probes, judge: (expect) => new HttpResponse(expect), scripts }, log)
}
