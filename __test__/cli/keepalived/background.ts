/** A daemon of either kind that its command line put into the background of a sandbox. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Implementation } from '../../lab/daemon.ts'
import type { Lab } from '../../lab/lab.ts'
import type { CommandResult } from '../../lab/sandbox.ts'
import { waitFor } from '../../lab/wait-for.ts'

export const MAIN: string = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

/** The words that start each of them. */
export const PROGRAMS: Readonly<Record<Implementation, readonly string[]>> = {
  keepalived: ['keepalived'],
  'ka-native': [process.execPath, MAIN],
}

/** A pid file, or a directory of them. */
export interface PidEntry {
  readonly path: string
  /** As ls(1) shows it. */
  readonly mode: string
  /** The number in the file; absent for a directory. */
  readonly pid?: number
}

/** Runs a command line of either to its end. */
export async function runCommand(
  lab: Lab<'a'>,
  implementation: Implementation,
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<CommandResult> {
  return await lab.host('a').run([...prefix, ...PROGRAMS[implementation], ...args])
}

/** All pid files of the sandbox, and keepalived's directory for them, by their paths. */
export async function pidEntries(lab: Pick<Lab, 'sandbox'>): Promise<readonly PidEntry[]> {
  const command =
    "find /run -name '*.pid' -o -path '/run/keepalived*' -type d | sort | while read f; do echo \"$f $(stat -c %A $f) $(cat $f 2>/dev/null)\"; done"
  const listed = await lab.sandbox.exec(['sh', '-c', command])
  return listed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [path = '', mode = '', pid = ''] = line.split(' ')
      return pid === '' ? { path, mode } : { path, mode, pid: Number(pid) }
    })
}

/** Paths and modes of {@link pidEntries}, once there are as many as wanted. */
export async function settledEntries(lab: Pick<Lab, 'sandbox'>, count: number): Promise<readonly string[]> {
  const entries = await waitFor(
    `there are ${count} pid files`,
    async () => {
      const found = await pidEntries(lab)
      return found.filter(({ pid }) => pid !== undefined).length >= count && found
    },
    { seen: async () => await pidEntries(lab) },
  )
  return entries.map(({ path, mode }) => `${mode} ${path}`)
}

/** The number in a pid file, once there is one: keepalived is in the background before it has written it. */
export async function pidIn(lab: Pick<Lab, 'sandbox'>, path: string): Promise<number> {
  const seen = async (): Promise<string> => (await lab.sandbox.run(['cat', path])).stdout
  return await waitFor(`a number is in ${path}`, async () => Number(await seen()) || false, { seen })
}

/** Stops the process that a pid file names, and waits for its end. */
export async function stop(lab: Pick<Lab, 'sandbox'>, path: string): Promise<void> {
  const pid = await pidIn(lab, path)
  await waitForLoops(lab)
  await lab.sandbox.exec(['kill', `${pid}`])
  await waitFor(`process ${pid} has ended`, async () => !(await isAlive(lab, pid)))
}

/**
 * Waits until every process with a pid file waits for events. Until then keepalived's may die of a signal, or lose it: they ignore
 * signals for a while after they have written their files.
 */
async function waitForLoops(lab: Pick<Lab, 'sandbox'>): Promise<void> {
  const places = async (): Promise<readonly string[]> => {
    const pids = (await pidEntries(lab)).flatMap(({ pid }) => (pid === undefined ? [] : [`/proc/${pid}/wchan`]))
    return await Promise.all(pids.map(async (file) => (await lab.sandbox.run(['cat', file])).stdout))
  }
  // Nothing: it has ended. `ep_poll` or `do_epoll_wait`, as the kernel calls it.
  const areWaiting = async (): Promise<boolean> => (await places()).every((place) => place === '' || /ep_poll|epoll_wait/.test(place))
  await waitFor('all processes with a pid file wait for events', areWaiting, { seen: places })
}

/** Whether there is a process with this number in the sandbox, be it only its remains. */
export async function isAlive(lab: Pick<Lab, 'sandbox'>, pid: number): Promise<boolean> {
  return (await lab.sandbox.run(['test', '-d', `/proc/${pid}`])).code === 0
}

/** The text of a file in the scratch directory of the sandbox. */
export async function scratchFile(lab: Pick<Lab, 'sandbox'>, name: string): Promise<string> {
  return await readFile(`${lab.sandbox.scratch.outside}/${name}`, 'utf8')
}
