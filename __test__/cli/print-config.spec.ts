/** `ka-native print-config`: what it prints and how it ends. That it prints everything is in ../config/round-trip.spec.ts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { runPrintConfig } from '../../src/cli/print-config.ts'
import { testHost } from '../config/fixtures.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const host = testHost()
const scratch = mkdtempSync(join(tmpdir(), 'ka-print-config-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

function written(name: string, text: string): string {
  const file = join(scratch, name)
  writeFileSync(file, text)
  return file
}

written('priority.inc', '  priority 150\n')
const CONF = written(
  'keepalived.conf',
  `$IP=10.0.0
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  include priority.inc
  authentication {
    auth_type PASS
    auth_pass s3cr3t
  }
  virtual_ipaddress {
    ~SEQ(N,1,2) \${IP}.\${N}/24
    \${IP}.3/24 dev eth1 label eth1:x
  }
  notify "/usr/bin/true 'one two'"
}
`,
)

test('as written, a configuration is what its lines say, includes and expansions done', async (t) => {
  const { output, problems, exitCode } = await runPrintConfig({ file: CONF, asWritten: true, host })
  t.is(
    output,
    `vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        10.0.0.1/24
        10.0.0.2/24
        10.0.0.3/24 dev eth1 label eth1:x
    }
    authentication {
        auth_type PASS
        auth_pass ********
    }
    notify "/usr/bin/true one\\x20two"
}
`,
  )
  t.is(problems, '')
  t.is(exitCode, 0)
})

test('as TypeScript', async (t) => {
  const { output } = await runPrintConfig({ file: CONF, format: 'ts', asWritten: true, showSecrets: true, host })
  t.is(
    output,
    `import { defineConfig } from 'ka-native'

export default defineConfig({
  vrrpInstances: [
    {
      name: 'VI_1',
      interface: 'eth0',
      virtualRouterId: 51,
      priority: 150,
      virtualIpaddress: [
        '10.0.0.1/24',
        '10.0.0.2/24',
        { address: '10.0.0.3/24', dev: 'eth1', label: 'eth1:x' },
      ],
      authentication: {
        authType: 'PASS',
        authPass: 's3cr3t',
      },
      notify: {
        command: '/usr/bin/true',
        args: ['one two'],
      },
    },
  ],
})
`,
  )
})

test('as YAML and as JSON', async (t) => {
  const file = written('small.conf', 'global_defs {\n  router_id "yes"\n  vrrp_garp_master_delay 2\n}\n')
  const yaml = await runPrintConfig({ file, format: 'yaml', asWritten: true, host })
  t.is(yaml.output, 'globalDefs:\n  routerId: "yes"\n  vrrpGarpMasterDelay: 2\n')
  const json = await runPrintConfig({ file, format: 'json', asWritten: true, host })
  t.is(json.output, '{\n  "globalDefs": {\n    "routerId": "yes",\n    "vrrpGarpMasterDelay": 2\n  }\n}\n')
})

test('resolved, it has defaults and what is inherited', async (t) => {
  const file = written(
    'inherits.conf',
    'global_defs {\n  vrrp_garp_master_repeat 7\n}\nvrrp_instance A {\n  interface eth0\n  virtual_router_id 1\n  virtual_ipaddress {\n    10.0.0.1/24\n  }\n}\n',
  )
  const { output } = await runPrintConfig({ file, host })
  for (const line of ['router_id router1.example', 'vrrp_version 2', 'priority 100', 'advert_int 1', 'mcast_src_ip']) {
    t.is(output.includes(`    ${line}\n`), line !== 'mcast_src_ip', line)
  }
  t.regex(output, /^vrrp_instance A \{\n.*^ {4}garp_master_repeat 7\n/ms)
})

test('secrets are asterisks in each form unless they are asked for', async (t) => {
  const file = written(
    'hmac.conf',
    `vrrp_instance A {\n  interface eth0\n  virtual_router_id 1\n  auth_hmac {\n    key 1 ${'k'.repeat(40)}\n    active_key 1\n  }\n}\n`,
  )
  for (const format of ['conf', 'json', 'yaml', 'ts'] as const) {
    for (const asWritten of [true, false]) {
      const hidden = await runPrintConfig({ file: CONF, format, asWritten, host })
      t.false(hidden.output.includes('s3cr3t'))
      t.true(hidden.output.includes('********'))
      t.true((await runPrintConfig({ file: CONF, format, asWritten, showSecrets: true, host })).output.includes('s3cr3t'))
      t.false((await runPrintConfig({ file, format, asWritten, host })).output.includes('kkk'))
      t.true((await runPrintConfig({ file, format, asWritten, showSecrets: true, host })).output.includes('kkk'))
    }
  }
})

const WITH_VMAC = 'vrrp_instance A {\n  interface eth0\n  virtual_router_id 51\n  use_vmac\n  virtual_ipaddress {\n    192.0.2.1\n  }\n}\n'

const ENDS: readonly (readonly [what: string, text: string, exitCode: number, isPrinted: boolean])[] = [
  ['a clean configuration', 'global_defs {\n}\n', 0, true],
  ['one with mistakes that can be run', 'bogus\n', 0, true],
  ['one that cannot be run', 'vrrp_instance A {\n  interface eth0\n}\n', 5, true],
  ['one that keepalived would accept and that cannot be run', WITH_VMAC, 2, true],
  ['one with a value missing', 'vrrp_instance A {\n  priority\n}\n', 2, true],
]

for (const [what, text, exitCode, isPrinted] of ENDS) {
  test(`${what} ends with ${exitCode}`, async (t) => {
    const result = await runPrintConfig({ file: written(`${what}.conf`, text), host })
    t.is(result.exitCode, exitCode)
    t.is(result.output !== '', isPrinted)
    t.is(result.problems !== '', text !== 'global_defs {\n}\n')
  })
}

test('of a file that cannot be read nothing is printed', async (t) => {
  for (const [file, exitCode] of [
    [join(scratch, 'none.conf'), 4],
    [written('broken.ts', 'export default {'), 5],
    [written('throws.ts', 'throw 1'), 5],
    [written('broken.yaml', 'a: ['), 5],
  ] as const) {
    const result = await runPrintConfig({ file, host })
    t.deepEqual([result.output, result.exitCode], ['', exitCode])
    t.not(result.problems, '')
  }
})

test('what a keepalived.conf cannot say is told', async (t) => {
  const file = written(
    'long.json',
    JSON.stringify({
      globalDefs: { routerId: '${_PWD}', emailFaults: false },
      vrrpInstances: [{ name: 'x'.repeat(1100), interface: 'eth0', virtualRouterId: 1 }],
    }),
  )
  const { problems, exitCode } = await runPrintConfig({ file, host })
  t.regex(problems, /line 2 of what is printed .*refers to a name that is predefined/)
  t.regex(problems, /line \d+ of what is printed .*longer than the 1023 octets/)
  t.is(exitCode, 5)
})

test('as a process: the configuration on standard output, what is wrong with it on standard error', (t) => {
  const file = written('process.conf', 'bogus\nglobal_defs {\n  router_id a\n}\n')
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [MAIN, 'print-config', '-f', file, ...args], { encoding: 'utf8' })
  const { status, stdout, stderr } = run('--format', 'json', '--as-written')
  t.deepEqual(JSON.parse(stdout), { globalDefs: { routerId: 'a' } })
  t.regex(stderr, /unknown keyword 'bogus'/)
  t.is(status, 0)
  t.regex(run('--format', 'xml').stderr, /Allowed choices are conf, json, yaml, ts/)
})

test('of conditional lines those of the configuration id count', (t) => {
  const file = written('conditional.conf', 'global_defs {\n  @one router_id first\n  @two router_id second\n}\n')
  const print = (command: string, ...args: string[]): string =>
    spawnSync(process.execPath, [MAIN, command, file, '-i', 'two', ...args], { encoding: 'utf8' }).stdout
  t.is(print('print-config', '--as-written'), 'global_defs {\n    router_id second\n}\n')
  t.is(print('import-config', '-o', '-', '--format', 'yaml'), 'globalDefs:\n  routerId: second\n')
})
