/** Notify scripts whose account cannot be looked up, or only slowly: with a getent(1) of our own in PATH. */
import { userInfo } from 'node:os'
import test, { type ExecutionContext } from 'ava'
import type { VrrpInstance } from '../../src/config/model.ts'
import type { ScriptAccount, ScriptCommand } from '../../src/config/tables/values.ts'
import { ScriptTarget } from '../../src/notify/scripts.ts'
import type { NotifyScripts } from '../../src/notify/scripts.ts'
import { waitFor } from '../lab/wait-for.ts'
import { openRunner } from '../process/runner.ts'
import { replaceGetent, type Scratch, waitForEnd } from '../process/scratch.ts'
import { change, DAEMON, instances, recorder, scriptConfig } from './changes.ts'

const AMPLE_MS = 60_000

/** Known to no file of this machine: getent has to be asked. */
const STRANGER: ScriptAccount = { user: 'ka-native-stranger', group: undefined, supplementaryGroups: false }

/** In /etc: getent need not be asked. */
const KNOWN: ScriptAccount = { ...STRANGER, user: userInfo().username }

/** An instance with the given scripts. */
function instance(notify: Partial<NotifyScripts>): VrrpInstance {
  const [read] = instances({ VI_1: [] })
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
    const target = new ScriptTarget(await openRunner(t), log)
    target.configure(
      scriptConfig(
        [
          instance({
            notifyMaster: { ...command, account: STRANGER },
            notify: { ...command, args: ['general'], account: KNOWN },
            notifyStop: command,
          }),
        ],
        DAEMON,
      ),
    )
    target.tell(change('VI_1', 'MASTER', 100))
    target.tell(change('VI_1', 'BACKUP', 99))
    t.deepEqual(await scratch.waitForLines('seen', 2), ['general INSTANCE VI_1 MASTER 100', 'general INSTANCE VI_1 BACKUP 99'])
    await target.finish(AMPLE_MS)
    const [record, ...others] = records.filter(({ user }) => user === STRANGER.user)
    t.regex(record?.msg ?? '', /^notify script not run: /)
    t.like(record, { script: command.path, user: STRANGER.user })
    t.deepEqual(others, [])
  })
}

test.serial('accounts that no script needs are not asked for; each other one is asked for once, before its script runs', async (t) => {
  const { scratch, command } = await setUp(t, 'echo "$2" >> $DIR/asked\nexit 2')
  const { log, records } = recorder()
  const target = new ScriptTarget(await openRunner(t), log)
  const other = { ...STRANGER, user: 'ka-native-other' }
  target.configure(scriptConfig([instance({})], { ...DAEMON, scriptUser: other }))
  const named = { ...command, account: STRANGER }
  target.configure(scriptConfig([instance({ notifyMaster: named, notifyBackup: named })], DAEMON))
  t.deepEqual(await scratch.waitForLines('asked', 1), [STRANGER.user])
  target.tell(change('VI_1', 'MASTER', 100))
  target.tell(change('VI_1', 'BACKUP', 100))
  await waitFor('both scripts were not run', () => records.length === 2)
  t.true(records.every(({ msg, user }) => msg === 'notify script not run: its account does not exist' && user === STRANGER.user))
  t.deepEqual(await scratch.lines('asked'), [STRANGER.user])
})

test.serial('a script without an account runs as script_user, and not at all when that does not exist', async (t) => {
  const { scratch, command } = await setUp(t, 'exit 2')
  const { log, records } = recorder()
  const target = new ScriptTarget(await openRunner(t), log)
  target.configure(scriptConfig([instance({ notify: command })], { ...DAEMON, scriptUser: STRANGER }))
  target.tell(change('VI_1', 'MASTER', 100))
  await waitFor('the script was not run', () => records.length === 1)
  t.like(records[0], { msg: 'notify script not run: its account does not exist', user: STRANGER.user })
  target.configure(scriptConfig([instance({ notify: command })], DAEMON))
  target.tell(change('VI_1', 'BACKUP', 100))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['INSTANCE VI_1 BACKUP 100'], 'keepalived_script does not exist either')
})

test.serial('a getent that hangs ends with the daemon; scripts whose account is known run meanwhile', async (t) => {
  const { scratch, command } = await setUp(t, 'echo $$ >> $DIR/pids\nexec sleep 1000')
  const { log, records } = recorder()
  const runner = await openRunner(t)
  const target = new ScriptTarget(runner, log)
  const second = { ...instance({ notify: { ...command, account: KNOWN } }), name: 'VI_2' }
  target.configure(scriptConfig([instance({ notify: { ...command, account: STRANGER } }), second], DAEMON))
  target.tell(change('VI_1', 'MASTER', 100))
  target.tell(change('VI_2', 'MASTER', 100))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['INSTANCE VI_2 MASTER 100'])
  await scratch.waitForLines('pids', 1)
  // One that has written its line has yet to exit: it would be ended, and that be said.
  await waitFor('getent alone runs', async () => (await runner.status()).running === 1)
  await target.finish(AMPLE_MS)
  t.deepEqual(
    records.map(({ msg }) => msg),
    ['notify script not run: the daemon stops'],
  )
  for (const pid of await scratch.lines('pids')) await waitForEnd(Number(pid))
})
