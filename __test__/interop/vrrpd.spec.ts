/** FRR's vrrpd and ka-native as one virtual router, in both roles: election, takeover, fail-back, and nothing refused by either side. */
import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon, type Daemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Vrrpd, vrrpdUnavailable } from '../lab/vrrpd.ts'
import { VRRPD_CELLS, vrrpdCellName, sharedAddress, type Cell, type Roles } from './cells.ts'
import { countersOf, dumpDirectory } from './counters.ts'
import { PAGE, rolesName, rolesWith, vrrpdTable, type Result } from './page.ts'

const HIGH = 200
const LOW = 100
const ADVERT_INT_MS = 300

const [THEIRS_FIRST, OURS_FIRST] = rolesWith('vrrpd') as [Roles, Roles]
const results: Result[] = []

const reason = vrrpdUnavailable()
if (reason !== undefined) console.warn(`tests with FRR are skipped: ${reason}`)
const frrTest = reason === undefined ? serialLabTest : test.serial.skip

for (const cell of VRRPD_CELLS) {
  frrTest(
    `${vrrpdCellName(cell)}: ${rolesName(THEIRS_FIRST)}`,
    inLab(['frr', 'ka'], async (t, lab) => {
      const address = sharedAddress(cell)
      const ours = await startOurs(lab, cell, LOW)
      await lab.waitForHolders(address, 'ka')
      const theirs = await startTheirs(t, lab, cell, HIGH)
      await theirs.waitForState('Master')
      await lab.waitForHolders(address)
      await theirs.stop()
      await lab.waitForHolders(address, 'ka')

      const again = await startTheirs(t, lab, cell, HIGH)
      await again.waitForState('Master')
      await lab.waitForHolders(address)
      await lab.partition(['frr'], ['ka'])
      await lab.waitForHolders(address, 'ka')
      await lab.heal()
      await lab.waitForHolders(address)
      t.is(await again.state(), 'Master')
      await expectNothingRefused(t, lab, ours, again)
      t.deepEqual(await ours.terminate(), { code: 0, signal: null })
      await again.stop()
      results.push({ cell, roles: THEIRS_FIRST })
    }),
  )

  frrTest(
    `${vrrpdCellName(cell)}: ${rolesName(OURS_FIRST)}`,
    inLab(['frr', 'ka'], async (t, lab) => {
      const address = sharedAddress(cell)
      const theirs = await startTheirs(t, lab, cell, LOW)
      await theirs.waitForState('Master')
      const first = await startOurs(lab, cell, HIGH)
      await lab.waitForHolders(address, 'ka')
      await theirs.waitForState('Backup')
      t.deepEqual(await first.terminate(), { code: 0, signal: null })
      await theirs.waitForState('Master')
      const ours = await startOurs(lab, cell, HIGH)
      await lab.waitForHolders(address, 'ka')
      await theirs.waitForState('Backup')
      await lab.partition(['frr'], ['ka'])
      await theirs.waitForState('Master')
      await lab.heal()
      await theirs.waitForState('Backup')
      t.deepEqual(await lab.holders(address), ['ka'])
      await expectNothingRefused(t, lab, ours, theirs)
      t.deepEqual(await ours.terminate(), { code: 0, signal: null })
      await theirs.stop()
      results.push({ cell, roles: OURS_FIRST })
    }),
  )
}

test.after('docs/interop.md says what ran', (t) => {
  if (results.length < 2 * VRRPD_CELLS.length) return
  t.true(readFileSync(PAGE, 'utf8').includes(vrrpdTable(results)), `it says something else than\n${vrrpdTable(results)}`)
})

async function startOurs(lab: Lab<'frr' | 'ka'>, cell: Cell, priority: number): Promise<Daemon> {
  const { vrid, addresses } = cell
  const conf = keepalivedConf({ version: 3, vrid, priority, advertInt: ADVERT_INT_MS / 1_000, addresses })
  return startDaemon(lab, 'ka', 'ka-native', conf, { env: await dumpDirectory(lab, 'ka') })
}

async function startTheirs(
  t: ExecutionContext,
  lab: Lab<'frr' | 'ka'>,
  { vrid, addresses }: Cell,
  priority: number,
): Promise<Vrrpd<'frr' | 'ka'>> {
  const vrrpd = await Vrrpd.start(lab, 'frr', { vrid, priority, advertIntMs: ADVERT_INT_MS, addresses })
  t.teardown(() => {
    if (!t.passed) t.log(vrrpd.tail())
  })
  return vrrpd
}

async function expectNothingRefused(t: ExecutionContext, lab: Lab<'frr' | 'ka'>, ours: Daemon, theirs: Vrrpd<'frr' | 'ka'>): Promise<void> {
  const { received, sent, refused } = await countersOf(lab, 'ka', ours)
  t.deepEqual(refused, {})
  t.true(received > 0 && sent > 0, `it has heard and spoken: ${received}, ${sent}`)
  t.deepEqual(theirs.refusals(), [])
}
