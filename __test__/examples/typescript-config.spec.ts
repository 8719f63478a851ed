/** The example of a configuration in TypeScript, and that of its documentation: checked, compiled and run. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { checkFile } from '../../src/cli/check.ts'
import { runPrintConfig } from '../../src/cli/print-config.ts'
import { loadConfigFile } from '../../src/config/load-file.ts'
import { renderText } from '../../src/config/diagnostics/render.ts'
import { testHost } from '../config/fixtures.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FILE = join(ROOT, 'examples/typescript-config/ka-native.config.ts')
const PAGE = readFileSync(join(ROOT, 'docs/configuration-in-typescript.md'), 'utf8')
const host = testHost()
const scratch = mkdtempSync(join(tmpdir(), 'ka-example-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

/** The blocks of the page that are in a language. */
function blocks(language: string): readonly string[] {
  return Array.from(PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, name, text = '']) => ({ name, text }))
    .filter(({ name }) => name === language)
    .map(({ text }) => text)
}

function written(name: string, text: string): string {
  const file = join(scratch, name)
  writeFileSync(file, text)
  return file
}

/** What the compiler says about a configuration. */
function compile(file: string): string {
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    typeRoots: [join(ROOT, 'node_modules/@types')],
    types: ['node'],
    paths: { 'ka-native': [join(ROOT, 'src/config/document/define.ts')] },
  }
  const project = `${file}.tsconfig.json`.replace(/^.*\//, `${scratch}/`)
  writeFileSync(project, JSON.stringify({ compilerOptions, files: [file] }))
  return spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { encoding: 'utf8' }).stdout
}

test('the example compiles', (t) => {
  t.is(compile(FILE), '')
})

test.serial('the example is without a mistake on each of its routers', async (t) => {
  for (const [router, priorities] of [
    ['router-a', [150, 100]],
    ['router-b', [100, 150]],
  ] as const) {
    process.env['ROUTER'] = router
    const { config, diagnostics } = await loadConfigFile({ file: FILE, host, lint: true })
    t.is(renderText(diagnostics), '')
    t.is(config.globalDefs.routerId, router)
    t.deepEqual(
      config.vrrpInstances.map(({ priority }) => priority),
      priorities,
    )
  }
  process.env['ROUTER'] = 'router-c'
  const { output, exitCode } = await checkFile({ file: FILE, host })
  t.regex(output, /ka-native\.config\.ts:11:\d+: error: its program threw Error: router-c is none of router-a, router-b/)
  t.is(exitCode, 5)
  delete process.env['ROUTER']
})

test('the page shows a configuration without a mistake, that compiles', async (t) => {
  const [text = ''] = blocks('ts')
  const file = written('page.ts', text)
  const { config, diagnostics } = await loadConfigFile({ file, host, lint: true })
  t.is(renderText(diagnostics), '')
  t.is(config.vrrpInstances[0]?.virtualIpaddress.length, 4)
  t.is(compile(file), '')
})

test('README shows a configuration without a mistake', async (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [, text = ''] = /^## Configuration in TypeScript\n\n```ts\n(.*?)```/ms.exec(readme) ?? []
  const { config, diagnostics } = await loadConfigFile({ file: written('readme.ts', text), host, lint: true })
  t.is(renderText(diagnostics), '')
  t.is(config.vrrpInstances.length, 1)
})

test('the page shows YAML that means a part of it', async (t) => {
  const [text = ''] = blocks('yaml')
  const { output, problems } = await runPrintConfig({ file: written('page.yaml', text), format: 'yaml', asWritten: true, host })
  t.is(problems, '')
  t.is(output, text)
})

test('the page shows a mistake as it is reported', async (t) => {
  const [text = ''] = blocks('text')
  const [page = ''] = blocks('ts')
  const { diagnostics } = await loadConfigFile({
    file: written('ka-native.config.ts', page.replace('priority: 150', 'priority: 300')),
    host,
  })
  t.is(renderText(diagnostics).replaceAll(`${scratch}/`, ''), text)
})

serialLabTest(
  'the example runs: each of two routers holds the addresses of the service that it is the Master of',
  inLab(['a', 'b'], async (t, lab) => {
    for (const name of ['a', 'b'] as const) {
      const program = await Program.start(lab.host(name))
      await program.run(
        async (realm, [file, router]) => {
          process.env['ROUTER'] = router
          await realm.start('', { configFile: file })
        },
        [FILE, `router-${name}`] as const,
      )
    }
    await lab.waitForHolders('192.0.2.201', 'a')
    await lab.waitForHolders('192.0.2.202', 'a')
    await lab.waitForHolders('192.0.2.203', 'b')
    t.pass()
  }),
)
