/** Notify scripts by themselves: order, arguments, slow ones, deadlines of a stop. With a daemon they are in scripts.spec.ts. */
import { rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { MAX_WAITING } from '../../src/notify/change-queue.ts'
import { ScriptTarget } from '../../src/notify/scripts.ts'
import type { ScriptRunner } from '../../src/process/script-runner.ts'
import { Scratch, waitForEnd } from '../process/scratch.ts'
import { openRunner } from '../process/runner.ts'
import { change, DAEMON, groupChange, instances, load, recorder, scriptConfig, type LogRecord } from './changes.ts'

/** More than any script here takes, unless it is meant to be ended. */
const AMPLE_MS = 60_000

const UNTOLD = 'notify scripts: changes went untold because of the stop'

/** How a script ended, or what else was said. */
const summary = ({ outcome, msg }: LogRecord): string => outcome ?? msg

interface Setting {
  readonly scratch: Scratch
  readonly target: ScriptTarget
  readonly records: LogRecord[]
  /** The scripts that were to run, in order: some then run beside each other. */
  readonly begun: Begun[]
}

interface Begun {
  readonly words: string
  readonly atMs: number
  endMs: number
}

/** Of STOP the general script begins when the own one has ended, or after half a second: then it may be the quicker one. */
function waitedForTheOwn(general: Begun | undefined, own: Begun | undefined): boolean {
  return general !== undefined && own !== undefined && general.atMs >= Math.min(own.endMs, own.atMs + 490)
}

/** A directory with the script `note`, which appends its arguments to `seen`, and who tells scripts. */
async function setUp(t: ExecutionContext): Promise<Setting> {
  const scratch = await Scratch.make(t)
  await scratch.script('note', '#!/bin/sh\necho "$@" >> $DIR/seen\n')
  const { log, records } = recorder()
  const runner = await openRunner(t)
  const begun: Begun[] = []
  const run: ScriptRunner['run'] = async (program, ...rest) => {
    const one = { words: program.args.join(' '), atMs: performance.now(), endMs: Infinity }
    if (program.path.startsWith(scratch.path)) begun.push(one)
    const result = await runner.run(program, ...rest)
    one.endMs = performance.now()
    return result
  }
  return { scratch, target: new ScriptTarget({ run }, log), records, begun }
}

test('each state runs its own script, then the general one with INSTANCE NAME STATE PRIO', async (t) => {
  const { scratch, target, records, begun } = await setUp(t)
  const note = scratch.file('note')
  const lines = ['master', 'backup', 'fault', 'stop'].map((state) => `notify_${state} "${note} own ${state}"`)
  target.configure(scriptConfig(instances({ VI_1: [...lines, `notify "${note} all 'two words'"`] }), DAEMON))
  for (const [state, priority] of [
    ['BACKUP', 100],
    ['MASTER', 101],
    ['FAULT', 102],
    ['STOP', 103],
  ] as const) {
    target.tell(change('VI_1', state, priority))
  }
  const told = [
    'own backup',
    'all two words INSTANCE VI_1 BACKUP 100',
    'own master',
    'all two words INSTANCE VI_1 MASTER 101',
    'own fault',
    'all two words INSTANCE VI_1 FAULT 102',
    'own stop',
    'all two words INSTANCE VI_1 STOP 103',
  ]
  const seen = await scratch.waitForLines('seen', 8)
  t.deepEqual(seen.slice(0, 6), told.slice(0, 6))
  t.deepEqual(seen.slice(6).toSorted(), told.slice(6).toSorted())
  t.deepEqual(
    begun.map(({ words }) => words),
    told,
  )
  t.true(waitedForTheOwn(begun[7], begun[6]))
  t.deepEqual(records, [])
})

test('scripts of one instance wait for each other, those of two instances do not', async (t) => {
  const { scratch, target } = await setUp(t)
  // The first instance cannot go on before the second one, which starts later, has been told.
  await scratch.script('wait', '#!/bin/sh\nuntil [ -e $DIR/go ]; do sleep 0.05; done\necho "$2 $3" >> $DIR/seen\n')
  await scratch.script('release', `#!/bin/sh\necho "$2 $3" >> $DIR/seen\ntouch $DIR/go\n`)
  target.configure(
    scriptConfig(instances({ slow: [`notify ${scratch.file('wait')}`], quick: [`notify ${scratch.file('release')}`] }), DAEMON),
  )
  target.tell(change('slow', 'BACKUP', 100))
  target.tell(change('slow', 'MASTER', 100))
  target.tell(change('quick', 'BACKUP', 100))
  t.deepEqual(await scratch.waitForLines('seen', 3), ['quick BACKUP', 'slow BACKUP', 'slow MASTER'])
})

test('states without a script, changes of priority and unknown instances run nothing', async (t) => {
  const { scratch, target, records } = await setUp(t)
  target.configure(scriptConfig(instances({ VI_1: [`notify_master "${scratch.file('note')} own"`], VI_2: [] }), DAEMON))
  target.tell(change('VI_1', 'BACKUP', 100))
  target.tell(change('VI_1', 'MASTER_PRIORITY', 100))
  target.tell(change('VI_2', 'MASTER', 100))
  target.tell(change('VI_3', 'MASTER', 100))
  target.tell(change('VI_1', 'MASTER', 100))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['own'])
  await target.finish(AMPLE_MS)
  t.deepEqual(await scratch.lines('seen'), ['own'])
  // The script that wrote its line may have been ended before it had exited.
  const others = records.filter((record) => !JSON.stringify(record).includes('"aborted"'))
  t.deepEqual(others, [])
})

test('without an account for scripts that name none, only those that name one run', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const note = scratch.file('note')
  const account = userInfo().username
  target.configure(
    scriptConfig(instances({ VI_1: [`notify_master "${note} none"`, `notify "${note} own" ${account}`] }), {
      ...DAEMON,
      scriptUser: { user: 'no-such-user', group: undefined, supplementaryGroups: false },
    }),
  )
  target.tell(change('VI_1', 'MASTER', 100))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['own INSTANCE VI_1 MASTER 100'])
  await target.finish(AMPLE_MS)
  t.deepEqual(
    // The other may have been ended before it had exited.
    records.filter(({ outcome }) => outcome !== 'aborted').map(({ msg, script }) => [msg, script]),
    [['notify script not run: its account does not exist', note]],
  )
})

test('a script that fails, that is missing or whose account is missing is logged, and the next one runs', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const fails = await scratch.script('fails', '#!/bin/sh\nexit 3\n')
  const dies = await scratch.script('dies', '#!/bin/sh\nkill -KILL $$\n')
  const gone = await scratch.script('gone', '#!/bin/sh\n')
  const [configured] = instances({
    VI_1: [`notify_backup ${fails}`, `notify_master ${gone}`, `notify_fault ${dies}`, `notify ${scratch.file('note')}`],
  })
  if (configured === undefined) throw new Error('the instance was not read')
  const stranger = { user: 'no-such-user', group: undefined, supplementaryGroups: false }
  const notifyStop = { path: scratch.file('note'), args: ['stranger'], account: stranger }
  target.configure(scriptConfig([{ ...configured, notifyStop }], DAEMON))
  await rm(gone)
  for (const state of ['BACKUP', 'MASTER', 'FAULT', 'STOP'] as const) target.tell(change('VI_1', state, 100))
  const seen = await scratch.waitForLines('seen', 4)
  t.deepEqual(
    seen,
    ['BACKUP', 'MASTER', 'FAULT', 'STOP'].map((state) => `INSTANCE VI_1 ${state} 100`),
  )
  await target.finish(AMPLE_MS)
  t.deepEqual(
    records.map(({ msg, instance, script, outcome, code, reason }) => ({ msg, instance, script, outcome, code, reason })),
    [
      { msg: 'notify script did not succeed', instance: 'VI_1', script: fails, outcome: 'exited', code: 3, reason: undefined },
      { msg: 'notify script did not succeed', instance: 'VI_1', script: gone, outcome: 'notStarted', code: undefined, reason: 'ENOENT' },
      { msg: 'notify script did not succeed', instance: 'VI_1', script: dies, outcome: 'signalled', code: undefined, reason: undefined },
      {
        msg: 'notify script not run: its account does not exist',
        instance: 'VI_1',
        script: scratch.file('note'),
        outcome: undefined,
        code: undefined,
        reason: undefined,
      },
    ],
  )
})

test('1,000 changes while a script takes its time: in order, the queue bounded, the last one told, the others counted', async (t) => {
  const { scratch, target, records } = await setUp(t)
  // Two at once would find each other's directory.
  const slow = await scratch.script(
    'slow',
    '#!/bin/sh\nmkdir $DIR/running || echo overlap >> $DIR/seen\necho "$3 $4" >> $DIR/seen\nuntil [ -e $DIR/go$4 ]; do sleep 0.05; done\nrmdir $DIR/running\n',
  )
  target.configure(scriptConfig(instances({ VI_1: [`notify ${slow}`] })))
  const state = (number: number): 'BACKUP' | 'MASTER' => (number % 2 === 0 ? 'BACKUP' : 'MASTER')
  target.tell(change('VI_1', 'MASTER', 1))
  await scratch.waitForLines('seen', 1)
  for (let number = 2; number <= 999; number += 1) target.tell(change('VI_1', state(number), number))
  await scratch.script('go1', '')
  // What comes while the last of them is told waits for it.
  await scratch.waitForLines('seen', 2)
  target.tell(change('VI_1', 'FAULT', 1_000))
  for (const number of [999, 1_000]) await scratch.script(`go${number}`, '')
  t.deepEqual(await scratch.waitForLines('seen', 3), ['MASTER 1', 'MASTER 999', 'FAULT 1000'])
  t.deepEqual(
    records.map(({ msg, instance, state, skipped }) => ({ msg, instance, state, skipped })),
    [{ msg: 'notify scripts are too slow: changes before this one went untold', instance: 'VI_1', state: 'MASTER', skipped: 997 }],
  )
})

test('as many states as may wait are told one by one', async (t) => {
  const { scratch, target, records } = await setUp(t)
  target.configure(scriptConfig(instances({ VI_1: [`notify ${scratch.file('note')}`] })))
  const numbers = Array.from({ length: MAX_WAITING }, (_, index) => index + 1)
  for (const number of numbers) target.tell(change('VI_1', 'BACKUP', number))
  t.deepEqual(
    await scratch.waitForLines('seen', MAX_WAITING),
    numbers.map((number) => `INSTANCE VI_1 BACKUP ${number}`),
  )
  t.deepEqual(records, [])
})

test('a group is told as GROUP with priority 0, apart from an instance of the same name', async (t) => {
  const { scratch, target } = await setUp(t)
  const note = scratch.file('note')
  const { vrrpInstances, vrrpSyncGroups } = load(
    `vrrp_sync_group SAME {\n  group {\n    SAME\n  }\n  notify_master "${note} of the group"\n  notify "${note}"\n}\n` +
      `vrrp_instance SAME {\n  interface eth0\n  virtual_router_id 1\n  notify_master "${note} of the instance"\n  virtual_ipaddress {\n    192.0.2.1\n  }\n}\n`,
  )
  target.configure(scriptConfig(vrrpInstances, DAEMON, vrrpSyncGroups))
  target.tell(groupChange('SAME', 'MASTER'))
  t.deepEqual(await scratch.waitForLines('seen', 2), ['of the group', 'GROUP SAME MASTER 0'])
  target.tell(change('SAME', 'MASTER'))
  t.deepEqual((await scratch.waitForLines('seen', 3)).slice(2), ['of the instance'])
})

test('DELETED and an advertisement of lower priority have scripts of their own; the general one is told the first', async (t) => {
  const { scratch, target } = await setUp(t)
  const note = scratch.file('note')
  const lines = [`notify_deleted "${note} deleted"`, `notify_master_rx_lower_pri "${note} lower"`, `notify "${note}"`]
  target.configure(scriptConfig(instances({ VI_1: lines, VI_2: ['notify_deleted', `notify "${note}"`] })))
  target.tell(change('VI_1', 'MASTER_RX_LOWER_PRI'))
  target.tell(change('VI_1', 'DELETED'))
  t.deepEqual(await scratch.waitForLines('seen', 3), ['lower', 'deleted', 'INSTANCE VI_1 DELETED 100'])
  target.tell(change('VI_2', 'DELETED'))
  t.deepEqual((await scratch.waitForLines('seen', 4)).slice(3), ['INSTANCE VI_2 DELETED 100'])
})

test('states that wait are told with the scripts of the new configuration', async (t) => {
  const { scratch, target } = await setUp(t)
  const slow = await scratch.script('slow', '#!/bin/sh\necho started >> $DIR/seen\nuntil [ -e $DIR/go ]; do sleep 0.05; done\n')
  target.configure(scriptConfig(instances({ VI_1: [`notify ${slow}`] }), DAEMON))
  target.tell(change('VI_1', 'BACKUP', 100))
  target.tell(change('VI_1', 'MASTER', 100))
  await scratch.waitForLines('seen', 1)
  target.configure(scriptConfig(instances({ VI_1: [`notify "${scratch.file('note')} new"`] }), DAEMON))
  await scratch.script('go', '')
  t.deepEqual(await scratch.waitForLines('seen', 2), ['started', 'new INSTANCE VI_1 MASTER 100'])
})

test('an instance that comes back while its scripts run waits for them', async (t) => {
  const { scratch, target } = await setUp(t)
  const slow = await scratch.script('slow', '#!/bin/sh\necho "begin $3" >> $DIR/seen\nuntil [ -e $DIR/go ]; do sleep 0.05; done\n')
  const configured = instances({ VI_1: [`notify ${slow}`] })
  target.configure(scriptConfig(configured, DAEMON))
  target.tell(change('VI_1', 'FAULT', 100))
  await scratch.waitForLines('seen', 1)
  target.retain(scriptConfig([]))
  target.configure(scriptConfig(instances({ VI_1: [`notify "${scratch.file('note')} new"`] }), DAEMON))
  target.tell(change('VI_1', 'BACKUP', 100))
  await sleep(300)
  t.deepEqual(await scratch.lines('seen'), ['begin FAULT'])
  await scratch.script('go', '')
  t.deepEqual(await scratch.waitForLines('seen', 2), ['begin FAULT', 'new INSTANCE VI_1 BACKUP 100'])
})

test('finish() ends the scripts of an instance that is gone too, and nothing starts after it', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const long = await scratch.script('long', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  const configured = instances({ VI_1: [`notify_fault ${long}`, `notify_backup ${scratch.file('note')}`], VI_2: [`notify ${long}`] })
  target.configure(scriptConfig(configured, DAEMON))
  target.tell(change('VI_1', 'FAULT', 100))
  target.tell(change('VI_1', 'BACKUP', 100))
  const [pid] = await scratch.waitForLines('pids', 1)
  target.retain(scriptConfig([]))
  await target.finish(AMPLE_MS)
  await waitForEnd(Number(pid))
  t.deepEqual(records.map(summary), [UNTOLD, 'aborted'])
  target.configure(scriptConfig(configured, DAEMON))
  target.tell(change('VI_2', 'MASTER', 100))
  await sleep(300)
  t.deepEqual(await scratch.lines('seen'), [])
  t.is((await scratch.lines('pids')).length, 1)
})

test('finish() tells STOP: for that it ends the script of an earlier state and forgets those that wait', async (t) => {
  const { scratch, target, records, begun } = await setUp(t)
  const long = await scratch.script('long', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  const note = scratch.file('note')
  target.configure(
    scriptConfig(
      // Nothing of an earlier state goes on, not even its general script.
      instances({ VI_1: [`notify_master ${long}`, `notify_backup ${long}`, `notify_stop "${note} stop"`, `notify ${note}`] }),
      DAEMON,
    ),
  )
  target.tell(change('VI_1', 'MASTER', 100))
  target.tell(change('VI_1', 'BACKUP', 100))
  const [pid] = await scratch.waitForLines('pids', 1)
  target.tell(change('VI_1', 'STOP', 100))
  await target.finish(AMPLE_MS)
  const told = ['stop', 'INSTANCE VI_1 STOP 100']
  t.deepEqual((await scratch.lines('seen')).toSorted(), told.toSorted())
  t.deepEqual(
    begun.slice(1).map(({ words }) => words),
    told,
  )
  t.true(waitedForTheOwn(begun[2], begun[1]))
  t.is((await scratch.lines('pids')).length, 1)
  await waitForEnd(Number(pid))
  t.deepEqual(records.map(summary), [UNTOLD, 'aborted'])
})

test('finish() ends what still runs when its time is over; the general script is told beside it', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const long = await scratch.script('long', "#!/bin/sh\ntrap '' TERM\necho $$ >> $DIR/pids\nwhile :; do sleep 1; done\n")
  target.configure(scriptConfig(instances({ VI_1: [`notify_stop ${long}`, `notify ${scratch.file('note')}`] }), DAEMON))
  target.tell(change('VI_1', 'STOP', 100))
  await target.finish(5_000)
  await waitForEnd(Number((await scratch.lines('pids'))[0]))
  t.deepEqual(await scratch.lines('seen'), ['INSTANCE VI_1 STOP 100'])
  t.deepEqual(
    records.map(({ outcome }) => outcome),
    ['aborted'],
  )
})

test('finish() with nothing to tell returns', async (t) => {
  const { target } = await setUp(t)
  await target.finish(AMPLE_MS)
  t.pass()
})
