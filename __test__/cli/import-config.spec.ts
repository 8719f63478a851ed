/** `ka-native import-config`: what it writes, and that the compiler and ka-native take it. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { runImportConfig } from '../../src/cli/import-config.ts'
import { runPrintConfig } from '../../src/cli/print-config.ts'
import { fixtures, testHost } from '../config/fixtures.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'dist/cli/main.js')
const host = testHost()
const scratch = mkdtempSync(join(tmpdir(), 'ka-import-config-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const CONF = `# The router of the office.
! It is old.
global_defs {
  router_id office # not above a block
}

# not above a block either

#########
# Failover of the printer:
#   two routers
vrrp_instance PRINTER {
  interface eth0
  virtual_router_id 51
  # what both know
  authentication {
    auth_type PASS
    auth_pass s3cr3t
  }
  virtual_ipaddress {
    # no block
    10.0.0.1/24
  }
}
`

function folder(name: string): string {
  const path = join(scratch, name)
  mkdirSync(path)
  writeFileSync(join(path, 'keepalived.conf'), CONF)
  return path
}

test('a configuration in TypeScript, with the comments above blocks', async (t) => {
  const path = folder('typescript')
  const output = join(path, 'ka-native.config.ts')
  const result = await runImportConfig({ file: join(path, 'keepalived.conf'), output, host })
  t.deepEqual(result, { output: `${output} is written\n`, problems: '', exitCode: 0 })
  t.is(
    readFileSync(output, 'utf8'),
    `import { defineConfig } from 'ka-native'

export default defineConfig({
  // The router of the office.
  // It is old.
  globalDefs: {
    routerId: 'office',
  },
  vrrpInstances: [
    // Failover of the printer:
    // two routers
    {
      name: 'PRINTER',
      interface: 'eth0',
      virtualRouterId: 51,
      virtualIpaddress: ['10.0.0.1/24'],
      // what both know
      authentication: {
        authType: 'PASS',
        authPass: 's3cr3t',
      },
    },
  ],
})
`,
  )
  t.is(statSync(output).mode & 0o7777, 0o600)
  t.deepEqual(readdirSync(path).toSorted(), ['ka-native.config.ts', 'keepalived.conf'])
})

test('YAML and JSON, by the name of the output or as asked', async (t) => {
  const path = folder('others')
  const file = join(path, 'keepalived.conf')
  await runImportConfig({ file, output: join(path, 'a.yaml'), host })
  t.is(
    readFileSync(join(path, 'a.yaml'), 'utf8'),
    `# The router of the office.
# It is old.
globalDefs:
  routerId: office
vrrpInstances:
  # Failover of the printer:
  # two routers
  - name: PRINTER
    interface: eth0
    virtualRouterId: 51
    virtualIpaddress:
      - 10.0.0.1/24
    # what both know
    authentication:
      authType: PASS
      authPass: s3cr3t
`,
  )
  await runImportConfig({ file, output: join(path, 'a.json'), host })
  t.like(JSON.parse(readFileSync(join(path, 'a.json'), 'utf8')), { globalDefs: { routerId: 'office' } })
  await runImportConfig({ file, output: join(path, 'plain'), format: 'json', host })
  t.is(readFileSync(join(path, 'plain'), 'utf8'), readFileSync(join(path, 'a.json'), 'utf8'))
  const { output } = await runImportConfig({ file, output: '-', format: 'json', host })
  t.is(output, readFileSync(join(path, 'a.json'), 'utf8'))
})

test('a file that exists is left alone unless that is forced', async (t) => {
  const path = folder('existing')
  const file = join(path, 'keepalived.conf')
  const output = join(path, 'config.ts')
  writeFileSync(output, 'mine', { mode: 0o644 })
  const refused = await runImportConfig({ file, output, host })
  t.deepEqual(refused, {
    output: '',
    problems: `ka-native: ${output} cannot be written: it exists already (--force replaces it)\n`,
    exitCode: 1,
  })
  t.is(readFileSync(output, 'utf8'), 'mine')
  t.is((await runImportConfig({ file, output, force: true, host })).exitCode, 0)
  t.not(readFileSync(output, 'utf8'), 'mine')
  t.is(statSync(output).mode & 0o7777, 0o600)
  // Nor is it written through a link that leads nowhere.
  symlinkSync(join(path, 'elsewhere'), join(path, 'link.ts'))
  t.is((await runImportConfig({ file, output: join(path, 'link.ts'), host })).exitCode, 1)
  t.false(existsSync(join(path, 'elsewhere')))
  t.is(readdirSync(path).length, 3)
})

test('what cannot be written or read is told, and leaves nothing', async (t) => {
  const path = folder('failures')
  const nowhere = await runImportConfig({ file: join(path, 'keepalived.conf'), output: join(path, 'no/config.ts'), host })
  t.regex(nowhere.problems, /no\/config\.ts cannot be written: there is no such file\n$/)
  t.is(nowhere.exitCode, 1)
  const missing = await runImportConfig({ file: join(path, 'none.conf'), output: join(path, 'config.ts'), host })
  t.regex(missing.problems, /does not exist/)
  t.is(missing.exitCode, 4)
  t.deepEqual(readdirSync(path), ['keepalived.conf'])
})

test('mistakes are told, and what they say is not taken over', async (t) => {
  const path = folder('mistakes')
  writeFileSync(join(path, 'keepalived.conf'), 'global_defs {\n  router_id a\n  bogus\n}\n')
  const { output, problems, exitCode } = await runImportConfig({ file: join(path, 'keepalived.conf'), output: '-', host })
  t.true(output.includes("routerId: 'a'"))
  t.regex(problems, /unknown keyword 'bogus'/)
  t.is(exitCode, 5)
})

test('what is imported means the same, by files and commands', async (t) => {
  for (const { name, file } of fixtures().filter((_, index) => index % 60 === 0)) {
    for (const format of ['ts', 'yaml', 'json'] as const) {
      const output = join(scratch, `${name}.${format}`)
      await runImportConfig({ file, output, host })
      const before = await runPrintConfig({ file, showSecrets: true, host })
      const after = await runPrintConfig({ file: output, showSecrets: true, host })
      t.is(after.output, before.output, `${name} ${format}`)
    }
  }
})

test('the compiler takes every configuration that is printed or imported', async (t) => {
  const path = join(scratch, 'compiled')
  mkdirSync(path)
  for (const { name, file } of fixtures()) {
    for (const asWritten of [true, false]) {
      const { output } = await runPrintConfig({ file, format: 'ts', asWritten, host })
      writeFileSync(join(path, `${name}.${asWritten ? 'written' : 'resolved'}.ts`), output)
    }
  }
  writeFileSync(
    join(path, 'wrong.ts'),
    "import { defineConfig } from 'ka-native'\nexport default defineConfig({ vrrpInstances: [{ nam: 'A' }] })\n",
  )
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: [],
    paths: { 'ka-native': [join(ROOT, 'src/config/document/define.ts')] },
  }
  writeFileSync(join(path, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', path, '--pretty', 'false'], { encoding: 'utf8' })
  // The last one shows that mistakes would be found.
  t.regex(stdout, /^[^\n]*wrong\.ts\(2,\d+\): error TS2561: [^\n]*'nam'[^\n]*\n?(?: [^\n]*\n?)*$/)
})

test('as a process', (t) => {
  const path = folder('process')
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [MAIN, 'import-config', ...args], { encoding: 'utf8', cwd: path })
  t.like(run('keepalived.conf'), { stdout: 'ka-native.config.ts is written\n', status: 0 })
  t.like(run('keepalived.conf', '--format', 'yaml'), { stdout: 'ka-native.config.yaml is written\n' })
  t.regex(run('keepalived.conf', '-o', '-').stdout, /^import \{ defineConfig \} from 'ka-native'\n/)
  t.regex(run('keepalived.conf').stderr, /it exists already/)
  t.like(run('keepalived.conf', '--force'), { stdout: 'ka-native.config.ts is written\n' })
})

test('a name that says nothing of what to write needs --format', async (t) => {
  const path = folder('unknown-name')
  const output = join(path, 'new.conf')
  const { problems, exitCode } = await runImportConfig({ file: join(path, 'keepalived.conf'), output, host })
  t.is(problems, `ka-native: the name '${output}' does not say what to write: --format ts, json or yaml does\n`)
  t.is(exitCode, 1)
  t.false(existsSync(output))
})
