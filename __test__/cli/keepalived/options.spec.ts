/** Every option of keepalived, as `options.tsv` has them: what is made of it, and what the programs say and end with. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { readCommandLine } from '../../../src/cli/keepalived/command-line.ts'
import { readOptions } from '../../../src/cli/keepalived/getopt.ts'
import { KEEPALIVED_OPTIONS } from '../../../src/cli/keepalived/options.ts'
import { DEFAULT_SETTINGS } from '../../../src/cli/keepalived/settings.ts'
import { whyNotComparable } from '../../config/differential/statuses.ts'
import { optionRows } from './option-rows.ts'
import type { Outcome } from './option-rows.ts'

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
const SHARED = new URL('../../../../shared/compat/process.md', import.meta.url)

const scratch = mkdtempSync(join(tmpdir(), 'ka-options-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const GLOBALS = 'global_defs {\n  router_id lab\n}\n'
const places = {
  conf: join(scratch, 'keepalived.conf'),
  including: join(scratch, 'including.conf'),
  missing: join(scratch, 'missing.conf'),
  log: join(scratch, 'test.log'),
}
writeFileSync(places.conf, GLOBALS)
writeFileSync(places.including, `include missing-included.conf\n${GLOBALS}`)

const rows = optionRows(places)

async function outcome(program: string, args: readonly string[]): Promise<Outcome> {
  return await new Promise((resolve) => {
    const child = execFile(program, args, { cwd: scratch }, (_, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, output: firstLine(stdout), problem: firstLine(stderr) })
    })
  })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

const titles = rows.map(({ args }) => args.join(' ').replaceAll(`${scratch}/`, ''))

for (const [index, { args, settings, ours }] of rows.entries()) {
  test.serial(`ka-native ${titles[index]}`, async (t) => {
    const { wanted } = readCommandLine(args)
    const read = 'settings' in wanted ? wanted.settings : undefined
    t.deepEqual(read, settings === undefined ? read : { ...DEFAULT_SETTINGS, ...settings })
    if (settings !== undefined) t.truthy(read)
    t.deepEqual(await outcome(process.execPath, [MAIN, ...args]), ours)
  })
}

const notComparable = whyNotComparable()
if (notComparable !== undefined) console.warn(`keepalived's options are not compared: ${notComparable}`)
const realTest = notComparable === undefined ? test.serial : test.serial.skip

for (const [index, { args, keepalived }] of rows.entries()) {
  if (keepalived === undefined) continue
  realTest(`keepalived ${titles[index]}`, async (t) => {
    t.deepEqual(await outcome('keepalived', args), keepalived)
  })
}

test('every option is in the table in each way to write it', (t) => {
  const written = new Set(
    rows.flatMap(({ args }) =>
      args.flatMap((word) => {
        const [name = ''] = word.split('=', 1)
        return word.startsWith('--') ? [name] : word.startsWith('-') ? [word.slice(0, 2)] : []
      }),
    ),
  )
  const options = KEEPALIVED_OPTIONS.flatMap(({ short, long }) => [
    ...(short === undefined ? [] : [`-${short}`]),
    ...(long === undefined ? [] : [`--${long}`]),
  ])
  t.deepEqual(
    options.filter((option) => !written.has(option)),
    [],
  )
})

test('every option of the table is known', (t) => {
  const names = [...new Set(rows.map(({ row }) => row))].flatMap((row) => [...row.matchAll(/(?<![\w-])--?\w[\w-]*/g)].map(([name]) => name))
  t.true(names.length > 60, `${names.length}`)
  t.deepEqual(
    names.filter((name) => readOptions([name], KEEPALIVED_OPTIONS).some(({ kind }) => kind === 'unknown')),
    [],
  )
})

const sharedTest = existsSync(SHARED) ? test : undefined
sharedTest?.('the rows are those of the list they were copied from', (t) => {
  const [, table = ''] = /^\| short \| long \|.*\n\|---.*\n((?:\|.*\n)+)/m.exec(readFileSync(SHARED, 'utf8')) ?? []
  const listed = table
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, 4)
        .map((cell) => cell.trim())
        .join(' | ')
        .trim(),
    )
  t.true(listed.length > 30)
  t.deepEqual([...new Set(rows.map(({ row }) => row))], listed)
})
