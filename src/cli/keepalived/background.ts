/**
 * The way into the background. Node cannot fork: the program is started again, with the same command line, in a session of its own,
 * and its starter ends when that one says that it is up, or why it is not.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** Tells the second process that it is one. Nothing that it starts sees it. */
const MARKER = 'KA_NATIVE_BACKGROUND'

/** Where the second process tells the first one how it went. */
export const STATUS_FD = 3

/** Signals that end the first process; they are meant for the daemon. */
const PASSED_ON = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Says what became of the start. */
export interface Starter {
  /** Lets the starter end with this status; its standard error gets the sentence. Only the first call counts. */
  readonly tell: (exitCode: number, sentence?: string) => void
}

/** The starter of this process; `undefined` when it is the first one. */
export function starter(): Starter | undefined {
  if (process.env[MARKER] === undefined) return undefined
  delete process.env[MARKER]
  const state = { isTold: false }
  return {
    tell: (exitCode, sentence = '') => {
      if (state.isTold) return
      state.isTold = true
      try {
        writeSync(STATUS_FD, `${exitCode} ${sentence}\n`)
        closeSync(STATUS_FD)
      } catch {
        // It was killed: there is nobody to tell.
      }
    },
  }
}

/** Starts this program again in the background and waits for its word; the status to end with. */
export async function startInBackground(): Promise<number> {
  const [program = process.execPath, ...args] = process.argv
  const started: { daemon?: ChildProcess } = {}
  // Before there is a daemon: between the two a signal would end this process alone.
  for (const signal of PASSED_ON) process.on(signal, () => started.daemon?.kill(signal))
  const child = spawn(program, [...process.execArgv, ...args], {
    detached: true,
    env: { ...process.env, [MARKER]: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  started.daemon = child
  const ended = ending(child)
  const pipe = child.stdio[STATUS_FD]
  // The word, or nothing when it ended without any.
  const word = pipe instanceof Readable ? await text(pipe) : ''
  const [, status, sentence = ''] = /^(\d+) (.*)\n$/s.exec(word) ?? []
  if (status === undefined) return tellLost(await ended)
  if (sentence !== '') process.stderr.write(`ka-native: ${sentence}\n`)
  return Number(status)
}

/** How a process ended, or why it did not even start. */
interface Ending {
  readonly exitCode: number
  readonly reason: string
}

async function ending(child: ChildProcess): Promise<Ending> {
  return await new Promise((resolve) => {
    child.once('error', ({ message }) => {
      resolve({ exitCode: 1, reason: message })
    })
    child.once('exit', (exitCode, signal) => {
      resolve(exitCode === null ? { exitCode: 1, reason: signal ?? 'signal' } : { exitCode, reason: `status ${exitCode}` })
    })
  })
}

function tellLost({ exitCode, reason }: Ending): number {
  process.stderr.write(`ka-native: the daemon ended before it was up: ${reason}\n`)
  return exitCode === 0 ? 1 : exitCode
}
