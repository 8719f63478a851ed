import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { runCheck } from '../../src/cli/check.ts'
import { startExitCode } from '../../src/config/diagnostics/exit-code.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from './fixtures.ts'

const INSTANCE = 'vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    10.0.0.1/24\n  }\n}\n'
const TAKEOVER = 'VI_1: takes over 3.609 s after the last advertisement of a Master that dies, 0.609 s after one that resigns\n'
const host = testHost()

const scratch = mkdtempSync(join(tmpdir(), 'ka-check-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

function written(name: string, text: string): string {
  const file = join(scratch, name)
  writeFileSync(file, text)
  return file
}

test('a clean file gives the failover time, one line and 0', (t) => {
  const file = written('clean.conf', INSTANCE)
  t.deepEqual(runCheck({ file, host }), { output: `${TAKEOVER}\n${file}: ok, 1 VRRP instance\n`, exitCode: 0 })
})

test('a missing file is 4, and 6 at a start', (t) => {
  const file = join(scratch, 'missing.conf')
  const { output, exitCode } = runCheck({ file, host })
  t.is(exitCode, 4)
  t.is(startExitCode(loadConfig({ file, host }).diagnostics), 6)
  t.is(
    output,
    `${file}: error: the configuration file '${file}' does not exist [config-not-found]\n\n${file}: not ok, and \`start\` refuses it: 0 VRRP instances, 1 error\n`,
  )
})

test('a directory in place of the file is 4', (t) => {
  const { output, exitCode } = runCheck({ file: scratch, host })
  t.is(exitCode, 4)
  t.regex(output, /is a directory \[config-unreadable\]/)
})

test('mistakes are shown with their place, and counted', (t) => {
  const file = written('mistakes.conf', `${INSTANCE}bogus\nglobal_defs {\n  enable_dbus\n  enable_snmp_checker\n}\n`)
  const { output, exitCode } = runCheck({ file, host })
  t.is(exitCode, 5)
  t.true(
    output.startsWith(`${file}:8:1: error: unknown keyword 'bogus' at the top level [unknown-keyword]\n  8 | bogus\n    | ^^^^^\n`),
    output,
  )
  t.true(output.endsWith(`\n${file}: not ok, 1 VRRP instance, 1 error, 2 notes\n`), output)
})

test('notes do not change the status unless asked', (t) => {
  const file = written('notes.conf', `${INSTANCE}global_defs {\n  enable_dbus\n}\n`)
  t.is(runCheck({ file, host }).exitCode, 0)
  t.is(runCheck({ file, host, strict: true }).exitCode, 5)
  t.regex(runCheck({ file, host }).output, /: ok, 1 VRRP instance, 1 note\n$/)
})

test('what cannot be run without is accepted as keepalived does, and the summary says that start refuses it', (t) => {
  const file = written('refused.conf', INSTANCE.replace('  interface', '  use_vmac\n  vmac_xmit_base\n  interface'))
  const { output, exitCode } = runCheck({ file, host })
  t.is(exitCode, 0)
  t.is(startExitCode(loadConfig({ file, host }).diagnostics), 2)
  t.regex(output, /'use_vmac' is known, but not supported yet: .*; `start` refuses this configuration \[cannot-run-without\]/)
  t.regex(output, /: ok, but `start` refuses it: 1 VRRP instance, 2 warnings\n$/)
  t.is(runCheck({ file, host, strict: true }).exitCode, 5)
  t.like(JSON.parse(runCheck({ file, host, format: 'json' }).output), { exitCode: 0, refusesStart: true })
})

test('virtual servers are counted too', (t) => {
  const servers = `virtual_server 10.0.0.9 80 {
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  real_server 10.0.1.1 80 {
    TCP_CHECK {
    }
  }
}
`
  t.regex(runCheck({ file: written('both.conf', INSTANCE + servers), host }).output, /: ok, 1 VRRP instance, 1 virtual server\n$/)
  const two = servers + servers.replace('10.0.0.9', '10.0.0.10')
  t.regex(runCheck({ file: written('servers.conf', two), host }).output, /\.conf: ok, 2 virtual servers\n$/)
})

test('the summary shows no control characters of the path', (t) => {
  const file = written('a\u001b[31m.conf', INSTANCE)
  t.is(runCheck({ file, host }).output, `${TAKEOVER}\n${scratch}/a\ufffd[31m.conf: ok, 1 VRRP instance\n`)
})

test('conditional lines are for the configuration id, which is the host name up to its first dot', (t) => {
  const file = written('condition.conf', `${INSTANCE}@router1 one\n@other two\n`)
  t.regex(runCheck({ file, host }).output, /unknown keyword 'one'.*1 error\n$/s)
  t.regex(runCheck({ file, host, configId: 'other' }).output, /unknown keyword 'two'.*1 error\n$/s)
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
    refusesStart: false,
    files: [file],
    instances: [{ name: 'VI_1', silenceUs: 3_609_375, resignUs: 609_375, scripts: [] }],
    errors: 1,
    warnings: 0,
    notes: 0,
    diagnostics: [
      {
        code: 'unknown-keyword',
        severity: 'error',
        class: 'unknown-keyword',
        refusesStart: false,
        file,
        line: 2,
        column: 2,
        length: 10,
        includedFrom: [],
        expandedFrom: [],
        excerpt: { text: '\trouter_idd x', before: 1, length: 10 },
        message: "unknown keyword 'router_idd' in global_defs",
        help: 'did you mean `router_id`?',
      },
    ],
  })
})

/** Lines in `authentication` that are wrong in every way in which people get them wrong. */
const PASSWORD_LINES: readonly string[] = [
  'auth_pass hunter2hunter2 extra',
  'authpass hunter2hunter2',
  'auth_psas hunter2',
  'auth_pas: hunter2',
  'auth_pass: hunter2',
  'auth_pass=hunter2',
  'auth_pass = hunter2',
  'auth_passhunter2',
  'AUTH_PASS hunter2',
  'auth_pass"hunter2hunter2"',
  '"auth_pass" hunter2hunter2',
  'auth_pass "hunter2',
  'auth_pass "a{hunter2hunter2"',
  'auth_pass a{hunter2',
  'auth_pass a}hunter2',
  'auth_pass a#hunter2hunter2 "',
  'auth_pass a\\#hunter2',
  'auth_pass\u00ff hunter2',
  'auth_pass\u00ffhunter2',
  'auth_pass \u00ff\u00ffhunter2hunter2',
  'auth_pass\thunter2hunter2',
  'password hunter2',
  'secret hunter2',
  'key 1 hunter2',
  'auth_type hunter2',
  'auth_type PASS hunter2 "',
  'auth_type "hunter2"',
  'hunter2',
  'hunter2 {',
  'hunter2\u00c3\u00bc \u00ff',
  '\u00ff \u00c3\u00bc hunter2',
  'bogus # auth_pass hunter2',
  'bogus hunter2',
  'auth_pass hunter2 \\',
  'interface hunter2',
]

for (const line of PASSWORD_LINES) {
  test(`a password appears in no form of output: ${JSON.stringify(line)}`, (t) => {
    for (const block of [
      'authentication {\n%\n}',
      'authentication { % }',
      '"authentication" hunter2\n{\n%\n}',
      'authentcation {\n%\n}',
      'auth_hmac {\n%\n}',
    ]) {
      // In latin1, so that \u00ff is an octet that UTF-8 does not have.
      const body = INSTANCE.replace('  interface', `${block.replace('%', line)}\n  interface`)
      writeFileSync(join(scratch, 'secret.conf'), Buffer.from(body, 'latin1'))
      for (const format of ['text', 'json'] as const) {
        const { output } = runCheck({ file: join(scratch, 'secret.conf'), host, format })
        t.notRegex(output, /unter2/, `${block}: ${output}`)
      }
    }
  })
}

for (const line of PASSWORD_LINES) {
  test(`a password that is defined appears in no form of output: ${JSON.stringify(line)}`, (t) => {
    for (const [definition, use] of [
      [`$LINE=${line}`, 'authentication {\n$LINE\n}'],
      [`$LINE=${line}`, 'authentication { $LINE }'],
      [`@router1 $LINE=x \\\n${line}`, 'authentication { $LINE\n}'],
      [`$BLOCK=authentication { \\\n${line} \\\n}`, '$BLOCK'],
      [`$BLOCK=authentication { \\\n~SEQ(N,1,2) ${line} \\\n}`, '$BLOCK'],
      [`$WORDS=${line.replace(/^\S+\s*/, '')}`, `authentication {\n${line.split(/\s/, 1)[0]} \${WORDS}\n}`],
      ['', `authentication {\n~LST(A,hunter2,hunter2) ${line}\n~LST(P,hunter2 hunter2) auth_pass $P\n}`],
    ] as const) {
      const body = `${definition}\n${INSTANCE.replace('  interface', `${use}\n  interface`)}`
      writeFileSync(join(scratch, 'secret.conf'), Buffer.from(body, 'latin1'))
      for (const format of ['text', 'json'] as const) {
        t.notRegex(runCheck({ file: join(scratch, 'secret.conf'), host, format }).output, /unter2/, body)
      }
    }
  })
}

test('a password outside its block appears in no form of output either', (t) => {
  for (const line of PASSWORD_LINES.filter((wrong) => /pass|psas|secret|key/i.test(wrong))) {
    for (const body of [
      `${line}\n${INSTANCE}`,
      INSTANCE.replace('  interface', `${line}\n  interface`),
      INSTANCE.replace('10.0', `${line}\n10.0`),
    ]) {
      writeFileSync(join(scratch, 'secret.conf'), Buffer.from(body, 'latin1'))
      for (const format of ['text', 'json'] as const) {
        t.notRegex(runCheck({ file: join(scratch, 'secret.conf'), host, format }).output, /unter2/, line)
      }
    }
  }
})

test('secrets of an included file are hidden as well', (t) => {
  written('pass.inc', 'hunter2\n}\nbogus visible\n')
  const file = written('including.conf', INSTANCE.replace('  interface', 'authentication {\ninclude pass.inc\n  interface'))
  const { output } = runCheck({ file, host })
  t.notRegex(output, /hunter2/)
  t.regex(output, /bogus visible/)
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
  const file = written('local.conf', INSTANCE.replace('eth0', 'ka-no-such-if').replace('10.0.0.1/24', '10.0.0.1/24 dev lo'))
  const { output } = runCheck({ file })
  t.regex(output, /interface 'ka-no-such-if' of instance 'VI_1' does not exist/)
  t.regex(output, /: 1 VRRP instance, 1 error\n$/, 'lo exists on every machine')
})

test('a Backup of version 3 waits in advertisement intervals, and a tracked script is part of it', (t) => {
  const script = 'vrrp_script chk {\n  script "/usr/bin/true"\n  interval 2\n  timeout 1\n  fall 3\n}\n'
  const instance = INSTANCE.replace(
    '  interface',
    '  version 3\n  advert_int 0.1\n  priority 128\n  track_script {\n    chk\n  }\n  interface',
  )
  const { output } = runCheck({ file: written('tracked.conf', script + instance), host, format: 'json' })
  t.like(JSON.parse(output), {
    instances: [{ name: 'VI_1', silenceUs: 350_000, resignUs: 50_000, scripts: [{ name: 'chk', failureUs: 7_000_000 }] }],
  })
})

test('of many instances the first twenty are told in text', (t) => {
  const many = Array.from({ length: 22 }, (_, index) => INSTANCE.replace('VI_1', `VI_${index}`).replace('51', String(index + 1)))
  const { output } = runCheck({ file: written('many.conf', many.join('')), host })
  t.is(output.match(/takes over/g)?.length, 20)
  t.regex(output, /\nand 2 instances more\n\n.*: ok, 22 VRRP instances\n$/)
})
