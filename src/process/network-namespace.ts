/**
 * The network namespace that the daemon runs in (`net_namespace`, `-s`; process.md §4).
 *
 * Node has threads when the first line of a program runs, and each is in a namespace of its own: none but a new program has all of
 * them in another. So the program is executed again, with the same command line, in a process that is still this one.
 */
import { statSync } from 'node:fs'
import type { Logger } from 'pino'
import { fromNative, loadNative } from '../engine/native.ts'
import { KaError } from '../errors.ts'

/** Tells the program that is executed again where it is. Nothing that it starts sees it. */
const VARIABLE = 'KA_NATIVE_NETWORK_NAMESPACE'

/** Tells it which descriptor is a socket from where it was before, on which the kernel can tell of processes. */
const EVENTS_VARIABLE = 'KA_NATIVE_PROCESS_EVENTS'

/** Where ip-netns(8) keeps namespaces. */
const NAMESPACES = '/run/netns'

/** keepalived's directory for pid files: each namespace has one of its own there. */
const PID_DIRECTORY = '/run/keepalived'

/** Relative names of the command line are those of this directory. */
const startedIn = workingDirectory()

/** Where a program was executed again. */
export interface Entered {
  readonly name: string
  /** A descriptor for the engine; `undefined` where there was none to be had. */
  readonly processEventsFd: number | undefined
}

/** The namespace that this program was executed again in; `undefined` when it was not. To be asked once, and first. */
export function enteredNamespace(): Entered | undefined {
  const name = process.env[VARIABLE]
  const fd = process.env[EVENTS_VARIABLE]
  delete process.env[VARIABLE]
  delete process.env[EVENTS_VARIABLE]
  return name === undefined ? undefined : { name, processEventsFd: fd === undefined ? undefined : Number(fd) }
}

/** Whether this process is in the namespace that is called so. */
export function isInNamespace(name: string): boolean {
  if (name.includes('/')) return false
  try {
    const [own, named] = [statSync('/proc/self/ns/net'), statSync(`${NAMESPACES}/${name}`)]
    return own.dev === named.dev && own.ino === named.ino
  } catch {
    return false
  }
}

/**
 * Executes this program again in a network namespace, and in a mount namespace where the directory of pid files is its own. Returns
 * only by throwing: the process is to end then.
 *
 * @param kept descriptors that the program is to have besides standard input, output and error
 * @throws {KaError} `KA_ERR_NETWORK_NAMESPACE`, `KA_ERR_PERMISSION`
 */
export async function enterNamespace(name: string, kept: readonly number[] = []): Promise<never> {
  const { enterNetworkNamespace } = await loadNative()
  try {
    if (startedIn !== undefined) process.chdir(startedIn)
    return enterNetworkNamespace(name, PID_DIRECTORY, VARIABLE, EVENTS_VARIABLE, [...kept])
  } catch (error) {
    const { code, message } = fromNative(error)
    // keepalived's sentence.
    const sentence = `Unable to set network namespace ${name} - exiting: ${message}`
    throw new KaError(code === 'KA_ERR_PERMISSION' ? code : 'KA_ERR_NETWORK_NAMESPACE', sentence, { cause: error })
  }
}

/** Undoes what {@link enterNamespace} did to the directory of pid files; the last thing that a daemon does. */
export async function leaveNamespace(name: string, log: Logger): Promise<void> {
  const { leaveNetworkNamespace } = await loadNative()
  try {
    leaveNetworkNamespace(name, PID_DIRECTORY)
  } catch (error) {
    log.warn({ err: error }, `${PID_DIRECTORY}/${name} stays: ${fromNative(error).message}`)
  }
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    // It has been removed.
    return undefined
  }
}
