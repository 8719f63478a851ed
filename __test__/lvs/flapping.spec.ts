/** 10,000 real servers that go and come for a minute, in a guest kernel: see guest/flapping.ts. */
import { GuestReports, guestTest } from '../lab/guest.ts'

/** A limit for what is broken. */
const LIMIT_S = 1_500
const MEMORY_MB = 2_048

interface Holdings {
  readonly descriptors: number
  readonly heapMb: number
  readonly residentMb: number
}

/** Within the second half of the minute: what is held may grow by so much, for memory that is used again. */
const GROWTH = 1.3

const guest: { reports?: GuestReports } = {}

/** What the guest saw of one part. */
async function seen<Value>(name: string): Promise<Value> {
  guest.reports ??= GuestReports.start('__test__/lvs/guest/flapping-host.ts', [], LIMIT_S, MEMORY_MB)
  return (await guest.reports.value(name)) as Value
}

guestTest('10,000 servers are there', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('start'), [])
})

guestTest('after a minute of servers that go and come, IPVS is as it is wanted, and nothing has grown', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  const { before, after } = await seen<{ before: Holdings; after: Holdings }>('flapping')
  t.log(before, after)
  // A check may be under way at either moment.
  t.true(after.descriptors <= before.descriptors + 50, `${before.descriptors} descriptors became ${after.descriptors}`)
  t.true(after.heapMb <= before.heapMb * GROWTH, `${before.heapMb} MB of heap became ${after.heapMb}`)
  t.true(after.residentMb <= before.residentMb * GROWTH, `${before.residentMb} MB of memory became ${after.residentMb}`)
})

guestTest('every event of theirs was told, and the last ones are true', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  const { gaps, untrue, changes } = await seen<{ gaps: string[]; untrue: string[]; changes: number }>('told')
  t.log(`${changes} changes of servers`)
  t.deepEqual({ gaps, untrue }, { gaps: [], untrue: [] })
  t.true(changes > 0)
})

guestTest('the stop leaves nothing of them', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.is(await seen('stop'), 0)
})
