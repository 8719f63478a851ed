/** The clock of a host jumps by hours, forward and back: the protocol's time is another one. In a guest kernel, whose clock may be set. */
import { guestTest, runInGuest } from '../lab/guest.ts'

interface Seen {
  readonly before: Readonly<Record<'a' | 'b', readonly string[]>>
  readonly jumps: readonly {
    readonly hours: number
    readonly clockIsSet: boolean
    readonly logAheadOfClockS: number
    readonly holders: readonly string[]
    readonly news: Readonly<Record<'a' | 'b', readonly string[]>>
  }[]
  readonly takeover: { readonly logAheadOfClockS: number }
  readonly exitCodes: readonly number[]
}

/** A limit for what is broken. */
const LIMIT_S = 900

/** Seconds that a slow guest may take from the jump to a line of the log; the jumps are hours. */
const SLACK_S = 1_000

guestTest('a clock that jumps by hours changes no state, and what is logged has the new time', async (t) => {
  t.timeout((LIMIT_S + 60) * 1_000)
  const { code, stdout, stderr } = await runInGuest(
    ['node', '--import=@oxc-node/core/register', '__test__/system/clock-jump-guest.ts'],
    LIMIT_S,
  )
  t.is(code, 0, stderr)
  const { before, jumps, takeover, exitCodes } = JSON.parse(stdout) as Seen
  t.deepEqual(before.a.at(-1), '(VI_1) Entering MASTER STATE')
  t.deepEqual(before.b, ['(VI_1) Entering BACKUP STATE (init)'])
  t.deepEqual(
    jumps.map(({ hours, clockIsSet, holders, news }) => ({ hours, clockIsSet, holders, news })),
    [7, -19].map((hours) => ({ hours, clockIsSet: true, holders: ['a'], news: { a: [], b: [] } })),
  )
  for (const { logAheadOfClockS } of [...jumps, takeover]) {
    t.true(logAheadOfClockS > -1 && logAheadOfClockS < SLACK_S, `${logAheadOfClockS} s`)
  }
  t.deepEqual(exitCodes, [0, 0])
})
