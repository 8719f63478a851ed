import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { runCheck } from '../../src/cli/check.ts'
import { fixFiles } from '../../src/cli/check-fix.ts'
import { Diagnostics } from '../../src/config/diagnostics/diagnostic.ts'
import { respell } from '../../src/config/diagnostics/fix.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { LoadedConfig } from '../../src/config/load.ts'
import { Source } from '../../src/config/text/source.ts'
import { testHost } from '../config/fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-fix-'))
test.after.always(() => rmSync(scratch, { recursive: true }))
const host = testHost()

const INSTANCE =
  'vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  advert_int 1.5000001\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n'

/** A folder of its own with these files. */
function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(scratch, name)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

test('what is certain is changed, until nothing is left of it', (t) => {
  const path = folder('text', { 'a.conf': INSTANCE })
  const file = join(path, 'a.conf')
  const { output, exitCode } = runCheck({ file, host, fix: true })
  t.is(
    output,
    `fixed ${file}:4:14: write \`1.5\` [surplus-decimals]\nfixed ${file}:4:14: write \`2\` [interval-rounded]\n\nVI_1: takes over 6.609 s after the last advertisement of a Master that dies, 0.609 s after one that resigns\n\n${file}: ok, 1 VRRP instance, 2 fixed\n`,
  )
  t.is(exitCode, 0)
  t.is(readFileSync(file, 'utf8'), INSTANCE.replace('1.5000001', '2'))
})

test('nothing is written when nothing is to be fixed, or not asked for', (t) => {
  const path = folder('nothing', { 'clean.conf': INSTANCE.replace('1.5000001', '2'), 'dirty.conf': INSTANCE })
  const before = statSync(join(path, 'clean.conf'))
  runCheck({ file: join(path, 'clean.conf'), host, fix: true })
  const after = statSync(join(path, 'clean.conf'))
  t.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs])
  runCheck({ file: join(path, 'dirty.conf'), host })
  t.is(readFileSync(join(path, 'dirty.conf'), 'utf8'), INSTANCE)
})

test('included files are fixed too, once each, by whatever names', (t) => {
  const files = { 'main.conf': 'include body.conf\ninclude link.conf\n', 'body.conf': '\ufeffglobal_defs {\n  router_id "abc\n}\n' }
  const path = folder('include', files)
  symlinkSync('body.conf', join(path, 'link.conf'))
  const { output, exitCode } = runCheck({ file: join(path, 'main.conf'), host, fix: true })
  const body = join(path, 'body.conf')
  t.is(readFileSync(body, 'utf8'), 'global_defs {\n  router_id "abc"\n}\n')
  t.is(exitCode, 0)
  t.deepEqual(
    output.split('\n').filter((line) => line.startsWith('fixed ')),
    [`fixed ${body}:1:1: take the byte order mark away [byte-order-mark]`, `fixed ${body}:2:13: close the quote [unterminated-quote]`],
  )
})

test('JSON and SARIF say what was done', (t) => {
  const json = folder('json', { 'a.conf': INSTANCE })
  t.like(JSON.parse(runCheck({ file: join(json, 'a.conf'), host, fix: true, format: 'json' }).output), {
    exitCode: 0,
    errors: 0,
    fixed: [
      { code: 'surplus-decimals', file: join(json, 'a.conf'), line: 4, column: 14, title: 'write `1.5`' },
      { code: 'interval-rounded', file: join(json, 'a.conf'), line: 4, column: 14, title: 'write `2`' },
    ],
    unfixed: [],
    diagnostics: [],
  })
  const sarif = folder('sarif', { 'a.conf': INSTANCE })
  const { runs } = JSON.parse(runCheck({ file: join(sarif, 'a.conf'), host, fix: true, format: 'sarif' }).output) as {
    runs: { results: unknown[]; properties: { fixed: unknown[] } }[]
  }
  t.deepEqual([runs[0]?.results.length, runs[0]?.properties.fixed.length], [0, 2])
})

/** A configuration with one diagnostic at the first word of a text, whatever the file holds. */
function offering(file: string, text: string, replacement: string): LoadedConfig {
  const { config } = loadConfig({ file: 'x', text: '', host })
  const diagnostics = new Diagnostics()
  const span = { source: new Source(file, text), offset: 0, length: 3 }
  diagnostics.warning('deprecated-spelling', span, 'm', undefined, respell(span, replacement))
  return { config, diagnostics, files: [file] }
}

test('a fix that does not cure is not made again', (t) => {
  const file = join(folder('again', { 'a.conf': 'old x\n' }), 'a.conf')
  const { fixed } = fixFiles(() => offering(file, readFileSync(file, 'latin1'), 'older'))
  t.is(fixed.length, 1)
  t.is(readFileSync(file, 'utf8'), 'older x\n')
})

test('a file that cannot be written is named, and the check fails', (t) => {
  const { fixed, unfixed } = fixFiles(() => offering('/proc/self/limits', 'old', 'new'))
  t.deepEqual(fixed, [])
  t.is(unfixed.length, 1)
  t.is(unfixed[0]?.file, '/proc/self/limits')
  const gone = fixFiles(() => offering(join(scratch, 'gone.conf'), 'old', 'new'))
  t.deepEqual(gone.unfixed, [{ file: join(scratch, 'gone.conf'), problem: 'there is no such file' }])
})

test('a password next to a fix is not shown', (t) => {
  const text = INSTANCE.replace('}\n', '}\n  authentication {\n    auth_type PASS\n    auth_pass "hunter2\n  }\n')
  for (const format of ['text', 'json', 'sarif'] as const) {
    const file = join(folder(`secret-${format}`, { 'a.conf': text }), 'a.conf')
    const { output } = runCheck({ file, host, fix: true, format })
    t.notRegex(output, /unter2/)
    t.true(readFileSync(file, 'utf8').includes('auth_pass "hunter2"\n'), output)
  }
})
