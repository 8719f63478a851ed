/** Debian's keepalived 2.2.7 as a black box, in a network namespace that has the interfaces of the cases. */
import { spawnSync } from 'node:child_process'

/** Prepares the namespace. */
const PREPARE = `set -e
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
`

/** Why it cannot be asked here; absent when it can. */
export function whyUnavailable(): string | undefined {
  const version = spawnSync('keepalived', ['--version'], { encoding: 'utf8' })
  if (version.error !== undefined) return 'keepalived is not installed'
  if (!version.stderr.includes('v2.2.7')) return 'keepalived is not version 2.2.7'
  const probe = inNamespace('', [])
  return probe.status === 0 ? undefined : `no network namespace with veth can be made: ${probe.stderr.trim()}`
}

/** What a shell script writes that runs in such a namespace. */
export function runInNamespace(script: string, args: readonly string[]): string {
  const { status, stdout, stderr } = inNamespace(script, args)
  if (status !== 0) throw new Error(`the comparison did not run: ${stderr}`)
  return stdout
}

function inNamespace(script: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['--map-root-user', '--net', 'sh', '-c', PREPARE + script, 'sh', ...args]
  return spawnSync('unshare', command, { encoding: 'utf8', timeout: 150_000 })
}
