/** Scripts of servers: their arguments and accounts, their order, slow ones, and what a stop leaves them. */
import { userInfo } from 'node:os'
import test, { type ExecutionContext } from 'ava'
import type { Config } from '../../src/config/model.ts'
import type { ScriptCommand } from '../../src/config/tables/values.ts'
import type { ToldServerChange } from '../../src/notify/change.ts'
import { ScriptTarget } from '../../src/notify/scripts.ts'
import { openRunner } from '../process/runner.ts'
import { rootTest, Scratch, waitForEnd } from '../process/scratch.ts'
import { load, recorder, serverChange, type LogRecord } from './changes.ts'

const AMPLE_MS = 60_000

interface Setting {
  readonly scratch: Scratch
  readonly target: ScriptTarget
  readonly records: LogRecord[]
  /** A script without an account of its own. */
  readonly command: (name: string, ...args: readonly string[]) => ScriptCommand
  /** Tells that a server, or the virtual server `V`, is up or down, with a script. */
  readonly tell: (name: string, isUp: boolean, script: ScriptCommand | undefined, more?: Partial<ToldServerChange>) => void
}

/** A directory with the script `note`, which appends its arguments to `seen`, and who tells scripts. */
async function setUp(t: ExecutionContext): Promise<Setting> {
  const scratch = await Scratch.make(t)
  await scratch.script('note', '#!/bin/sh\necho "$#: $*" >> $DIR/seen\n')
  const { log, records } = recorder()
  const target = new ScriptTarget(await openRunner(t), log)
  target.configure(load(''))
  return {
    scratch,
    target,
    records,
    command: (name, ...args) => ({ path: scratch.file(name), args, account: undefined }),
    tell: (name, isUp, script, more) => {
      target.tellServer({ ...serverChange(name, isUp ? 'UP' : 'DOWN'), script, ...more })
    },
  }
}

/** A virtual server with two servers and all their scripts. */
function serversText(note: string): string {
  const script = (what: string): string => `"${note} '${what}'"`
  const server = (address: string): string =>
    `real_server ${address} 80 {\nnotify_up ${script(`${address} up`)}\nnotify_down ${script(`${address} down`)}\n}\n`
  return `virtual_server 10.0.1.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nquorum_up ${script('gained')} root\nquorum_down ${script('lost')}\n${server('10.0.2.1')}${server('10.0.2.2')}}\n`
}

rootTest('the scripts of a configuration get exactly their own arguments', async (t) => {
  const { scratch, target, tell, records } = await setUp(t)
  const config: Config = load(serversText(scratch.file('note')))
  target.configure(config)
  const [virtualServer] = config.virtualServers
  tell('R1', true, virtualServer?.realServers[0]?.notifyUp)
  tell('V', true, virtualServer?.quorumUp)
  tell('R1', false, virtualServer?.realServers[0]?.notifyDown)
  tell('R2', false, virtualServer?.realServers[1]?.notifyDown)
  tell('V', false, virtualServer?.quorumDown)
  t.deepEqual(await scratch.waitForLines('seen', 5), ['1: 10.0.2.1 up', '1: gained', '1: 10.0.2.1 down', '1: 10.0.2.2 down', '1: lost'])
  await target.finish(AMPLE_MS)
  t.deepEqual(records, [])
})

test('a change without a script runs nothing', async (t) => {
  const { scratch, target, tell, records, command } = await setUp(t)
  tell('R1', true, undefined)
  tell('V', true, command('note'))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['0: '])
  await target.finish(AMPLE_MS)
  t.deepEqual(records, [])
})

rootTest('each runs as the account of its line, else as script_user', async (t) => {
  const { scratch, target, tell, command } = await setUp(t)
  await scratch.script('who', '#!/bin/sh\necho "$1 $(id -u)" >> $DIR/seen\n')
  target.configure(load('global_defs {\nscript_user nobody\n}\n'))
  tell('R1', true, command('who', 'global'))
  tell('R1', false, { ...command('who', 'line'), account: { user: userInfo().username, group: undefined, supplementaryGroups: false } })
  t.deepEqual(await scratch.waitForLines('seen', 2), ['global 65534', 'line 0'])
})

test('a script whose account does not exist, or that fails, is logged with its server, and the next one runs', async (t) => {
  const { scratch, target, tell, records, command } = await setUp(t)
  await scratch.script('fails', '#!/bin/sh\nexit 3\n')
  const stranger = { user: 'no-such-user', group: undefined, supplementaryGroups: false }
  tell('R1', false, { ...command('note'), account: stranger })
  tell('R1', true, command('fails'))
  tell('V', true, command('note', 'last'))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['1: last'])
  await target.finish(AMPLE_MS)
  t.like(records, [
    { msg: 'notify script not run: its account does not exist', service: 'V', server: 'R1', user: 'no-such-user' },
    { msg: 'notify script did not succeed', service: 'V', server: 'R1', state: 'UP', code: 3 },
  ])
})

test('those of one virtual server wait for each other, those of two do not', async (t) => {
  const { scratch, tell, command } = await setUp(t)
  // The first virtual server cannot go on before the second one, which starts later, has been told.
  await scratch.script('wait', '#!/bin/sh\nuntil [ -e $DIR/go ]; do sleep 0.05; done\necho "$1" >> $DIR/seen\n')
  await scratch.script('release', '#!/bin/sh\necho "$1" >> $DIR/seen\ntouch $DIR/go\n')
  tell('R1', false, command('wait', 'first'))
  tell('V', false, command('wait', 'second'))
  tell('R1', false, command('release', 'other'), { service: 'W' })
  t.deepEqual(await scratch.waitForLines('seen', 3), ['other', 'first', 'second'])
})

test('when scripts are too slow the latest state of each server is told, in order', async (t) => {
  const { scratch, tell, records, command } = await setUp(t)
  await scratch.script('wait', '#!/bin/sh\necho began >> $DIR/seen\nuntil [ -e $DIR/go ]; do sleep 0.05; done\n')
  tell('R0', false, command('wait'))
  await scratch.waitForLines('seen', 1)
  for (let round = 1; round <= 200; round += 1) {
    for (const name of ['R1', 'R2', 'V']) tell(name, round % 2 === 0, command('note', name, String(round)))
  }
  await scratch.script('go', '')
  t.deepEqual((await scratch.waitForLines('seen', 4)).slice(1), ['2: R1 200', '2: R2 200', '2: V 200'])
  t.like(records, [{ msg: 'notify scripts are too slow: changes before this one went untold', service: 'V', skipped: 597 }])
})

test('a stop tells what waits without long pauses, each script has its time, and those that do not end are ended', async (t) => {
  const { scratch, target, tell, records, command } = await setUp(t)
  await scratch.script('hang', '#!/bin/sh\necho "$1" >> $DIR/seen\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  tell('R1', true, command('hang', 'before the stop'))
  await scratch.waitForLines('pids', 1)
  for (const name of ['R1', 'R2', 'R3', 'V']) tell(name, false, command('hang', `${name} down`))
  await target.finish(8_000)
  const seen = await scratch.lines('seen')
  // Those that do not end are passed by.
  t.deepEqual(seen.toSorted(), ['R1 down', 'R2 down', 'R3 down', 'V down', 'before the stop'])
  for (const pid of await scratch.lines('pids')) await waitForEnd(Number(pid))
  t.deepEqual(
    records.map(({ msg, outcome }) => outcome ?? msg),
    ['aborted', 'aborted', 'aborted', 'aborted', 'aborted'],
  )
  tell('R1', true, command('note'))
  t.is((await scratch.lines('seen')).length, 5)
})

test('a stop with many servers runs the script of each', async (t) => {
  const { scratch, target, tell, records, command } = await setUp(t)
  for (let number = 1; number <= 60; number += 1) {
    tell('R1', false, command('note', String(number)), { service: `V${number}` })
    tell('V', false, command('note', `V${number}`), { service: `V${number}` })
  }
  await target.finish(AMPLE_MS)
  t.is(new Set(await scratch.lines('seen')).size, 120)
  t.deepEqual(records, [])
})
