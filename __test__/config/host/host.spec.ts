import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import { localHost } from '../../../src/config/host/host.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-host-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

test('interfaces are those of this network namespace', (t) => {
  t.true(localHost().hasInterface('lo'))
  t.false(localHost().hasInterface('ka-no-such-if'))
})

test('the user of the process has a name, and processors are those that are online', (t) => {
  const host = localHost()
  t.is(host.userName, userInfo().username)
  t.is(host.cpuCount, cpus().length)
})

/** Interfaces in a network namespace of its own, which keeps the /sys of this one. */
const NAMESPACE = `set -e
ip link add ka0 type veth peer name ka1
ip link add ka2 type veth peer name ka3
ip link set ka0 mtu 9000
ip link set ka1 mtu 1400
ip link set ka2 mtu 600
ip link set lo mtu 4000
exec "$@"`
const PRINT_MTUS = `import { localHost } from '${new URL('../../../src/config/host/host.ts', import.meta.url).href}'
const host = localHost()
const names = ['lo', 'ka0', 'ka1', 'ka2', 'ka3', 'ka-no-such-if', '../lo', '']
console.log(JSON.stringify(names.map((name) => host.interfaceMtu(name) ?? null)))`

function inNamespace(...command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('unshare', ['--map-root-user', '--net', 'sh', '-c', NAMESPACE, 'sh', ...command], { encoding: 'utf8' })
}

const probe = inNamespace('true')
if (probe.status !== 0) console.warn(`the test of MTUs is skipped, because no network namespace can be made: ${probe.stderr.trim()}`)
const namespaceTest = probe.status === 0 ? test : test.skip

namespaceTest('the MTU is that of the interface in this network namespace, whatever /sys shows', (t) => {
  const script = ['--import=@oxc-node/core/register', '--input-type=module', '-e', PRINT_MTUS]
  const expected = [4000, 9000, 1400, 600, 1500, null, null, null]
  const read = (): unknown => {
    const { stdout, stderr } = inNamespace(process.execPath, ...script)
    t.is(stderr, '')
    return JSON.parse(stdout)
  }
  // That of an interface without IPv6 comes from ip(8), which has no more than a second: too little at times on a busy machine.
  let found = read()
  for (let attempt = 2; attempt <= 5 && !isDeepStrictEqual(found, expected); attempt += 1) found = read()
  t.deepEqual(found, expected)
})

test('accounts come from the account database', (t) => {
  const host = localHost()
  t.deepEqual(host.user('root'), { uid: 0, gid: 0 })
  t.is(host.group('root'), 0)
  for (const name of ['ka-no-such-user', '', '-h', 'a b', 'root:x']) {
    t.is(host.user(name), undefined, name)
    t.is(host.group(name), undefined, name)
  }
})

test('a script is usable when it can be executed', (t) => {
  const host = localHost()
  const script = join(scratch, 'script')
  writeFileSync(script, '#!/bin/sh\n')
  chmodSync(script, 0o644)
  t.deepEqual(host.scriptProblem(script), { isMissing: false, reason: 'may not be executed' })
  chmodSync(script, 0o755)
  t.is(host.scriptProblem(script), undefined)
  t.is(host.scriptProblem('sh'), undefined)
  t.deepEqual(host.scriptProblem('ka-no-such-program'), { isMissing: true, reason: 'is not found in PATH' })
  t.deepEqual(host.scriptProblem('./script'), { isMissing: true, reason: 'is not an absolute path' })
  t.deepEqual(host.scriptProblem(scratch), { isMissing: false, reason: 'is a directory' })
  t.deepEqual(host.scriptProblem(join(scratch, 'none')), { isMissing: true, reason: 'does not exist' })
  t.deepEqual(host.scriptProblem(join(script, 'below-a-file')), { isMissing: true, reason: 'does not exist' })
})

test('names of iproute2 are read with their numbers, and a table that is not there has none', (t) => {
  const host = localHost()
  const lines = ['# a comment', '254\tmain', '0x1f other # and why', ' 7  seven', 'x y', '9', '12x twelve']
  writeFileSync(join(scratch, 'rt_tables'), lines.join('\n'))
  const expected = new Map([
    ['main', 254],
    ['other', 31],
    ['seven', 7],
  ])
  t.deepEqual(new Map(host.iprouteNames(scratch, 'rt_tables')), expected)
  t.is(host.iprouteNames(scratch, 'rt_scopes').size, 0)
  t.is(host.iprouteNames(join(scratch, 'none'), 'rt_tables').size, 0)
})
