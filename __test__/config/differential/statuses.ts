/** The statuses of keepalived and of our check for the same files, in network namespaces of the same kind. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** How long all files together may take. */
const LIMIT_MS = 150_000
const CHECK_FILES = fileURLToPath(new URL('check-files.ts', import.meta.url))

/** Two interfaces, as the files expect them. */
const INTERFACES = `set -e
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up`

/** Statuses of all files of standard input; what keepalived says of FILE is in FILE.log. */
const KEEPALIVED = `${INTERFACES}
exec xargs -P "$1" -n 50 sh -c '
  for file; do
    status=0
    keepalived -t -f "$file" >"$file.log" 2>&1 || status=$?
    echo "$status $file"
  done 2>/dev/null' sh`

const CHECK = `${INTERFACES}
exec "$1" --import=@oxc-node/core/register "$2"`

/** What keepalived said about a file. */
export function keepalivedLog(file: string): string {
  return readFileSync(`${file}.log`, 'utf8')
}

/** keepalived's statuses, by file: 128 and a signal's number where it crashes. */
export function keepalivedStatuses(files: readonly string[], jobs: number): ReadonlyMap<string, number> {
  const lines = inNamespace(KEEPALIVED, [`${jobs}`], files)
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), Number.parseInt(line, 10)]))
}

/** What our check finds. */
export interface Checked {
  /** -1 when the check threw. */
  readonly status: number
  /** The codes of the diagnostics, or what was thrown. */
  readonly said: string
}

/** Our statuses, by file: all found by one process. */
export function checkStatuses(files: readonly string[]): ReadonlyMap<string, Checked> {
  const lines = inNamespace(CHECK, [process.execPath, CHECK_FILES], files)
  return new Map(
    lines.map((line) => {
      const [status = '', file = '', said = ''] = line.split('\t')
      return [file, { status: Number(status), said }]
    }),
  )
}

/** Why the two cannot be compared here. */
export function whyNotComparable(): string | undefined {
  const version = spawnSync('keepalived', ['--version'], { encoding: 'utf8' })
  if (version.error !== undefined) return 'keepalived is not installed'
  if (!version.stderr.includes('v2.2.7')) return 'keepalived is not version 2.2.7'
  // Another user's namespace shows the owners of programs as nobody, which keepalived takes for unsafe.
  if (process.getuid?.() !== 0) return 'only root sees who owns the programs that scripts are'
  const probe = spawnSync('unshare', ['--map-root-user', '--net', 'sh', '-c', INTERFACES], { encoding: 'utf8' })
  return probe.status === 0 ? undefined : `no network namespace with veth can be made: ${probe.stderr.trim()}`
}

function inNamespace(script: string, args: readonly string[], files: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync('unshare', ['--map-root-user', '--net', 'sh', '-c', script, 'sh', ...args], {
    encoding: 'utf8',
    input: files.map((file) => `${file}\n`).join(''),
    maxBuffer: 64 * 1024 * 1024,
    timeout: LIMIT_MS,
  })
  if (status !== 0) throw new Error(`the comparison did not run: ${stderr}`)
  return stdout.trimEnd().split('\n')
}
