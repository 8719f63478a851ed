/** The policy of `vrrp_script` (vrrp.md §7), and keepalived's sentences, which 2.2.7 was seen to log for the same runs. */
import test from 'ava'
import type { ScriptResult } from '../../src/process/script.ts'
import { ScriptState } from '../../src/track/script-state.ts'
import type { ScriptRules, TrackedState } from '../../src/track/script-state.ts'

const rules = (changes: Partial<ScriptRules> = {}): ScriptRules => ({ name: 's', rise: 1, fall: 1, initFail: false, ...changes })
const exited = (code: number): ScriptResult => ({ outcome: 'exited', code })

/** The state after each run: `+` succeeds, `-` fails. */
function states(state: ScriptState, runs: string): string {
  const letters: Readonly<Record<TrackedState, string>> = { unknown: '?', up: 'U', down: 'D' }
  return runs
    .split('')
    .map((run) => {
      state.take(exited(run === '+' ? 0 : 1))
      return letters[state.state]
    })
    .join('')
}

/** Rules, runs, and the state after each. */
const TABLE: readonly (readonly [Partial<ScriptRules>, string, string])[] = [
  [{}, '+-+--++', 'UDUDDUU'],
  // The first result decides alone.
  [{ rise: 3, fall: 3 }, '+', 'U'],
  [{ rise: 3, fall: 3 }, '-', 'D'],
  // Up by one result, and then as steadfast as after many.
  [{ fall: 3 }, '+--+---', 'UUUUUUD'],
  [{ fall: 3 }, '+++++---', 'UUUUUUUD'],
  // A success in between starts the count anew, and so does a failure.
  [{ fall: 2 }, '+-+-+--', 'UUUUUUD'],
  [{ rise: 2 }, '-+-++', 'DDDDU'],
  [{ rise: 3, fall: 2 }, '-++-+++--', 'DDDDDDUUD'],
  [{ rise: 2, fall: 2 }, '+--++-+--+-++', 'UUDDUUUUDDDDU'],
  // It starts as failed, and rises as from any failure.
  [{ initFail: true }, '+-', 'UD'],
  [{ initFail: true, rise: 2 }, '++-', 'DUD'],
  [{ initFail: true, rise: 3, fall: 2 }, '++-+++', 'DDDDDU'],
]

for (const [changes, runs, expected] of TABLE) {
  test(`${JSON.stringify(changes)}: ${runs}`, (t) => {
    t.is(states(new ScriptState(rules(changes)), runs), expected)
  })
}

test('nothing is known before the first result, unless it starts as failed', (t) => {
  t.is(new ScriptState(rules()).state, 'unknown')
  t.is(new ScriptState(rules({ initFail: true })).state, 'down')
})

test('a deadline, a signal and a start that failed are failures; a run that was given up says nothing', (t) => {
  const results: readonly (readonly [ScriptResult, TrackedState, readonly string[]])[] = [
    [{ outcome: 'timedOut' }, 'down', ['VRRP_Script(s) timed_out']],
    [{ outcome: 'timedOut', remains: 'EPERM' }, 'down', ['VRRP_Script(s) timed_out']],
    [{ outcome: 'signalled', signal: 'SIGKILL' }, 'down', ['VRRP_Script(s) failed (due to signal 9)']],
    [{ outcome: 'notStarted', reason: 'ENOENT' }, 'down', ['VRRP_Script(s) failed (not started: ENOENT)']],
    [exited(3), 'down', ['Script `s` now returning 3', 'VRRP_Script(s) failed (exited with status 3)']],
    [exited(0), 'up', ['VRRP_Script(s) succeeded']],
    [{ outcome: 'aborted' }, 'unknown', []],
  ]
  for (const [result, state, lines] of results) {
    const script = new ScriptState(rules())
    t.deepEqual(script.take(result), lines)
    t.is(script.state, state)
  }
})

test('a changed exit status is said at once, what it comes to when it counts, and neither twice', (t) => {
  const script = new ScriptState(rules({ fall: 3, rise: 2 }))
  const said = [0, 1, 1, 2, 2, 0, 1, 0, 0, 0].map((code) => script.take(exited(code)))
  t.deepEqual(said, [
    ['VRRP_Script(s) succeeded'],
    ['Script `s` now returning 1'],
    [],
    ['Script `s` now returning 2', 'VRRP_Script(s) failed (exited with status 2)'],
    [],
    ['Script `s` now returning 0'],
    ['Script `s` now returning 1'],
    ['Script `s` now returning 0'],
    ['VRRP_Script(s) succeeded'],
    [],
  ])
})

test('a deadline or a signal is no exit status', (t) => {
  const script = new ScriptState(rules())
  script.take(exited(0))
  t.deepEqual(script.take({ outcome: 'timedOut' }), ['VRRP_Script(s) timed_out'])
  t.deepEqual(script.take(exited(0)), ['VRRP_Script(s) succeeded'])
})

test('a failure of a script that starts as failed is said', (t) => {
  const script = new ScriptState(rules({ initFail: true, rise: 2 }))
  t.deepEqual(script.take(exited(1)), ['Script `s` now returning 1', 'VRRP_Script(s) failed (exited with status 1)'])
})

test('what is known stays under other rules, as firmly as it can be', (t) => {
  const up = new ScriptState(rules())
  up.take(exited(0))
  const firm = up.under(rules({ fall: 2 }))
  t.is(firm.kept, 'VRRP_Script(s) considered successful on reload')
  t.is(states(firm, '--'), 'UD')
  t.is(firm.kept, 'VRRP_Script(s) considered unsuccessful on reload')
  const down = firm.under(rules({ rise: 3 }))
  t.deepEqual(down.take(exited(1)), [], 'the exit status was the same before')
  t.is(states(down, '+++'), 'DDU')
})

test('nothing is said of what is not known', (t) => {
  const fresh = new ScriptState(rules())
  t.is(fresh.kept, undefined)
  const changed = fresh.under(rules({ initFail: true }))
  t.is(changed.kept, undefined)
  t.is(changed.state, 'down')
  t.is(new ScriptState(rules({ initFail: true })).kept, undefined)
})
