/** Programs and outcomes as the script worker has them. */
import type { ScriptOutcome, ScriptProgram } from '#native'
import { Buffer } from 'node:buffer'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { Account } from './account.ts'
import type { Program, ScriptResult } from './script.ts'

type Step = Extract<ScriptOutcome, { type: 'notStarted' }>['step']

/** What failed where that was not the program itself. */
const STEPS: Readonly<Record<Step, string | undefined>> = {
  process: 'making a process',
  processGroup: 'making a process group',
  groups: 'setting the supplementary groups',
  gid: 'setting the group',
  uid: 'setting the user',
  parentDeath: 'asking for a signal at the end of the daemon',
  streams: 'opening its standard streams',
  descriptors: 'closing other files',
  directory: 'entering its directory',
  program: undefined,
}

const SIGNAL_NAMES: ReadonlyMap<number, NodeJS.Signals> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
)

/** A program for the worker. A test of a file is the shell's. */
export function nativeProgram(
  { path, args, capturesOutput = false }: Program,
  account: Account | undefined,
  resolveLinks: boolean,
): ScriptProgram {
  const isFileTest = path.startsWith('</')
  const words = isFileTest ? { path: '/bin/sh', args: ['-c', `<${quoted(path.slice(1))}`] } : { path, args: [...args] }
  const identity = account === undefined ? {} : { identity: { uid: account.uid, gid: account.gid, groups: [...account.groups] } }
  return { ...words, ...identity, captureOutput: capturesOutput, resolveLinks: resolveLinks && !isFileTest }
}

/** One word for the shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * How a run ended.
 *
 * @param remaining of one that goes on: the system's error number where it could not be signalled
 * @param output what it wrote, where that is wanted
 */
export function resultOf(outcome: ScriptOutcome, remaining?: { readonly errno?: number }, output?: Uint8Array): ScriptResult {
  const written = output === undefined ? {} : { output: Buffer.from(output).toString() }
  return { ...plainResult(outcome, remaining), ...written }
}

function plainResult(outcome: ScriptOutcome, remaining: { readonly errno?: number } | undefined): ScriptResult {
  switch (outcome.type) {
    case 'exited':
      return { outcome: 'exited', code: outcome.code }
    case 'signalled':
      return { outcome: 'signalled', signal: SIGNAL_NAMES.get(outcome.signal) ?? realTimeName(outcome.signal) }
    case 'timedOut':
    case 'aborted':
      return { outcome: outcome.type, ...(remaining === undefined ? {} : { remains: whyItRemains(remaining.errno) }) }
    case 'notStarted': {
      const symbol = getSystemErrorName(-outcome.errno)
      const what = STEPS[outcome.step]
      const reason = what === undefined ? symbol : `${symbol} at ${what}`
      return { outcome: 'notStarted', reason, ...(outcome.step === 'process' ? { isTransient: true } : {}) }
    }
    case 'unknown':
      return { outcome: 'notStarted', reason: 'something else in this process took its status' }
  }
}

/** Node has no names for real-time signals. */
function realTimeName(signal: number): NodeJS.Signals {
  return `SIG${signal}` as NodeJS.Signals
}

function whyItRemains(errno: number | undefined): string {
  return errno === undefined ? 'it does not end at SIGKILL' : getSystemErrorName(-errno)
}
