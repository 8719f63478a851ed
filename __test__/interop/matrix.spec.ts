/**
 * Every way to speak VRRP with Debian's keepalived, in both roles: election, takeover, fail-back, and nothing refused by either
 * side. docs/interop.md is what this comes to; a cell that has not run is none of it.
 */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { Capture } from '../lab/capture.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { CELLS, cellConf, cellName, sharedAddress, type Cell, type Roles } from './cells.ts'
import { countersOf, dumpDirectory } from './counters.ts'
import { keepalivedTable, PAGE, rolesName, rolesWith, type Result } from './page.ts'
import { Turnstile } from './turnstile.ts'

const ROLES = rolesWith('keepalived')

const HIGH = 200
const LOW = 100
/** Cells that run at once: more and a Master could be too late for its Backup. */
const AT_ONCE = 8

const turnstile = new Turnstile(AT_ONCE)
const results: Result[] = []

for (const cell of CELLS) {
  for (const roles of ROLES) {
    labTest(`${cellName(cell)}: ${rolesName(roles)}`, async (t) => {
      t.timeout(600_000)
      await turnstile.pass(async () => inLab(['a', 'b'], async (t, lab) => meet(t, lab, cell, roles))(t))
      results.push({ cell, roles })
    })
  }
}

test.after('docs/interop.md says what ran', (t) => {
  // Where a part was chosen, or some cells failed, the others are not the page.
  if (results.length < CELLS.length * ROLES.length) return
  t.true(readFileSync(PAGE, 'utf8').includes(keepalivedTable(results)), `it says something else than\n${keepalivedTable(results)}`)
})

/** A Master and a Backup that are two programs. */
async function meet(t: ExecutionContext, lab: Lab<'a' | 'b'>, cell: Cell, { master, backup }: Roles<Implementation>): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')]
  const address = sharedAddress(cell)
  const start = async (host: 'a' | 'b', program: Implementation, conf: string) =>
    startDaemon(lab, host, program, conf, { env: await dumpDirectory(lab, host) })
  const numbered = cell.authentication === 'AH'
  const numbers = numbered ? await lab.capture('b', 'ip proto 51') : undefined
  const second = await start('b', backup, cellConf(cell, LOW, b, a))
  const first = await start('a', master, cellConf(cell, HIGH, a, b))
  await lab.waitForHolders(address, 'a')

  // The Master stops in order, and comes back.
  t.deepEqual(await first.terminate(), { code: 0, signal: null })
  await lab.waitForHolders(address, 'b')
  const again = await start('a', master, cellConf(cell, HIGH, a, b))
  await lab.waitForHolders(address, 'a')
  const refusals = async (): Promise<readonly Refusals[]> => {
    const seen = [await refusalsOf(lab, 'a', again), await refusalsOf(lab, 'b', second)]
    return numbers === undefined || isDeepStrictEqual(seen, [NOTHING, NOTHING]) ? seen : await exceptCrossed(numbers, seen)
  }
  t.deepEqual(await refusals(), [NOTHING, NOTHING], 'both have heard and spoken, and refused nothing')

  // A cable is cut, and put back.
  await lab.unplug('a')
  await lab.waitForHolders(address, 'b')
  await lab.plug('a')
  await lab.waitForHolders(address, 'a')
  // The numbers of authentication headers count what is sent and heard together: what the cut side sent to nobody, the other side
  // counts anew, and is refused for it until it has passed the number.
  if (!numbered) t.deepEqual(await refusals(), [NOTHING, NOTHING], 'nor when the cable was back')

  t.deepEqual(await again.terminate(), { code: 0, signal: null })
  await lab.waitForHolders(address, 'b')
  t.deepEqual(await second.terminate(), { code: 0, signal: null })
}

interface Refusals {
  readonly counted: Readonly<Record<string, number>>
  readonly logged: readonly string[]
}

const NOTHING: Refusals = { counted: {}, logged: [] }
const REFUSAL = /checksum from|passwd|too (?:long|short)|mismatch|invalid (?:TTL|auth)|IPSEC|not present in advert|VIPs but received/i

/** What a daemon that has heard and spoken refused. */
async function refusalsOf(lab: Lab<'a' | 'b'>, host: 'a' | 'b', daemon: Daemon): Promise<Refusals> {
  const { received, sent, refused } = await countersOf(lab, host, daemon)
  const silent = received > 0 && sent > 0 ? {} : { received, sent }
  const lines = daemon.process.tail(1_000).split('\n')
  return { counted: { ...refused, ...silent }, logged: lines.filter((line) => REFUSAL.test(line)) }
}

/**
 * Without what authentication headers are refused for that cross on the wire: a number that one side has sent before it heard it from the other
 * is an old one, which happens when both send in the same moment.
 */
async function exceptCrossed(numbers: Capture, seen: readonly Refusals[]): Promise<readonly Refusals[]> {
  const nowUs = Capture.nowUs()
  await numbers.waitFor('all that was sent so far', (packets) => packets.some(({ timeUs }) => timeUs > nowUs))
  const sources = new Map<number, Set<string>>()
  for (const { bytes } of await numbers.frames()) {
    const header = 14 + (bytes.readUInt8(14) & 0x0f) * 4
    const number = bytes.readUInt32BE(header + 8)
    sources.set(number, (sources.get(number) ?? new Set()).add(bytes.subarray(26, 30).join('.')))
  }
  const crossed = [...sources.values()].filter(({ size }) => size > 1).length
  return seen.map(({ counted: { auth_failure: failures = 0, ...counted }, logged }) => ({
    counted: failures > crossed ? { ...counted, auth_failure: failures } : counted,
    logged: failures > crossed ? logged : logged.filter((line) => !line.includes('IPSEC')),
  }))
}
