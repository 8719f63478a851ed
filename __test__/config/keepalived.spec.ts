/**
 * The exit status of every case compared with Debian's `keepalived -t` (2.2.7), in a network namespace
 * that has the interfaces of the cases. A case whose status differs says why in its expected.json.
 */
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import test from 'ava'
import { fixtures } from './fixtures.ts'

/** Prepares the namespace, then prints the status of each configuration. */
const SCRIPT = `set -e
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
for folder in "$@"; do
  status=0
  (cd "$folder" && timeout 20 keepalived -t -f keepalived.conf >/dev/null 2>&1) || status=$?
  echo "$(basename "$folder") $status"
done`

/** Inputs that the real program never comes back from. */
const ENDLESS = 'keepalived crashes or never ends'

const unavailable = findReason()
const run = unavailable === undefined ? test : test.skip
if (unavailable !== undefined) console.warn(`the comparison with keepalived is skipped: ${unavailable}`)

run('exit statuses are those of keepalived -t', (t) => {
  const cases = fixtures().filter(({ expected }) => expected.keepalived !== ENDLESS)
  const statuses = keepalivedStatuses(cases.map(({ folder }) => folder))
  t.is(statuses.size, cases.length)
  for (const { name, expected } of cases) {
    const { test: wanted } = expected.exit
    if (expected.keepalived === undefined) t.is(statuses.get(name), wanted, name)
    else t.not(statuses.get(name), wanted, `${name} no longer differs: ${expected.keepalived}`)
  }
})

function keepalivedStatuses(folders: readonly string[]): ReadonlyMap<string, number> {
  const { status, stdout, stderr } = inNamespace(SCRIPT, folders)
  if (status !== 0) throw new Error(`the comparison did not run: ${stderr}`)
  const lines = stdout.trim().split('\n')
  return new Map(lines.map((line) => [basename(line.split(' ')[0] ?? ''), Number(line.split(' ')[1])]))
}

function inNamespace(script: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('unshare', ['--map-root-user', '--net', 'sh', '-c', script, 'sh', ...args], { encoding: 'utf8', timeout: 150_000 })
}

function findReason(): string | undefined {
  const version = spawnSync('keepalived', ['--version'], { encoding: 'utf8' })
  if (version.error !== undefined) return 'keepalived is not installed'
  if (!version.stderr.includes('v2.2.7')) return 'keepalived is not version 2.2.7'
  const probe = inNamespace('ip link add eth0 type veth peer name eth1', [])
  return probe.status === 0 ? undefined : `no network namespace with veth can be made: ${probe.stderr.trim()}`
}
