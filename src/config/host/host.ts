/** What a check looks up on this machine. Injected, so that a check can be made for another one. */
import { constants, accessSync, existsSync, readFileSync, statSync } from 'node:fs'
import { cpus, hostname, networkInterfaces, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Accounts } from './accounts.ts'
import type { IprouteTable } from '../tables/iproute.ts'
import { readMtu } from './mtu.ts'
import { alterablePart, becomesRoot } from './tampering.ts'
import type { Alterable } from './tampering.ts'

/** A user as the account database knows it. */
export interface UserEntry {
  readonly uid: number
  readonly gid: number
}

/** The machine a configuration is meant for. */
export interface Host {
  readonly hostname: string
  /** The user that scripts run as when nothing else is said. */
  readonly uid: number
  /** Its name, for mail. */
  readonly userName: string
  readonly cpuCount: number
  /** Also true where interfaces cannot be looked up. */
  hasInterface(name: string): boolean
  /** Whether an interface has this address, in canonical form. */
  hasAddress(address: string): boolean
  /** Octets; absent when not known. */
  interfaceMtu(name: string): number | undefined
  /** `no-answer`: the account database takes too long to say. */
  user(name: string): UserEntry | undefined | 'no-answer'
  /** Its number. */
  group(name: string): number | undefined | 'no-answer'
  /** What iproute2 calls numbers in a file of a directory, such as rt_tables in /etc/iproute2; nothing where there is none. */
  iprouteNames(directory: string, table: IprouteTable): ReadonlyMap<string, number>
  /** Why a program cannot be run; absent when it can. */
  scriptProblem(path: string): ScriptProblem | undefined
  /** What of a program somebody else than root can change; absent where nobody can. */
  alterablePart(path: string): Alterable | undefined
  /** Whether a program runs with the rights of root, or of its group, whoever starts it. */
  becomesRoot(path: string): boolean
}

/** Why a program cannot be run. */
export interface ScriptProblem {
  /** There is no such file: nothing will be run. */
  readonly isMissing: boolean
  /** In words that continue "the script X". */
  readonly reason: string
}

/** A file of names that is larger is none. */
const MAX_NAMES_OCTETS: number = 1024 * 1024

/** This machine, in the network namespace of this process. Interfaces are read once, at the first question. */
export function localHost(): Host {
  const interfaces = lazy(readInterfaces)
  const addresses = lazy(readAddresses)
  const names = new Map<string, ReadonlyMap<string, number>>()
  const mtus = new Map<string, number | undefined>()
  const accounts = new Accounts()
  return {
    hostname: hostname(),
    uid: process.geteuid?.() ?? 0,
    userName: readUserName(),
    cpuCount: cpus().length,
    hasInterface: (name) => interfaces()?.has(name) ?? true,
    hasAddress: (address) => addresses().has(address),
    interfaceMtu(name) {
      // A name that no interface has may be a path to anywhere.
      if (!mtus.has(name)) mtus.set(name, interfaces()?.has(name) === true ? readMtu(name) : undefined)
      return mtus.get(name)
    },
    user(name) {
      const entry = accounts.entry('passwd', name)
      return typeof entry === 'object' ? { uid: Number(entry[2]), gid: Number(entry[3]) } : entry
    },
    group(name) {
      const entry = accounts.entry('group', name)
      return typeof entry === 'object' ? Number(entry[2]) : entry
    },
    iprouteNames(directory, table) {
      const file = join(directory, table)
      const known = names.get(file) ?? readNames(file)
      names.set(file, known)
      return known
    },
    scriptProblem,
    alterablePart: (path) => alterablePart(foundInPath(path) ?? path),
    becomesRoot: (path) => becomesRoot(foundInPath(path) ?? path),
  }
}

function readAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address)))
}

/** A user that the account database does not know has a number alone. */
function readUserName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? 0)
  }
}

/** Lines of a number, decimal or after `0x`, and its name; what cannot be read gives no names. */
function readNames(file: string): ReadonlyMap<string, number> {
  const entries = linesOf(file)
    .map((line) => /^\s*(0x[0-9a-f]+|\d+)\s+([^\s#]+)/i.exec(line))
    .filter((entry) => entry !== null)
  return new Map(entries.map(([, number = '', name = '']) => [name, Number(number)] as const))
}

function linesOf(file: string): readonly string[] {
  try {
    // What is no file may never end, or never begin; and no table of names is large.
    const status = statSync(file)
    return status.isFile() && status.size <= MAX_NAMES_OCTETS ? readFileSync(file, 'utf8').split('\n') : []
  } catch {
    // Not installed, or not for us to read: names are optional.
    return []
  }
}

/**
 * Reads /proc/net/dev, which always shows the namespace of the process, unlike a /sys mounted earlier.
 *
 * @returns `undefined` where there is no such file: a check on another system cannot judge interfaces
 */
function readInterfaces(): ReadonlySet<string> | undefined {
  if (!existsSync('/proc/net/dev')) return undefined
  const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2)
  return new Set(lines.map((line) => line.slice(0, line.lastIndexOf(':')).trim()).filter((name) => name !== ''))
}

function scriptProblem(path: string): ScriptProblem | undefined {
  if (isAbsolute(path)) return programProblem(path)
  if (path.includes('/')) return { isMissing: true, reason: 'is not an absolute path' }
  return foundInPath(path) === undefined ? { isMissing: true, reason: 'is not found in PATH' } : undefined
}

/** The program that a name without a slash means. */
function foundInPath(name: string): string | undefined {
  if (name.includes('/')) return undefined
  const directories = (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':').filter((directory) => isAbsolute(directory))
  return directories.map((directory) => join(directory, name)).find((path) => programProblem(path) === undefined)
}

function programProblem(path: string): ScriptProblem | undefined {
  try {
    if (statSync(path).isDirectory()) return { isMissing: false, reason: 'is a directory' }
    accessSync(path, constants.X_OK)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return { isMissing: true, reason: 'does not exist' }
    return { isMissing: false, reason: 'may not be executed' }
  }
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
