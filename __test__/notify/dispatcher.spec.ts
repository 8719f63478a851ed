/** Notify scripts by themselves: order, arguments, deadlines of a stop. With a daemon they are in scripts.spec.ts. */
import { rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import pino, { type Logger } from 'pino'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { VrrpInstance } from '../../src/config/model.ts'
import { NotifyDispatcher } from '../../src/notify/dispatcher.ts'
import type { ScriptDefaults } from '../../src/process/account-book.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Scratch, waitForEnd } from '../process/scratch.ts'

/** More than any script here takes, unless it is meant to be ended. */
const AMPLE_MS = 60_000

/** Instances with the given script lines, by their names. */
function instances(scripts: Readonly<Record<string, readonly string[]>>): readonly VrrpInstance[] {
  const blocks = Object.entries(scripts).map(
    ([name, lines], index) =>
      `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id ${index + 1}\n  ${lines.join('\n  ')}\n  virtual_ipaddress {\n    192.0.2.${index + 1}\n  }\n}\n`,
  )
  return loadConfig({ file: 'keepalived.conf', text: blocks.join(''), host: { ...localHost(), hasInterface: () => true } }).config
    .vrrpInstances
}

/** Scripts that name no account run as the daemon itself, where keepalived_script does not exist. */
const DAEMON: ScriptDefaults = { scriptUser: undefined, enableScriptSecurity: false }

interface LogRecord {
  readonly msg: string
  readonly instance: string
  readonly script?: string
  readonly outcome?: string
  readonly reason?: string
  readonly code?: number
}

function recorder(): { readonly log: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = []
  return { log: pino({ base: null }, { write: (line) => void records.push(JSON.parse(line) as LogRecord) }), records }
}

interface Setting {
  readonly scratch: Scratch
  readonly dispatcher: NotifyDispatcher
  readonly records: LogRecord[]
}

/** A directory with the script `note`, which appends its arguments to `seen`, and a dispatcher. */
async function setUp(t: ExecutionContext): Promise<Setting> {
  const scratch = await Scratch.make(t)
  await scratch.script('note', '#!/bin/sh\necho "$@" >> $DIR/seen\n')
  const { log, records } = recorder()
  return { scratch, dispatcher: new NotifyDispatcher(log), records }
}

test('each state runs its own script, then the general one with INSTANCE NAME STATE PRIO', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const note = scratch.file('note')
  const lines = ['master', 'backup', 'fault', 'stop'].map((state) => `notify_${state} "${note} own ${state}"`)
  dispatcher.configure(instances({ VI_1: [...lines, `notify "${note} all 'two words'"`] }), DAEMON)
  for (const [state, priority] of [
    ['BACKUP', 100],
    ['MASTER', 101],
    ['FAULT', 102],
    ['STOP', 103],
  ] as const) {
    dispatcher.dispatch('VI_1', state, priority)
  }
  t.deepEqual(await scratch.waitForLines('seen', 8), [
    'own backup',
    'all two words INSTANCE VI_1 BACKUP 100',
    'own master',
    'all two words INSTANCE VI_1 MASTER 101',
    'own fault',
    'all two words INSTANCE VI_1 FAULT 102',
    'own stop',
    'all two words INSTANCE VI_1 STOP 103',
  ])
  t.deepEqual(records, [])
})

test('scripts of one instance wait for each other, those of two instances do not', async (t) => {
  const { scratch, dispatcher } = await setUp(t)
  // The first instance cannot go on before the second one, which starts later, has been told.
  await scratch.script('wait', '#!/bin/sh\nuntil [ -e $DIR/go ]; do sleep 0.05; done\necho "$2 $3" >> $DIR/seen\n')
  await scratch.script('release', `#!/bin/sh\necho "$2 $3" >> $DIR/seen\ntouch $DIR/go\n`)
  dispatcher.configure(instances({ slow: [`notify ${scratch.file('wait')}`], quick: [`notify ${scratch.file('release')}`] }), DAEMON)
  dispatcher.dispatch('slow', 'BACKUP', 100)
  dispatcher.dispatch('slow', 'MASTER', 100)
  dispatcher.dispatch('quick', 'BACKUP', 100)
  t.deepEqual(await scratch.waitForLines('seen', 3), ['quick BACKUP', 'slow BACKUP', 'slow MASTER'])
})

test('states without a script, INIT and unknown instances run nothing', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  dispatcher.configure(instances({ VI_1: [`notify_master "${scratch.file('note')} own"`], VI_2: [] }), DAEMON)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  dispatcher.dispatch('VI_1', 'INIT', 100)
  dispatcher.dispatch('VI_2', 'MASTER', 100)
  dispatcher.dispatch('VI_3', 'MASTER', 100)
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  t.deepEqual(await scratch.waitForLines('seen', 1), ['own'])
  await dispatcher.finish(AMPLE_MS)
  t.deepEqual(await scratch.lines('seen'), ['own'])
  // The script that wrote its line may have been ended before it had exited.
  const others = records.filter((record) => !JSON.stringify(record).includes('"aborted"'))
  t.deepEqual(others, [])
})

test('without an account for scripts that name none, only those that name one run', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const note = scratch.file('note')
  const account = userInfo().username
  dispatcher.configure(instances({ VI_1: [`notify_master "${note} none"`, `notify "${note} own" ${account}`] }), {
    ...DAEMON,
    scriptUser: { user: 'no-such-user', group: undefined, supplementaryGroups: false },
  })
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  t.deepEqual(await scratch.waitForLines('seen', 1), ['own INSTANCE VI_1 MASTER 100'])
  await dispatcher.finish(AMPLE_MS)
  t.deepEqual(
    // The other may have been ended before it had exited.
    records.filter(({ outcome }) => outcome !== 'aborted').map(({ msg, script }) => [msg, script]),
    [['notify script not run: its account does not exist', note]],
  )
})

test('a script that fails, that is missing or whose account is missing is logged, and the next one runs', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const fails = await scratch.script('fails', '#!/bin/sh\nexit 3\n')
  const dies = await scratch.script('dies', '#!/bin/sh\nkill -KILL $$\n')
  const gone = await scratch.script('gone', '#!/bin/sh\n')
  const [configured] = instances({
    VI_1: [`notify_backup ${fails}`, `notify_master ${gone}`, `notify_fault ${dies}`, `notify ${scratch.file('note')}`],
  })
  if (configured === undefined) throw new Error('the instance was not read')
  const stranger = { user: 'no-such-user', group: undefined, supplementaryGroups: false }
  const notifyStop = { path: scratch.file('note'), args: ['stranger'], account: stranger }
  dispatcher.configure([{ ...configured, notifyStop }], DAEMON)
  await rm(gone)
  for (const state of ['BACKUP', 'MASTER', 'FAULT', 'STOP'] as const) dispatcher.dispatch('VI_1', state, 100)
  const seen = await scratch.waitForLines('seen', 4)
  t.deepEqual(
    seen,
    ['BACKUP', 'MASTER', 'FAULT', 'STOP'].map((state) => `INSTANCE VI_1 ${state} 100`),
  )
  await dispatcher.finish(AMPLE_MS)
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

test('a slow script loses the oldest of too many states, and says so; the latest is told', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const slow = await scratch.script('slow', '#!/bin/sh\necho "$4" >> $DIR/seen\nuntil [ -e $DIR/go ]; do sleep 0.05; done\n')
  dispatcher.configure(instances({ VI_1: [`notify ${slow}`] }), DAEMON)
  dispatcher.dispatch('VI_1', 'MASTER', 1)
  await scratch.waitForLines('seen', 1)
  for (let priority = 2; priority <= 100; priority += 1) dispatcher.dispatch('VI_1', priority % 2 === 0 ? 'BACKUP' : 'MASTER', priority)
  await scratch.script('go', '')
  const seen = await waitFor('the latest state is told', async () => {
    const lines = await scratch.lines('seen')
    return lines.at(-1) === '100' && lines
  })
  t.deepEqual(
    seen.slice(1),
    Array.from({ length: seen.length - 1 }, (_, index) => String(100 - seen.length + 2 + index)),
  )
  t.is(records.length, 100 - seen.length)
  t.true(records.length > 0)
  t.true(records.every(({ msg }) => msg === 'notify scripts are too slow, a state goes unannounced'))
})

test('states that wait are told with the scripts of the new configuration', async (t) => {
  const { scratch, dispatcher } = await setUp(t)
  const slow = await scratch.script('slow', '#!/bin/sh\necho started >> $DIR/seen\nuntil [ -e $DIR/go ]; do sleep 0.05; done\n')
  dispatcher.configure(instances({ VI_1: [`notify ${slow}`] }), DAEMON)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  await scratch.waitForLines('seen', 1)
  dispatcher.configure(instances({ VI_1: [`notify "${scratch.file('note')} new"`] }), DAEMON)
  await scratch.script('go', '')
  t.deepEqual(await scratch.waitForLines('seen', 2), ['started', 'new INSTANCE VI_1 MASTER 100'])
})

test('an instance that comes back while its scripts run waits for them', async (t) => {
  const { scratch, dispatcher } = await setUp(t)
  const slow = await scratch.script('slow', '#!/bin/sh\necho "begin $3" >> $DIR/seen\nuntil [ -e $DIR/go ]; do sleep 0.05; done\n')
  const configured = instances({ VI_1: [`notify ${slow}`] })
  dispatcher.configure(configured, DAEMON)
  dispatcher.dispatch('VI_1', 'FAULT', 100)
  await scratch.waitForLines('seen', 1)
  dispatcher.retain([])
  dispatcher.configure(instances({ VI_1: [`notify "${scratch.file('note')} new"`] }), DAEMON)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  await sleep(300)
  t.deepEqual(await scratch.lines('seen'), ['begin FAULT'])
  await scratch.script('go', '')
  t.deepEqual(await scratch.waitForLines('seen', 2), ['begin FAULT', 'new INSTANCE VI_1 BACKUP 100'])
})

test('finish() ends the scripts of an instance that is gone too, and nothing starts after it', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const long = await scratch.script('long', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  const configured = instances({ VI_1: [`notify_fault ${long}`, `notify_backup ${scratch.file('note')}`], VI_2: [`notify ${long}`] })
  dispatcher.configure(configured, DAEMON)
  dispatcher.dispatch('VI_1', 'FAULT', 100)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  const [pid] = await scratch.waitForLines('pids', 1)
  dispatcher.retain([])
  await dispatcher.finish(AMPLE_MS)
  await waitForEnd(Number(pid))
  t.deepEqual(
    records.map(({ outcome }) => outcome),
    ['aborted'],
  )
  dispatcher.configure(configured, DAEMON)
  dispatcher.dispatch('VI_2', 'MASTER', 100)
  await sleep(300)
  t.deepEqual(await scratch.lines('seen'), [])
  t.is((await scratch.lines('pids')).length, 1)
})

test('finish() tells STOP: for that it ends the script of an earlier state and forgets those that wait', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const long = await scratch.script('long', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  const note = scratch.file('note')
  dispatcher.configure(instances({ VI_1: [`notify_master ${long}`, `notify_backup ${long}`, `notify_stop "${note} stop"`] }), DAEMON)
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  const [pid] = await scratch.waitForLines('pids', 1)
  dispatcher.dispatch('VI_1', 'STOP', 100)
  await dispatcher.finish(AMPLE_MS)
  t.deepEqual(await scratch.lines('seen'), ['stop'])
  t.is((await scratch.lines('pids')).length, 1)
  await waitForEnd(Number(pid))
  t.deepEqual(
    records.map(({ outcome }) => outcome),
    ['aborted'],
  )
})

test('finish() ends what still runs when its time is over, and lets nothing go on', async (t) => {
  const { scratch, dispatcher, records } = await setUp(t)
  const long = await scratch.script('long', "#!/bin/sh\ntrap '' TERM\necho $$ >> $DIR/pids\nwhile :; do sleep 1; done\n")
  dispatcher.configure(instances({ VI_1: [`notify_stop ${long}`, `notify ${scratch.file('note')}`] }), DAEMON)
  dispatcher.dispatch('VI_1', 'STOP', 100)
  await dispatcher.finish(1_500)
  await waitForEnd(Number((await scratch.lines('pids'))[0]))
  t.deepEqual(await scratch.lines('seen'), [])
  t.deepEqual(
    records.map(({ outcome }) => outcome),
    ['aborted'],
  )
})

test('finish() with nothing to tell returns', async (t) => {
  const { dispatcher } = await setUp(t)
  await dispatcher.finish(AMPLE_MS)
  t.pass()
})
