import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { runCheck } from '../../src/cli/check.ts'
import { startExitCode } from '../../src/config/exit-code.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from './fixtures.ts'

const INSTANCE = 'vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    10.0.0.1/24\n  }\n}\n'
const host = testHost()

const scratch = mkdtempSync(join(tmpdir(), 'ka-check-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

function written(name: string, text: string): string {
  const file = join(scratch, name)
  writeFileSync(file, text)
  return file
}

test('a clean file gives one line and 0', (t) => {
  const file = written('clean.conf', INSTANCE)
  t.deepEqual(runCheck({ file, host }), { output: `${file}: ok, 1 VRRP instance\n`, exitCode: 0 })
})

test('a missing file is 4, and 6 at a start', (t) => {
  const file = join(scratch, 'missing.conf')
  const { output, exitCode } = runCheck({ file, host })
  t.is(exitCode, 4)
  t.is(startExitCode(loadConfig({ file, host }).diagnostics), 6)
  t.is(
    output,
    `${file}: error: the configuration file '${file}' does not exist [config-not-found]\n\n${file}: not ok, 0 VRRP instances, 1 error\n`,
  )
})

test('a directory in place of the file is 4', (t) => {
  const { output, exitCode } = runCheck({ file: scratch, host })
  t.is(exitCode, 4)
  t.regex(output, /is a directory \[config-unreadable\]/)
})

test('mistakes are shown with their place, and counted', (t) => {
  const file = written('mistakes.conf', `${INSTANCE}bogus\nvirtual_server 10.0.0.1 80 {\n}\n`)
  const { output, exitCode } = runCheck({ file, host })
  t.is(exitCode, 5)
  t.true(
    output.startsWith(`${file}:8:1: error: unknown keyword 'bogus' at the top level [unknown-keyword]\n  8 | bogus\n    | ^^^^^\n`),
    output,
  )
  t.true(output.endsWith(`\n${file}: not ok, 1 VRRP instance, 1 error, 1 warning\n`), output)
})

test('notes do not change the status unless asked', (t) => {
  const file = written('notes.conf', `${INSTANCE}vrrp_script chk {\n}\n`)
  t.is(runCheck({ file, host }).exitCode, 0)
  t.is(runCheck({ file, host, strict: true }).exitCode, 5)
  t.regex(runCheck({ file, host }).output, /: ok, 1 VRRP instance, 1 note\n$/)
})

test('a clean file passes a strict check', (t) => {
  t.is(runCheck({ file: written('strict.conf', INSTANCE), host, strict: true }).exitCode, 0)
})

test('JSON holds every diagnostic as data', (t) => {
  const file = written('json.conf', `global_defs {\n\trouter_idd x\n}\n${INSTANCE}`)
  const { output, exitCode } = runCheck({ file, host, format: 'json' })
  t.is(exitCode, 5)
  t.deepEqual(JSON.parse(output), {
    file,
    exitCode: 5,
    files: [file],
    errors: 1,
    warnings: 0,
    notes: 0,
    diagnostics: [
      {
        code: 'unknown-keyword',
        severity: 'error',
        class: 'unknown-keyword',
        file,
        line: 2,
        column: 2,
        length: 10,
        includedFrom: [],
        excerpt: { text: '\trouter_idd x', before: 1, length: 10 },
        message: "unknown keyword 'router_idd' in global_defs",
        help: 'did you mean `router_id`?',
      },
    ],
  })
})

test('a password appears in no form of output', (t) => {
  const body = '  authentication {\n    auth_type PASS\n    auth_pass hunter2hunter2 extra\n    authpass hunter2hunter2\n  }\n'
  const file = written('secret.conf', INSTANCE.replace('  interface', `${body}  interface`))
  for (const format of ['text', 'json'] as const) {
    const { output } = runCheck({ file, host, format })
    t.regex(output, /value-truncated/)
    t.notRegex(output, /hunter2/)
  }
})

test('colour only when asked', (t) => {
  const file = written('colour.conf', 'bogus\n')
  t.false(runCheck({ file, host }).output.includes('\u001b'))
  t.true(runCheck({ file, host, color: true }).output.includes('\u001b[31;1merror\u001b[0m'))
})

test('a tab in front of the mark is repeated under it', (t) => {
  const { output } = runCheck({ file: written('tab.conf', 'global_defs {\n\tbogus\n}\n'), host })
  t.true(output.includes('  2 | \tbogus\n    | \t^^^^^\n'), output)
})

test('this machine is the default one to check for', (t) => {
  const file = written('local.conf', INSTANCE.replace('eth0', 'ka-no-such-if'))
  t.regex(runCheck({ file }).output, /interface ka-no-such-if of instance VI_1 does not exist/)
  t.is(
    runCheck({
      file: written('lo.conf', INSTANCE.replace('10.0.0.1/24', '10.0.0.1/24 dev lo').replace('interface eth0', 'interface eth0')),
      host,
    }).exitCode,
    0,
  )
})
