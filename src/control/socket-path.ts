import { statSync } from 'node:fs'
import { join } from 'node:path'
import { KaError } from '../errors.ts'

/** Where the lock and the runtime file of a daemon are unless it is told otherwise. */
export const DEFAULT_RUNTIME_DIR = '/run/ka-native'

/** The network namespace of the thread that runs JavaScript; its inode number tells it from others. */
const OWN_NAMESPACE = '/proc/thread-self/ns/net'

/** Which daemon of this network namespace. */
export interface DaemonPlace {
  readonly runtimeDir?: string | undefined
  /** The keyword `instance`, or what the options say in its place. */
  readonly instanceName?: string | undefined
}

/**
 * The directory and the file name of the control socket of a daemon: beside its lock and its runtime file, with their stem.
 *
 * @throws {KaError} `KA_ERR_USAGE` for a name that no file can have
 */
export function controlSocketPlace({ runtimeDir = DEFAULT_RUNTIME_DIR, instanceName }: DaemonPlace): {
  readonly directory: string
  readonly name: string
} {
  if (instanceName !== undefined && (instanceName === '' || /[/\0]/.test(instanceName))) {
    throw new KaError('KA_ERR_USAGE', 'the name of a daemon is a file name')
  }
  const { ino } = statSync(OWN_NAMESPACE, { bigint: true })
  return { directory: runtimeDir, name: instanceName === undefined ? `${ino}.sock` : `${ino}.${instanceName}.sock` }
}

/** The whole path of it. */
export function controlSocketPath(place: DaemonPlace): string {
  return daemonFile(place, 'sock')
}

/** The path of a file beside it, with another extension. */
export function daemonFile(place: DaemonPlace, extension: string): string {
  const { directory, name } = controlSocketPlace(place)
  return join(directory, name.replace(/sock$/, extension))
}
