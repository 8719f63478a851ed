/** Sentences of the facts about keepalived, each with a configuration that shows it and what becomes of that. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { startExitCode, testExitCode } from '../../src/config/diagnostics/exit-code.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { testHost } from './fixtures.ts'
import { runInNamespace, whyUnavailable } from './keepalived.ts'

/** One sentence, or row of a table. */
export interface Fact {
  /** The sentence, in short where it is long; unique. */
  readonly fact: string
  readonly text: string
  /** Other files of the folder. */
  readonly files?: Readonly<Record<string, string>>
  /** The status of a test. */
  readonly status: number
  /** The status of a start, when it is not 0. */
  readonly start?: number
  /** What is reported, apart from what is not supported yet. */
  readonly codes: readonly string[]
  /** What the configuration is, for a reader that picks a part of it. */
  readonly is?: readonly [part: (config: Config) => unknown, wanted: unknown]
  /** Why Debian's 2.2.7 ends with another status. */
  readonly differs?: string
}

/** An instance that is complete, with more lines. */
export function instance(...lines: readonly string[]): string {
  return instanceOf('VI_1', 51, ...lines)
}

/** Another instance that is complete. */
export function instanceOf(name: string, vrid: number, ...lines: readonly string[]): string {
  const own = lines.map((line) => `  ${line}\n`).join('')
  return `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id ${vrid}\n${own}  virtual_ipaddress {\n    10.0.0.1/24\n  }\n}\n`
}

/** A virtual server with a real server, and more lines of either. */
export function virtualServer(lines: readonly string[] = [], ofRealServer: readonly string[] = []): string {
  const own = lines.map((line) => `  ${line}\n`).join('')
  const inner = ofRealServer.map((line) => `    ${line}\n`).join('')
  return `virtual_server 10.0.0.9 80 {\n  lvs_sched rr\n  lvs_method NAT\n  protocol TCP\n${own}  real_server 10.0.1.1 80 {\n${inner}  }\n}\n`
}

/** Codes that say what ka-native does not do yet, or which say so of the whole. */
const OF_PROGRESS: ReadonlySet<string> = new Set(['not-supported-yet', 'not-supported-matters', 'cannot-run-without'])

/** Makes a test of each fact, and one that compares the statuses with keepalived's. */
export function testFacts(sheet: string, sections: Readonly<Record<string, readonly Fact[]>>): void {
  const scratch = mkdtempSync(join(tmpdir(), 'ka-facts-'))
  test.after.always(() => rmSync(scratch, { recursive: true }))
  const asked: { readonly file: string; readonly fact: Fact }[] = []
  for (const [section, facts] of Object.entries(sections)) {
    for (const fact of facts) {
      const file = join(scratch, `${sheet}-${asked.length}`, 'keepalived.conf')
      asked.push({ file, fact })
      test(`${sheet} ${section}: ${fact.fact}`, (t) => {
        write(file, fact)
        const { config, diagnostics } = loadConfig({ file, host: testHost({ uid: 0 }) })
        const codes = [...diagnostics].map(({ code }) => code).filter((code) => !OF_PROGRESS.has(code))
        t.deepEqual(
          { status: testExitCode(diagnostics), start: startExitCode(diagnostics), codes },
          { status: fact.status, start: fact.start ?? 0, codes: fact.codes },
        )
        const [part, wanted] = fact.is ?? []
        if (part !== undefined) t.deepEqual(part(config), wanted)
      })
    }
  }
  compareWithKeepalived(sheet, asked)
}

function write(file: string, { text, files = {} }: Fact): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dirname(file), name), content)
}

const STATUSES = `for file in "$@"; do
  status=0
  (cd "$(dirname "$file")" && timeout 20 keepalived -t -i router1 -f keepalived.conf >/dev/null 2>&1) || status=$?
  echo "$status"
done`

function compareWithKeepalived(sheet: string, asked: readonly { readonly file: string; readonly fact: Fact }[]): void {
  const unavailable = whyUnavailable()
  const run = unavailable === undefined ? test : test.skip
  if (unavailable !== undefined) console.warn(`the comparison with keepalived is skipped: ${unavailable}`)
  run(`${sheet}: keepalived -t has the same statuses`, (t) => {
    for (const { file, fact } of asked) write(file, fact)
    const lines = runInNamespace(
      STATUSES,
      asked.map(({ file }) => file),
    )
    const statuses = lines.trim().split('\n').map(Number)
    t.is(statuses.length, asked.length)
    for (const [index, { fact }] of asked.entries()) {
      if (fact.differs === undefined) t.is(statuses[index], fact.status, fact.fact)
      else t.not(statuses[index], fact.status, `${fact.fact} no longer differs: ${fact.differs}`)
    }
  })
}
