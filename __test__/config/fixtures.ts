/** The cases of __test__/fixtures/config, and the machine they are written for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Severity } from '../../src/config/diagnostics/diagnostic.ts'
import type { Host } from '../../src/config/host/host.ts'
import type { IprouteTable } from '../../src/config/tables/iproute.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/config/', import.meta.url))

/** One diagnostic of expected.json. */
export interface ExpectedDiagnostic {
  /** Relative to the folder; keepalived.conf unless given. */
  readonly file?: string
  readonly severity: Severity
  readonly code: string
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** expected.json. */
export interface Expected {
  readonly exit: { readonly test: number; readonly start: number }
  /** Why Debian's keepalived 2.2.7 ends with another status. */
  readonly keepalived?: string
  /** In any order. */
  readonly diagnostics: readonly ExpectedDiagnostic[]
  /** The part of the configuration that the case is about; `null` stands for absent. */
  readonly config: unknown
}

/** A folder of __test__/fixtures/config. */
export interface Fixture {
  readonly name: string
  readonly folder: string
  readonly file: string
  readonly expected: Expected
  /** expected.txt: the diagnostics as people see them, where a case has it. */
  readonly text: string | undefined
}

/** All cases, by name. */
export function fixtures(): Fixture[] {
  return readdirSync(FIXTURES).map((name) => {
    const folder = join(FIXTURES, name)
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
    const textFile = join(folder, 'expected.txt')
    const text = existsSync(textFile) ? readFileSync(textFile, 'utf8') : undefined
    return { name, folder, file: join(folder, 'keepalived.conf'), expected, text }
  })
}

const NO_NAMES: ReadonlyMap<string, number> = new Map()
/** Some of Debian's names that are not built in. */
const IPROUTE_NAMES: Readonly<Partial<Record<IprouteTable, ReadonlyMap<string, number>>>> = {
  rt_realms: new Map([['cosmos', 0]]),
  rt_protos: new Map([
    ['keepalived', 18],
    ['bgp', 186],
  ]),
  rt_dsfield: new Map([
    ['AF11', 0x28],
    ['EF', 0xb8],
  ]),
  group: new Map([['default', 0]]),
}

/** A machine with two interfaces and Debian's usual accounts, whatever this one has. */
export function testHost(changes: Partial<Host> = {}): Host {
  const users = new Map([
    ['root', { uid: 0, gid: 0 }],
    ['nobody', { uid: 65534, gid: 65534 }],
  ])
  return {
    hostname: 'router1.example',
    uid: 1000,
    userName: 'daemon',
    cpuCount: 2,
    hasInterface: (name) => ['lo', 'eth0', 'eth1'].includes(name),
    hasAddress: () => false,
    alterablePart: () => undefined,
    becomesRoot: () => false,
    interfaceMtu: () => undefined,
    user: (name) => users.get(name),
    group: (name) => ({ root: 0, nogroup: 65_534 })[name],
    iprouteNames: (directory, table) => (directory === '/etc/iproute2' ? (IPROUTE_NAMES[table] ?? NO_NAMES) : NO_NAMES),
    scriptProblem(path) {
      if (['/usr/bin/true', '/usr/bin/false', 'true'].includes(path)) return undefined
      return { isMissing: true, reason: path.startsWith('/') ? 'does not exist' : 'is not an absolute path' }
    },
    ...changes,
  }
}
