/** Two directors with VRRP and LVS in a guest kernel: see guest/pair.ts. */
import { GuestReports, guestTest } from '../lab/guest.ts'

/** A limit for what is broken. */
const LIMIT_S = 1_500

const guest: { reports?: GuestReports } = {}

/** What the guest saw of one part. */
async function seen(name: string): Promise<unknown> {
  guest.reports ??= GuestReports.start('__test__/lvs/guest/pair.ts', [process.env['KA_LVS_SUBJECT'] ?? 'ka-native'], LIMIT_S)
  return guest.reports.value(name)
}

guestTest('the sync daemon follows the virtual router', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('start'), { d1: ['master'], d2: ['backup'] })
})

guestTest('the Backup knows an established connection', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.is(await seen('synchronised'), 'ESTABLISHED')
})

guestTest('when the Master fails under load, an established connection goes on and new ones are balanced', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('failover'), { session: 'answered', web: ['r1', 'r2'] })
})

guestTest('so they do when it comes back', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('recovery'), { session: 'answered', web: ['r1', 'r2'] })
})

guestTest('both leave nothing', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('stop'), { codes: [0, 0], services: [0, 0], roles: { d1: [], d2: [] } })
})
