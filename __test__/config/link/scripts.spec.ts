/** Which scripts of a configuration may be run: script security (process.md §7). */
import test from 'ava'
import type { Host } from '../../../src/config/host/host.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { fixtures, testHost } from '../fixtures.ts'

const PART = { path: '/usr/bin', reason: 'may be written by group 50 (owner 0, mode 0775)' }
const MESSAGE = "Unsafe permissions found for script '/usr/bin/true' - disabling: /usr/bin may be written by group 50 (owner 0, mode 0775)"
const SECURE = 'enable_script_security\n'

/** Codes and messages, and whether the script is there to be run, of one whose path can be changed by others. */
function judge(globals: string, account: string, changes: Partial<Host> = {}): { findings: string[]; runs: boolean } {
  const text = `global_defs {\n${globals}}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\nnotify "/usr/bin/true" ${account}\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n`
  const host = testHost({ alterablePart: () => PART, ...changes })
  const { config, diagnostics } = loadConfig({ file: 'keepalived.conf', text, host })
  const findings = [...diagnostics].map(({ code, message }) => (code === 'unsafe-script' ? message : code))
  return { findings, runs: config.vrrpInstances[0]?.notify !== undefined }
}

test('with script security a script that runs as root and can be changed by others is not run', (t) => {
  t.deepEqual(judge(SECURE, 'root'), { findings: [MESSAGE], runs: false })
  t.deepEqual(judge(`${SECURE}script_user root\n`, ''), { findings: [MESSAGE], runs: false })
  t.deepEqual(judge(SECURE, 'root', { alterablePart: () => undefined }), { findings: [], runs: true })
})

test('the group of root counts, and a file that makes root of whoever runs it', (t) => {
  t.deepEqual(judge(SECURE, 'nobody root'), { findings: [MESSAGE], runs: false })
  t.deepEqual(judge(SECURE, 'nobody', { becomesRoot: () => true }), { findings: [MESSAGE], runs: false })
  t.deepEqual(judge(SECURE, 'nobody'), { findings: [], runs: true })
})

test('without script security it runs, and keepalived’s sentence says so', (t) => {
  t.deepEqual(judge('', 'root'), { findings: ['script-runs-as-root'], runs: true })
  const fixture = fixtures().find(({ name }) => name === 'script-as-root')
  t.regex(fixture?.text ?? '', /SECURITY VIOLATION - scripts are being executed but script_security not enabled\. /)
})
