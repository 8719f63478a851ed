import { spawnSync } from 'node:child_process'
import test, { type ExecutionContext, type SerialFn, type TestFn } from 'ava'
import { Lab } from './lab.ts'
import { Sandbox } from './sandbox.ts'

const PROGRAMS = ['ip', 'nsenter', 'sysctl', 'ping', 'tcpdump', 'tcpreplay', 'keepalived']

const reason = whyNot()
if (reason !== undefined) console.warn(`tests in network namespaces are skipped: ${reason}`)

/**
 * `test`, or `test.skip` where labs cannot be made; the log then says why. The runner behind `npm test` counts a skipped test as
 * failed in CI.
 */
export const labTest: TestFn | TestFn['skip'] = reason === undefined ? test : test.skip

/** The same for tests that run one after the other within their file: there are many, or they need the processor in time. */
export const serialLabTest: SerialFn | SerialFn['skip'] = reason === undefined ? test.serial : test.serial.skip

function whyNot(): string | undefined {
  const missing = PROGRAMS.filter((program) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`]).status !== 0)
  return missing.length > 0 ? `missing programs: ${missing.join(', ')}` : Sandbox.unavailable()
}

/** Wraps a test that needs hosts on a segment: makes the lab, logs what its daemons wrote when the test fails, and removes it. */
export function inLab<Name extends string>(
  names: readonly Name[],
  body: (t: ExecutionContext, lab: Lab<Name>) => Promise<void>,
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const lab = await Lab.open(names)
    // Also runs after a time-out of the test, when `body` hangs.
    t.teardown(async () => {
      if (!t.passed) t.log(await lab.report())
      await lab.close()
    })
    await body(t, lab)
  }
}
