/** The life of a daemon with virtual servers in a guest kernel: see guest/life.ts. */
import { GuestReports, guestTest } from '../lab/guest.ts'

/** A limit for what is broken. */
const LIMIT_S = 1_500
const MEMORY_MB = 2_048

/** What a stop leaves. */
const NOTHING = { table: [], held: [] }

const guest: { reports?: GuestReports } = {}

/** What the guest saw of one part. */
async function seen<Value>(name: string): Promise<Value> {
  guest.reports ??= GuestReports.start('__test__/lvs/guest/life.ts', [], LIMIT_S, MEMORY_MB)
  return (await guest.reports.value(name)) as Value
}

guestTest('virtual servers come with a reload, change, go altogether and come again, also while one is drained', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  const { events, ...rest } = await seen<{ events: number }>('reloads')
  t.true(events > 0)
  t.deepEqual(rest, {
    tables: [[], ['80: 8001*1 8002*1'], ['80: 8002*3 8003*3', '81: 8001*1'], ['80: 8002*1', '81: 8001*0 8002*1'], [], ['80: 8001*1']],
    drained: 'empty',
    none: { services: [] },
    areWhole: true,
    left: NOTHING,
  })
})

guestTest('a reload whose virtual servers are refused leaves the virtual routers as they were, too', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('refused'), {
    code: 'KA_ERR_ENGINE',
    refused: { routers: ['A'], services: 1, table: ['80: 8001*1'] },
    taken: { routers: ['A', 'B'], services: 2, table: ['80: 8001*1', '81: 8002*1'] },
    left: NOTHING,
  })
})

guestTest('a stop leaves nothing, at whatever moment of a reload it comes', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  const { outcomes, left } = await seen<{ outcomes: string[]; left: unknown }>('stops')
  t.deepEqual(
    outcomes.filter((outcome) => !['KA_ERR_STOPPED', 'reloaded', 'stopped'].includes(outcome)),
    [],
  )
  t.deepEqual(left, NOTHING)
})

guestTest('what happens while JavaScript stands still is told and put right afterwards', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  const { told, ...rest } = await seen<{ told: string[] }>('blocked')
  t.deepEqual(rest, { before: ['80: 8001*1'], areWhole: true, left: NOTHING })
  t.deepEqual(told, ['ipvsRepaired', 'quorumChanged', 'realServerChanged'])
})

guestTest('10,000 servers are described with their connections, to a program and to an operator', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('status'), { servers: 10_000, counted: 10_000, isWhole: true, left: NOTHING })
})

guestTest('of daemons that have stopped nothing is kept', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('collected'), NOTHING)
})

guestTest('a script that checks and ignores SIGTERM does not outlive the daemon', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('scripts'), { isAlive: false, left: NOTHING })
})

guestTest('a stop leaves what it is to leave: all, what others have, or nothing', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('ends'), { kept: ['80: 8001*1', '99:'], services: ['99:'], all: [] })
})

guestTest('what a killed daemon left goes with `release`, but for what an operator wants; a stop says what it ends', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('killed'), {
    weighed: 0,
    left: ['80: 8001*7'],
    released: { status: 0, lines: ['released virtual server 10.9.0.1:tcp:80'] },
    after: [],
    again: ['80: 8001*7'],
    status: 0,
    lines: [
      'Gained quorum 1+0=1 <= 7 for VS [10.9.0.1]:tcp:80',
      'Startup complete',
      'Stopping',
      'Shutting down service [127.0.0.1]:tcp:8001 from VS [10.9.0.1]:tcp:80',
      'Stopped ka-native v0.1.0',
    ],
    files: [],
  })
})

guestTest('a signal during the start leaves nothing, and is no failure', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.like(await seen('early'), { status: 0, after: [], files: [] })
})

guestTest('a program that exits, fails or stops the daemon leaves nothing, and ends', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('embedded'), {
    exit: { status: 3, after: [], files: [] },
    exception: { status: 1, after: [], files: [] },
    stop: { status: 0, after: [], files: [] },
  })
})
