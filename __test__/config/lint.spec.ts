/** Known traps: each rule finds its trap at its place, and says nothing where there is none. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { alterablePart, becomesRoot } from '../../src/config/host/tampering.ts'
import type { Host } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from './fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-lint-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const RULES = new Set<string>([
  'weight-without-effect',
  'check-longer-than-interval',
  'script-writable-by-others',
  'priority-255-misuse',
  'many-ipv6-addresses',
  'first-address-not-link-local',
  'lthreshold-above-uthreshold',
  'unchecked-servers',
])

function instance(...lines: readonly string[]): string {
  return [
    'vrrp_instance VI_1 {',
    'interface eth0',
    'virtual_router_id 51',
    ...lines,
    'virtual_ipaddress {',
    '10.0.0.1/24',
    '}',
    '}',
    '',
  ].join('\n')
}

function tracked(priority: number, script: string): string {
  return `vrrp_script chk {\nscript "/usr/bin/true"\n${script}\n}\n${instance(`priority ${priority}`, 'track_script {', 'chk', '}')}`
}

/** `CODE LINE` of each finding of a rule. */
function findings(text: string, changes: Partial<Host> = {}): readonly string[] {
  const { diagnostics } = loadConfig({ file: 'x.conf', text, host: testHost(changes), lint: true })
  return [...diagnostics].filter(({ code }) => RULES.has(code)).map(({ code, line }) => `${code} ${line}`)
}

test('priority 255 without any of the addresses', (t) => {
  t.deepEqual(findings(instance('priority 255')), ['priority-255-misuse 4'])
  t.deepEqual(findings(instance('state MASTER')), ['priority-255-misuse 4'])
  t.deepEqual(findings(instance('state MASTER', 'priority 254')), [])
  t.deepEqual(findings(instance('priority 255'), { hasAddress: (address) => address === '10.0.0.1' }), [])
})

test('a weight that can never move the address', (t) => {
  t.deepEqual(findings(tracked(254, 'weight 5')), ['weight-without-effect 10'])
  t.deepEqual(findings(tracked(1, 'weight -5')), ['weight-without-effect 10'])
  t.deepEqual(findings(tracked(254, 'weight -5')), [])
  t.deepEqual(findings(tracked(100, 'weight 5')), [])
  t.deepEqual(findings(tracked(254, 'weight 0')), [])
})

test('a check that may take longer than the time to the next one', (t) => {
  t.deepEqual(findings(tracked(100, 'interval 2\ntimeout 5')), ['check-longer-than-interval 4'])
  t.deepEqual(findings(tracked(100, 'interval 5\ntimeout 5')), [])
  const server = (check: string): string =>
    `virtual_server 10.0.0.9 80 {\ndelay_loop 5\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 10.0.1.1 80 {\n${check}\n}\n}\n`
  t.deepEqual(findings(server('TCP_CHECK {\nconnect_timeout 9\n}')), ['check-longer-than-interval 8'])
  t.deepEqual(findings(server('TCP_CHECK {\nconnect_timeout 4\n}')), [])
  t.deepEqual(findings(server('MISC_CHECK {\nmisc_path "/usr/bin/true"\nmisc_timeout 6\n}')), ['check-longer-than-interval 9'])
})

function virtualServer(...servers: readonly string[]): string {
  const blocks = servers.map((lines, index) => `real_server 10.0.1.${index + 1} 80 {\n${lines}\n}\n`)
  return `virtual_server 10.0.0.9 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n${blocks.join('')}}\n`
}

test('a lower connection limit above the upper one', (t) => {
  const limited = (lines: string): string => virtualServer(`${lines}\nTCP_CHECK {\n}`)
  t.deepEqual(findings(limited('uthreshold 100\nlthreshold 200')), ['lthreshold-above-uthreshold 7'])
  t.deepEqual(findings(limited('lthreshold 200\nuthreshold 100')), ['lthreshold-above-uthreshold 6'])
  t.deepEqual(findings(limited('lthreshold 1')), ['lthreshold-above-uthreshold 6'])
  t.deepEqual(findings(limited('lthreshold 100\nuthreshold 100')), [])
  t.deepEqual(findings(limited('uthreshold 100')), [])
})

test('a virtual server none of whose servers is checked', (t) => {
  t.deepEqual(findings(virtualServer('weight 1', 'weight 2')), ['unchecked-servers 1'])
  t.deepEqual(findings(virtualServer('weight 1', 'PING_CHECK {\n}')), [])
})

test('a thousand IPv6 addresses on one interface', (t) => {
  const addresses = (count: number, dev: (index: number) => string): string => {
    const lines = Array.from({ length: count }, (_, index) => `2001:db8::${(index + 1).toString(16)} dev ${dev(index)}`)
    return instance('virtual_ipaddress_excluded {', ...lines, '}')
  }
  t.deepEqual(findings(addresses(1000, () => 'eth1')), ['many-ipv6-addresses 1'])
  t.deepEqual(findings(addresses(1000, (index) => (index % 2 === 0 ? 'eth0' : 'eth1'))), [])
})

test('an IPv6 instance whose first address is not link-local', (t) => {
  const addresses = (...list: readonly string[]): string => instance().replace('10.0.0.1/24', list.join('\n'))
  t.deepEqual(findings(addresses('2001:db8::1', 'fe80::1')), ['first-address-not-link-local 5'])
  t.deepEqual(findings(addresses('fe80::1', '2001:db8::1')), [])
  t.deepEqual(findings(addresses('10.0.0.1')), [])
  // There it is an error.
  t.deepEqual(findings(addresses('2001:db8::1').replace('virtual_ip', 'strict_mode\nvirtual_ip')), [])
})

test('a script that runs as root and that somebody else can change', (t) => {
  const text = instance('notify "/usr/bin/true" root')
  const reason = 'may be written by everybody (mode 0777)'
  t.deepEqual(findings(text, { alterablePart: (path) => ({ path, reason }) }), ['script-writable-by-others 4'])
  t.deepEqual(findings(instance('notify "/usr/bin/true" nobody'), { alterablePart: (path) => ({ path, reason }) }), [])
  t.deepEqual(findings(text), [])
})

const asRoot = process.geteuid?.() === 0 ? test : test.skip

asRoot('each component of a path counts', (t) => {
  // The sticky directory above it lets nobody replace what belongs to others.
  const inner = join(scratch, 'inner')
  const file = join(inner, 'script')
  mkdirSync(inner, { mode: 0o755 })
  writeFileSync(file, '')
  chmodSync(file, 0o755)
  t.is(alterablePart(file), undefined)
  chmodSync(file, 0o757)
  t.deepEqual(alterablePart(file), { path: file, reason: 'may be written by everybody (owner 0, mode 0757)' })
  chmodSync(file, 0o755)
  chownSync(inner, 65_534, 65_534)
  t.deepEqual(alterablePart(file), { path: inner, reason: 'belongs to user 65534 (mode 0755)' })
  t.is(alterablePart(join(scratch, 'nowhere')), undefined)
})

asRoot('symbolic links are followed, and what leads to them counts', (t) => {
  const [safe, open] = [join(scratch, 'safe'), join(scratch, 'open')]
  for (const directory of [safe, open]) mkdirSync(directory, { mode: 0o755 })
  for (const directory of [safe, open]) writeFileSync(join(directory, 'script'), '', { mode: 0o755 })
  symlinkSync('../open/script', join(safe, 'to-open'))
  symlinkSync(join(safe, 'script'), join(open, 'to-safe'))
  symlinkSync('loop', join(safe, 'loop'))
  chmodSync(open, 0o777)
  const byEverybody = { path: open, reason: 'may be written by everybody (owner 0, mode 0777)' }
  t.is(alterablePart(join(safe, 'script')), undefined)
  t.deepEqual(alterablePart(join(safe, 'to-open')), byEverybody)
  t.deepEqual(alterablePart(join(open, 'to-safe')), byEverybody)
  t.is(alterablePart(join(safe, 'loop')), undefined)
})

asRoot('a file that makes root of whoever runs it', (t) => {
  const file = join(scratch, 'set-id')
  writeFileSync(file, '')
  const modes = [0o755, 0o4755, 0o2755, 0o2745]
  const seen = modes.map((mode) => {
    chmodSync(file, mode)
    return becomesRoot(file)
  })
  t.deepEqual(seen, [false, true, true, false])
  chownSync(file, 65_534, 65_534)
  chmodSync(file, 0o6755)
  t.false(becomesRoot(file))
})

test('findings do not change the status unless asked', (t) => {
  const { diagnostics } = loadConfig({ file: 'x.conf', text: instance('priority 255'), host: testHost(), lint: true })
  t.is(diagnostics.highestClass, 'note')
  t.deepEqual(findings(instance('priority 255')).length, 1)
  t.is([...loadConfig({ file: 'x.conf', text: instance('priority 255'), host: testHost() }).diagnostics].length, 0)
})
