import type { Capture } from '../lab/capture.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import type { Lab } from '../lab/lab.ts'
import { Program, type ProgramOptions } from '../lab/program.ts'
import type { DaemonOptions } from '../../src/index.ts'

/** The address that a Master holds and that has to go when it ends. */
export const ADDRESS = '192.0.2.200'

export const ADVERT_INTERVAL_MS = 100

/** A virtual router that becomes Master at once where it is alone. */
export const INSTANCE: InstanceConf = {
  vrid: 51,
  priority: 200,
  version: 3,
  advertInt: ADVERT_INTERVAL_MS / 1_000,
  addresses: [`${ADDRESS}/24`],
}

export const CONF: string = keepalivedConf(INSTANCE)

/** A program that is Master, and a recording of what it sends. */
export interface Master {
  readonly program: Program
  readonly capture: Capture
}

/** Starts a program on host `a` whose daemon is Master of {@link ADDRESS}. */
export async function startMaster(lab: Lab<'a'>, options: DaemonOptions = {}, programOptions: ProgramOptions = {}): Promise<Master> {
  const capture = await lab.capture('a', 'ip proto 112')
  const program = await Program.start(lab.host('a'), programOptions)
  await program.run(async (realm, [conf, daemonOptions]) => await realm.start(conf, daemonOptions), [CONF, options] as const)
  await lab.waitForHolders(ADDRESS, 'a')
  return { program, capture }
}

/** Waits until the recording shows that the Master resigned: priority 0, and nothing after it. */
export async function waitForResignation(capture: Capture): Promise<void> {
  await capture.waitFor('a resignation as the last word', (packets) => {
    const last = packets.at(-1)
    return last?.kind === 'advertisement' && last.priority === 0
  })
}
