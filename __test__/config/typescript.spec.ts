/**
 * Configurations in TypeScript and JavaScript: how their programs are run, and what is said when they fail. One after the
 * other: the time that a program may take is the machine's.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { evaluate } from '../../src/config/document/evaluate.ts'
import { startExitCode, testExitCode } from '../../src/config/diagnostics/exit-code.ts'
import { kindOfFile, loadConfigFile } from '../../src/config/load-file.ts'
import { renderText } from '../../src/config/diagnostics/render.ts'
import { testHost } from './fixtures.ts'

const host = testHost()
/** However slow the machine is. */
const programLimitMs = 300_000
const scratch = mkdtempSync(join(tmpdir(), 'ka-typescript-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

function written(name: string, text: string): string {
  const file = join(scratch, name)
  writeFileSync(file, text)
  return file
}

/** The name of the router, which is all that these configurations say; and the report. */
async function load(file: string): Promise<{ readonly routerId: string; readonly report: string }> {
  const { config, diagnostics } = await loadConfigFile({ file, host, programLimitMs })
  return { routerId: config.globalDefs.routerId, report: renderText(diagnostics).replaceAll(`${scratch}/`, '') }
}

const HELPER = written('helper.ts', 'export const name: string = `help${"er"}`\n')
const GOOD: readonly (readonly [name: string, text: string, routerId: string])[] = [
  ['a.ts', `import { defineConfig } from 'ka-native'\nexport default defineConfig({ globalDefs: { routerId: 'a' as string } })`, 'a'],
  ['b.mts', `export default { globalDefs: { routerId: 'b' } } satisfies object`, 'b'],
  ['c.cts', `const routerId: string = 'c'\nmodule.exports = { globalDefs: { routerId } }`, 'c'],
  ['d.js', `export const config = { globalDefs: { routerId: 'd' } }`, 'd'],
  ['e.mjs', `export default { globalDefs: { routerId: 'e' } }`, 'e'],
  ['f.cjs', `exports.config = { globalDefs: { routerId: 'f' } }`, 'f'],
  ['g.ts', `export default async () => ({ globalDefs: { routerId: await Promise.resolve('g') } })`, 'g'],
  ['h.ts', `export default Promise.resolve({ globalDefs: { routerId: 'h' } })`, 'h'],
  ['i.ts', `enum Names { I = 'i' }\nexport default { globalDefs: { routerId: Names.I } }`, 'i'],
  ['j.ts', `import { name } from './helper.ts'\nexport default { globalDefs: { routerId: name } }`, 'helper'],
  ['k.ts', `import { hostname } from 'node:os'\nexport default { globalDefs: { routerId: typeof hostname() } }`, 'string'],
  ['l.ts', `const name = await Promise.resolve('l')\nexport default { globalDefs: { routerId: name } }`, 'l'],
  [
    'm.ts',
    `import type { ConfigInput } from 'ka-native'\nconst config: ConfigInput = { globalDefs: { routerId: 'm' } }\nexport default config`,
    'm',
  ],
  ['n.ts', `import { basename } from 'node:path'\nexport default { globalDefs: { routerId: basename(import.meta.url) } }`, 'n.ts'],
]

for (const [name, text, routerId] of GOOD) {
  test.serial(`${name}: ${text}`, async (t) => {
    t.deepEqual(await load(written(name, text)), { routerId, report: '' })
  })
}

const BAD: readonly (readonly [name: string, text: string, report: string])[] = [
  [
    'syntax.ts',
    'export default {\n  globalDefs: ,\n}\n',
    'syntax.ts:2:15: error: Unexpected token [config-syntax]\n  2 |   globalDefs: ,\n    |               ^\n',
  ],
  [
    'throws.ts',
    'interface A {}\n\nfunction name(): string {\n  throw new TypeError("no name")\n}\nexport default { globalDefs: { routerId: name() } }\n',
    'throws.ts:4:9: error: its program threw TypeError: no name [config-failed]\n  4 |   throw new TypeError("no name")\n    |         ^\n',
  ],
  [
    'rejects.mjs',
    "export default async () => {\n  throw new Error('down', { cause: new Error('refused') })\n}\n",
    "rejects.mjs:2:9: error: its program threw Error: down (refused) [config-failed]\n  2 |   throw new Error('down', { cause: new Error('refused') })\n    |         ^\n",
  ],
  ['text.js', "throw 'no error'", 'text.js: error: its program threw no error [config-failed]\n'],
  [
    'nothing.ts',
    'export const other = 1\n',
    'nothing.ts: error: it exports no configuration: write `export default defineConfig({ ... })` [config-failed]\n',
  ],
  ['exits.ts', 'process.exit(3)\n', 'exits.ts: error: its program ended with status 3, before there was a configuration [config-failed]\n'],
  [
    'waits.ts',
    'await new Promise(() => {})\nexport default {}\n',
    'waits.ts: error: its program ended before there was a configuration: a promise of it never settles [config-failed]\n',
  ],
  ['number.ts', 'export default 5\n', 'number.ts: error: 5 is no configuration [invalid-property]\n   = help: expected an object\n'],
  [
    'function.ts',
    'export default { globalDefs: { routerId: () => 1 } }\n',
    'function.ts: globalDefs.routerId: error: a function is no part of a configuration [invalid-property]\n',
  ],
  [
    'cyclic.ts',
    'const globalDefs: Record<string, unknown> = {}\nglobalDefs.a = { globalDefs }\nexport default { globalDefs }\n',
    "cyclic.ts: globalDefs.a.globalDefs: error: the configuration holds itself here [invalid-property]\n\ncyclic.ts: globalDefs.a: error: unknown property 'a' [unknown-property]\n",
  ],
  [
    'class.ts',
    'class Defs { routerId = 1 }\nexport default { globalDefs: new Defs() }\n',
    "class.ts: globalDefs: error: an object of class 'Defs' is no part of a configuration [invalid-property]\n",
  ],
]

for (const [name, text, report] of BAD) {
  test.serial(`${name} is reported, without a stack`, async (t) => {
    const { diagnostics } = await loadConfigFile({ file: written(name, text), host, programLimitMs })
    t.is(renderText(diagnostics).replaceAll(`${scratch}/`, ''), report)
    t.is(testExitCode(diagnostics), 5)
    t.is(startExitCode(diagnostics), 2)
  })
}

test.serial('a module that is missing is named, at the file that asks for it', async (t) => {
  const { report } = await load(written('missing.ts', "import { a } from './nowhere.ts'\nexport default { a }\n"))
  t.regex(report, /^missing\.ts(?::\d+:\d+)?: error: its program threw Error: Cannot find module '\.\/nowhere\.ts'.*\[config-failed\]\n/)
})

test.serial('a mistake in a module is shown there', async (t) => {
  written('broken.ts', 'export const name: string = \n')
  const { report } = await load(
    written('importer.ts', "import { name } from './broken.ts'\nexport default { globalDefs: { routerId: name } }\n"),
  )
  t.regex(report, /^broken\.ts:2:1: error: Unexpected token \[config-syntax\]\n/)
})

test.serial('what cannot be read at all shows no secret of the file', async (t) => {
  const text = "const hmac = {\n  id: 1,\n  value: 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk' 'x',\n}\n"
  const { report } = await load(written('secret.ts', text))
  t.regex(report, /^secret\.ts:3:\d+: error: /)
  t.false(report.includes('kkk'))
})

test.serial('a program without an end is ended', async (t) => {
  const outcome = await evaluate(written('endless.ts', 'for (;;);\n'), 300)
  t.deepEqual(outcome, { kind: 'failed', code: 'config-failed', message: 'the configuration was not there within 0.3 s' })
})

test.serial('a program that needs all memory is ended alone', async (t) => {
  const outcome = await evaluate(written('greedy.ts', 'const all = []\nfor (;;) all.push(new Array(1000).fill(1))\n'), programLimitMs, 32)
  t.deepEqual(outcome, { kind: 'failed', code: 'config-failed', message: 'its program needs more than 32 MiB' })
})

test.serial('what its program leaves behind neither lasts nor reaches this process', async (t) => {
  const text = `process.env.KA_LEFT_BEHIND = '1'
globalThis.leftBehind = true
setInterval(() => {}, 1000)
export default { globalDefs: { routerId: 'a' } }`
  t.is((await load(written('leaves.ts', text))).routerId, 'a')
  t.is(process.env['KA_LEFT_BEHIND'], undefined)
  t.false('leftBehind' in globalThis)
})

test.serial('each load runs the program anew, with what it imports', async (t) => {
  const folder = join(scratch, 'anew')
  mkdirSync(folder)
  const write = (name: string, end: string): void => {
    writeFileSync(join(folder, 'part.ts'), `export const part = '${name}'\n`)
    writeFileSync(join(folder, 'end.json'), JSON.stringify({ end }))
    writeFileSync(
      join(folder, 'config.ts'),
      `import { part } from './part.ts'\nimport data from './end.json'\nexport default { globalDefs: { routerId: '${name}' + part + data.end } }\n`,
    )
  }
  write('a', '1')
  t.is((await load(join(folder, 'config.ts'))).routerId, 'aa1')
  write('b', '2')
  t.is((await load(join(folder, 'config.ts'))).routerId, 'bb2')
})

test.serial('a program may be executable, and in a folder without any package', async (t) => {
  const file = written(
    'executable.ts',
    "import { defineConfig } from 'ka-native'\nexport default defineConfig({ globalDefs: { routerId: 'x' } })",
  )
  chmodSync(file, 0o755)
  t.deepEqual(await load(file), { routerId: 'x', report: '' })
})

test.serial('the name of a file says what it is written in', (t) => {
  const kinds = [
    'keepalived.conf',
    'a.TS',
    'a.mts',
    'a.cts',
    'a.js',
    'a.mjs',
    'a.cjs',
    'a.json',
    'a.yaml',
    'a.yml',
    'json',
    'a.ts.conf',
    '.ts/a',
  ]
  t.deepEqual(kinds.map(kindOfFile), [
    'conf',
    ...Array.from({ length: 6 }, () => 'program' as const),
    'json',
    'yaml',
    'yaml',
    'conf',
    'conf',
    'conf',
  ])
  t.is(kindOfFile(HELPER), 'program')
})
