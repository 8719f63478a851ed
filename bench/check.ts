/**
 * What reading a configuration costs: `npm run bench:check`.
 *
 * `keepalived -t` and `ka-native check` take turns, as whole processes, on a file of 330,000 lines (5,000 virtual
 * servers with 10 real servers and a TCP_CHECK each), on one ten times smaller, and on 4,000 instances. The table
 * goes to standard error, the figures as JSON to standard output.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { quantile, table } from './statistics.ts'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
/** Makes the interface that the instances name, then runs the command under time(1). */
const SCRIPT = `ip link add eth0 type veth peer name eth1 && ip link set eth0 up && ip link set eth1 up
exec /usr/bin/time -o "$1" -f '%e %U %S %M' "$2" "$3" "$4" "$5" "$6" > /dev/null 2>&1`

/** One run of a whole process. */
interface Run {
  readonly elapsedS: number
  readonly cpuS: number
  readonly peakKiB: number
}

interface Case {
  readonly name: string
  readonly lines: number
  readonly file: string
}

interface Result {
  readonly name: string
  readonly lines: number
  readonly subject: string
  /** Medians. */
  readonly elapsedS: number
  readonly cpuS: number
  readonly peakMiB: number
}

const SUBJECTS = {
  keepalived: (file: string): readonly string[] => ['keepalived', '-t', '-f', file, '--'],
  'ka-native': (file: string): readonly string[] => [process.execPath, CLI, 'check', '-f', file],
} as const

function virtualServers(count: number): string {
  const blocks: string[] = []
  for (let server = 0; server < count; server++) {
    const service = `10.${server >> 8}.${server & 255}.1`
    const reals = Array.from({ length: 10 }, (_, real) => {
      const address = `172.${16 + (server >> 8)}.${server & 255}.${real + 1}`
      return `    real_server ${address} 80 {\n        weight 1\n        TCP_CHECK {\n            connect_timeout 3\n        }\n    }\n`
    })
    const head = `virtual_server ${service} 80 {\n    delay_loop 10\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n`
    blocks.push(`${head}${reals.join('')}}\n`)
  }
  return blocks.join('')
}

function instances(count: number): string {
  const blocks = Array.from({ length: count }, (_, index) => {
    // 250 to a multicast group, so that no VRID is used twice.
    const vrid = (index % 250) + 1
    const group = `224.0.1.${Math.floor(index / 250) + 1}`
    const address = `10.${index >> 8}.${index & 255}.1`
    return `vrrp_instance VI_${index} {
    state BACKUP
    interface eth0
    virtual_router_id ${vrid}
    mcast_dst_ip ${group}
    priority 100
    advert_int 1
    virtual_ipaddress {
        ${address}/32
    }
}
`
  })
  return blocks.join('')
}

function measure(directory: string, command: readonly string[]): Run {
  const output = join(directory, 'time')
  const args = ['--map-root-user', '--net', 'sh', '-c', SCRIPT, 'sh', output, ...command]
  spawnSync('unshare', args, { stdio: 'ignore', timeout: 120_000 })
  const text = spawnSync('tail', ['-n', '1', output], { encoding: 'utf8' }).stdout
  const [elapsedS = NaN, userS = NaN, systemS = NaN, peakKiB = NaN] = text.trim().split(' ').map(Number)
  return { elapsedS, cpuS: userS + systemS, peakKiB }
}

function main(): void {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } })
  const directory = mkdtempSync(join(tmpdir(), 'ka-native-bench-'))
  try {
    const results = cases(directory).flatMap((one) => compare(one, directory, Number(values.runs)))
    process.stderr.write(`${table([['case', 'lines', 'subject', 'elapsed s', 'CPU s', 'peak MiB'], ...results.map(row)])}\n`)
    process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function cases(directory: string): readonly Case[] {
  const texts = [
    ['5,000 virtual servers', virtualServers(5000)],
    ['500 virtual servers', virtualServers(500)],
    ['4,000 instances', instances(4000)],
  ] as const
  return texts.map(([name, text], index) => {
    const file = join(directory, `${index}.conf`)
    writeFileSync(file, text)
    return { name, lines: text.split('\n').length - 1, file }
  })
}

/** Turn by turn, so that what else the machine does meets both. */
function compare({ name, lines, file }: Case, directory: string, count: number): readonly Result[] {
  const runs = { keepalived: [] as Run[], 'ka-native': [] as Run[] }
  for (let run = 0; run < count; run++) {
    for (const subject of ['keepalived', 'ka-native'] as const) runs[subject].push(measure(directory, SUBJECTS[subject](file)))
  }
  return (['keepalived', 'ka-native'] as const).map((subject) => {
    const median = (of: (run: Run) => number): number => quantile(runs[subject].map(of), 0.5)
    return {
      name,
      lines,
      subject,
      elapsedS: median(({ elapsedS }) => elapsedS),
      cpuS: median(({ cpuS }) => cpuS),
      peakMiB: median(({ peakKiB }) => peakKiB / 1024),
    }
  })
}

function row({ name, lines, subject, elapsedS, cpuS, peakMiB }: Result): string[] {
  return [name, String(lines), subject, elapsedS.toFixed(2), cpuS.toFixed(2), peakMiB.toFixed(0)]
}

main()
