/** Notify scripts whose account cannot be looked up, or only slowly: with a getent(1) of our own in PATH. */
import { userInfo } from 'node:os'
import test, { type ExecutionContext } from 'ava'
import pino, { type Logger } from 'pino'
import type { VrrpInstance } from '../../src/config/model.ts'
import type { ScriptAccount, ScriptCommand } from '../../src/config/tables/values.ts'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import { NotifyDispatcher } from '../../src/notify/dispatcher.ts'
import type { NotifyScripts } from '../../src/notify/dispatcher.ts'
import type { ScriptDefaults } from '../../src/process/account-book.ts'
import { waitFor } from '../lab/wait-for.ts'
import { replaceGetent, type Scratch, waitForEnd } from '../process/scratch.ts'

const AMPLE_MS = 60_000

/** Known to no file of this machine: getent has to be asked. */
const STRANGER: ScriptAccount = { user: 'ka-native-stranger', group: undefined, supplementaryGroups: false }

/** Scripts that name no account run as the daemon itself, where keepalived_script does not exist. */
const DAEMON: ScriptDefaults = { scriptUser: undefined, enableScriptSecurity: false }

interface LogRecord {
  readonly level: number
  readonly msg: string
  readonly script?: string
  readonly user?: string
  readonly reason?: string
}

/** In /etc: getent need not be asked. */
const KNOWN: ScriptAccount = { ...STRANGER, user: userInfo().username }

function recorder(): { readonly log: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = []
  return { log: pino({ base: null }, { write: (line) => void records.push(JSON.parse(line) as LogRecord) }), records }
}

/** An instance with the given scripts. */
function instance(notify: Partial<NotifyScripts>): VrrpInstance {
  const text = 'vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n  192.0.2.1\n }\n}\n'
  const { config } = loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } })
  const [read] = config.vrrpInstances
  if (read === undefined) throw new Error('the instance was not read')
  return { ...read, ...notify }
}

/** A script that appends its arguments to `seen`, with a getent of our own. */
async function setUp(t: ExecutionContext, getent: string | undefined): Promise<{ scratch: Scratch; command: ScriptCommand }> {
  const scratch = await replaceGetent(t, getent)
  const path = await scratch.script('note', '#!/bin/sh\necho "$@" >> $DIR/seen\n')
  return { scratch, command: { path, args: [], account: undefined } }
}

for (const [name, getent] of [
  ['getent ends with 1', 'exit 1'],
  ['getent is killed', 'kill -KILL $$'],
  ['there is no getent', undefined],
] as const) {
  test.serial(`a script whose account cannot be looked up is not run, and the next one is: ${name}`, async (t) => {
    const { scratch, command } = await setUp(t, getent)
    const { log, records } = recorder()
    const dispatcher = new NotifyDispatcher(log)
    dispatcher.configure(
      [
        instance({
          notifyMaster: { ...command, account: STRANGER },
          notify: { ...command, args: ['general'], account: KNOWN },
          notifyStop: command,
        }),
      ],
      DAEMON,
    )
    dispatcher.dispatch('VI_1', 'MASTER', 100)
    dispatcher.dispatch('VI_1', 'BACKUP', 99)
    t.deepEqual(await scratch.waitForLines('seen', 2), ['general INSTANCE VI_1 MASTER 100', 'general INSTANCE VI_1 BACKUP 99'])
    await dispatcher.finish(AMPLE_MS)
    const [record, ...others] = records.filter(({ user }) => user === STRANGER.user)
    t.regex(record?.msg ?? '', /^notify script not run: /)
    t.like(record, { script: command.path, user: STRANGER.user })
    t.deepEqual(others, [])
  })
}

test.serial('accounts that no script needs are not asked for; each other one is asked for once, before its script runs', async (t) => {
  const { scratch, command } = await setUp(t, 'echo "$2" >> $DIR/asked\nexit 2')
  const { log, records } = recorder()
  const dispatcher = new NotifyDispatcher(log)
  const other = { ...STRANGER, user: 'ka-native-other' }
  dispatcher.configure([instance({})], { ...DAEMON, scriptUser: other })
  const named = { ...command, account: STRANGER }
  dispatcher.configure([instance({ notifyMaster: named, notifyBackup: named })], DAEMON)
  t.deepEqual(await scratch.waitForLines('asked', 1), [STRANGER.user])
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  await waitFor('both scripts were not run', () => records.length === 2)
  t.true(records.every(({ msg, user }) => msg === 'notify script not run: its account does not exist' && user === STRANGER.user))
  t.deepEqual(await scratch.lines('asked'), [STRANGER.user])
})

test.serial('a script without an account runs as script_user, and not at all when that does not exist', async (t) => {
  const { scratch, command } = await setUp(t, 'exit 2')
  const { log, records } = recorder()
  const dispatcher = new NotifyDispatcher(log)
  dispatcher.configure([instance({ notify: command })], { ...DAEMON, scriptUser: STRANGER })
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  await waitFor('the script was not run', () => records.length === 1)
  t.like(records[0], { msg: 'notify script not run: its account does not exist', user: STRANGER.user })
  dispatcher.configure([instance({ notify: command })], DAEMON)
  dispatcher.dispatch('VI_1', 'BACKUP', 100)
  t.deepEqual(await scratch.waitForLines('seen', 1), ['INSTANCE VI_1 BACKUP 100'], 'keepalived_script does not exist either')
})

test.serial('a getent that hangs ends with the daemon; scripts whose account is known run meanwhile', async (t) => {
  const { scratch, command } = await setUp(t, 'echo $$ >> $DIR/pids\nexec sleep 1000')
  const { log, records } = recorder()
  const dispatcher = new NotifyDispatcher(log)
  const second = { ...instance({ notify: { ...command, account: KNOWN } }), name: 'VI_2' }
  dispatcher.configure([instance({ notify: { ...command, account: STRANGER } }), second], DAEMON)
  dispatcher.dispatch('VI_1', 'MASTER', 100)
  dispatcher.dispatch('VI_2', 'MASTER', 100)
  t.deepEqual(await scratch.waitForLines('seen', 1), ['INSTANCE VI_2 MASTER 100'])
  await scratch.waitForLines('pids', 1)
  await dispatcher.finish(AMPLE_MS)
  t.deepEqual(
    records.map(({ msg }) => msg),
    ['notify script not run: the daemon stops'],
  )
  for (const pid of await scratch.lines('pids')) await waitForEnd(Number(pid))
})
