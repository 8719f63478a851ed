/** What a check looks up on this machine. Injected, so that a check can be made for another one. */
import { constants, accessSync, existsSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Accounts } from './accounts.ts'
import { readMtu } from './mtu.ts'

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
  /** Also true where interfaces cannot be looked up. */
  hasInterface(name: string): boolean
  /** Octets; absent when not known. */
  interfaceMtu(name: string): number | undefined
  /** `no-answer`: the account database takes too long to say. */
  user(name: string): UserEntry | undefined | 'no-answer'
  hasGroup(name: string): boolean | 'no-answer'
  /** The number of an address scope: a number in any base, or a name that iproute2 knows. */
  addressScope(text: string): number | undefined
  /** Why a program cannot be run; absent when it can. */
  scriptProblem(path: string): ScriptProblem | undefined
}

/** Why a program cannot be run. */
export interface ScriptProblem {
  /** There is no such file: nothing will be run. */
  readonly isMissing: boolean
  /** In words that continue "the script X". */
  readonly reason: string
}

/** This machine, in the network namespace of this process. Interfaces are read once, at the first question. */
export function localHost(): Host {
  const interfaces = lazy(readInterfaces)
  const scopes = lazy(readScopes)
  const mtus = new Map<string, number | undefined>()
  const accounts = new Accounts()
  return {
    hostname: hostname(),
    uid: process.geteuid?.() ?? 0,
    hasInterface: (name) => interfaces()?.has(name) ?? true,
    interfaceMtu(name) {
      // A name that no interface has may be a path to anywhere.
      if (!mtus.has(name)) mtus.set(name, interfaces()?.has(name) === true ? readMtu(name) : undefined)
      return mtus.get(name)
    },
    user(name) {
      const entry = accounts.entry('passwd', name)
      return typeof entry === 'object' ? { uid: Number(entry[2]), gid: Number(entry[3]) } : entry
    },
    hasGroup(name) {
      const entry = accounts.entry('group', name)
      return entry === 'no-answer' ? entry : entry !== undefined
    },
    addressScope: (text) => scopeNumber(text) ?? scopes().get(text),
    scriptProblem,
  }
}

/** Address scopes that need no table. */
const SCOPES: ReadonlyMap<string, number> = new Map([
  ['global', 0],
  ['site', 200],
  ['link', 253],
  ['host', 254],
  ['nowhere', 255],
])
/** iproute2's tables, the local one first; both are optional. */
const SCOPE_TABLES = ['/usr/share/iproute2/rt_scopes', '/etc/iproute2/rt_scopes']

/** A scope as a number, in any base as strtoul(3) with base 0 reads it. */
export function scopeNumber(text: string): number | undefined {
  if (!/^(?:0x[0-9a-f]+|[1-9]\d*|0[0-7]*)$/i.test(text)) return SCOPES.get(text)
  const number = /^0[0-7]/.test(text) ? Number.parseInt(text, 8) : Number(text)
  return number <= 255 ? number : undefined
}

function readScopes(): ReadonlyMap<string, number> {
  const lines = SCOPE_TABLES.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n'))
  const entries = lines.map((line) => /^\s*(\S+)\s+([^\s#]+)/.exec(line)).filter((entry) => entry !== null)
  return new Map(entries.flatMap(([, number = '', name = '']) => (/^[0-9]/.test(number) ? [[name, Number(number)] as const] : [])))
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
  const directories = (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':').filter((directory) => isAbsolute(directory))
  const isFound = directories.some((directory) => programProblem(join(directory, path)) === undefined)
  return isFound ? undefined : { isMissing: true, reason: 'is not found in PATH' }
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
