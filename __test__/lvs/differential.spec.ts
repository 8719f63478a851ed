/**
 * keepalived and ka-native side by side in a guest kernel, with the same configurations and the same faults: at every resting point IPVS
 * is the same, and scripts and FIFOs were told the same. Differences that are meant to be are the scenarios' `allowances`.
 */
import { GuestReports, guestTest } from '../lab/guest.ts'
import { SCENARIOS } from './guest/scenarios.ts'

/** A limit for what is broken: all together take a few minutes. */
const LIMIT_S = 3_000

const guest: { reports?: GuestReports } = {}

for (const { name } of SCENARIOS) {
  guestTest(`as keepalived: ${name}`, async (t) => {
    t.timeout(LIMIT_S * 1_000)
    guest.reports ??= GuestReports.start(
      '__test__/lvs/guest/differential.ts',
      [process.env['KA_LVS_SUBJECTS'] ?? 'keepalived,ka-native'],
      LIMIT_S,
    )
    await guest.reports.value(name)
    t.pass()
  })
}
