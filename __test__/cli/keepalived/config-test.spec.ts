/** `-t`: statuses, messages, and the file they go to. Beside keepalived where that is installed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { testConfig, runConfigTest } from '../../../src/cli/keepalived/config-test.ts'
import { DEFAULT_SETTINGS } from '../../../src/cli/keepalived/settings.ts'
import { fixtures, testHost } from '../../config/fixtures.ts'
import { runInNamespace, whyUnavailable } from '../../config/keepalived.ts'
import { MAIN } from './background.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-config-test-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

test('every case has the status that check has', async (t) => {
  const cases = fixtures()
  t.true(cases.length > 100)
  for (const { name, file, expected } of cases) {
    const { exitCode, messages } = await testConfig({ ...DEFAULT_SETTINGS, configFile: file }, testHost())
    t.is(exitCode, expected.exit.test, name)
    if (exitCode !== 0) t.true(messages.length > 0, `${name}: what is wrong is said`)
  }
})

test('an option that is wrong makes a test fail, as a mistake of the configuration does', async (t) => {
  const file = join(scratch, 'right.conf')
  writeFileSync(file, 'global_defs {\n  router_id lab\n}\n')
  const mistakes = [{ text: 'Invalid log facility', failsTest: true }]
  t.is((await testConfig({ ...DEFAULT_SETTINGS, configFile: file, mistakes }, testHost())).exitCode, 5)
  t.is((await testConfig({ ...DEFAULT_SETTINGS, configFile: file, mistakes: [{ text: 'x', failsTest: false }] }, testHost())).exitCode, 0)
  writeFileSync(join(scratch, 'aborted.conf'), 'vrrp_instance V {\n  priority\n}\n')
  t.is((await testConfig({ ...DEFAULT_SETTINGS, configFile: join(scratch, 'aborted.conf'), mistakes }, testHost())).exitCode, 2)
})

test('messages are added to the file that is named, which is for its user alone', async (t) => {
  const file = join(scratch, 'wrong.conf')
  writeFileSync(file, 'global_defs {\n  router_idd lab\n}\n')
  const log = join(scratch, 'messages.log')
  const settings = { ...DEFAULT_SETTINGS, configFile: file }
  t.is(await runConfigTest(settings, log), 5)
  t.is(await runConfigTest(settings, log), 5)
  t.is(statSync(log).mode & 0o777, 0o600)
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  t.is(lines.length, 2)
  t.is(lines[0], lines[1])
  t.is(lines[0], `(${file}: Line 2) unknown keyword 'router_idd' in global_defs (did you mean \`router_id\`?)`)
})

const INSTANCE = 'vrrp_instance V {\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    192.0.2.1\n  }\n'

/** Configurations with one mistake, and the line that both name. */
const MISTAKES: Readonly<Record<string, readonly [text: string, line: number]>> = {
  'unknown keyword': [`${INSTANCE}  bogus 1\n}\n`, 7],
  'bad number': [`${INSTANCE}  priority high\n}\n`, 7],
  'number out of range': [`${INSTANCE}  priority 300\n}\n`, 7],
  'unknown boolean': [`global_defs {\n  vrrp_skip_check_adv_addr\n  checker_log_all_failures maybe\n}\n${INSTANCE}}\n`, 3],
  'open quote': [`${INSTANCE}  notify "open\n}\n`, 7],
  'no value': [`${INSTANCE}  priority\n}\n`, 7],
}

const unavailable = whyUnavailable()
if (unavailable !== undefined) console.warn(`tests of configurations are not compared: ${unavailable}`)
const realTest = unavailable === undefined ? test : test.skip

for (const [name, [text, line]] of Object.entries(MISTAKES)) {
  realTest(`${name}: as keepalived, status and line`, (t) => {
    const file = join(scratch, `${name.replaceAll(' ', '-')}.conf`)
    writeFileSync(file, text)
    const script = 'status=0; "$@" -t -f "$file" 2>&1 || status=$?; echo "status $status"'
    const run = (...program: string[]): string => runInNamespace(`file=$1; shift; ${script}`, [file, ...program])
    const [ours, theirs] = [run(process.execPath, MAIN), run('keepalived')]
    t.is(/status \d+$/m.exec(ours)?.[0], /status \d+$/m.exec(theirs)?.[0], `${ours}\n${theirs}`)
    const place = `(${file}: Line ${line}) `
    t.true(ours.includes(place), ours)
    // What its first process alone reads is told without the file.
    t.true(theirs.includes(place) || theirs.includes(`(Line ${line}) `), theirs)
  })
}

test('nothing is said of a configuration that is right', (t) => {
  const file = join(scratch, 'nothing.conf')
  writeFileSync(file, 'global_defs {\n  router_id lab\n}\n')
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, '-t', '-f', file], { encoding: 'utf8' })
  t.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
})
