import test from 'ava'
import { lookUpAccount } from '../../src/process/account.ts'
import { openRunner } from './runner.ts'
import { replaceGetent, waitForEnd } from './scratch.ts'

const STRANGER = { user: 'ka-native-stranger', group: undefined, supplementaryGroups: false }

test('an account is looked up by its names', async (t) => {
  const runner = await openRunner(t)
  t.deepEqual(await lookUpAccount({ user: 'root', group: undefined, supplementaryGroups: false }, runner), {
    uid: 0,
    gid: 0,
    groups: [0],
  })
  t.deepEqual(await lookUpAccount({ user: 'nobody', group: 'root', supplementaryGroups: true }, runner), {
    uid: 65_534,
    gid: 0,
    groups: [0, 65_534],
  })
})

test('an account that does not exist is none', async (t) => {
  const runner = await openRunner(t)
  for (const account of [
    { user: 'no-such-user', group: undefined },
    { user: 'root', group: 'no-such-group' },
    { user: 'no-such-user', group: 'root' },
    // Options of getent(1) are no names.
    { user: '--help', group: undefined },
    { user: '', group: undefined },
    // An id is no name.
    { user: '65534', group: undefined },
    { user: 'root', group: '0' },
  ]) {
    t.is(await lookUpAccount({ ...account, supplementaryGroups: false }, runner), undefined, JSON.stringify(account))
  }
})

test.serial('an account of the files is found although getent hangs', async (t) => {
  const runner = await openRunner(t)
  await replaceGetent(t, 'exec sleep 1000')
  t.deepEqual(await lookUpAccount({ user: 'nobody', group: 'root', supplementaryGroups: false }, runner), {
    uid: 65_534,
    gid: 0,
    groups: [0],
  })
})

test.serial('an account that only getent knows is looked up there', async (t) => {
  const runner = await openRunner(t)
  await replaceGetent(t, 'echo "$2:x:4711:4712::/:/bin/sh"')
  t.deepEqual(await lookUpAccount(STRANGER, runner), { uid: 4711, gid: 4712, groups: [4712] })
})

test.serial('an entry without an id is no account, and not root', async (t) => {
  const runner = await openRunner(t)
  await replaceGetent(t, 'echo "$2:x:::::"')
  t.is(await lookUpAccount(STRANGER, runner), undefined)
})

test.serial('a getent that hangs is given up: after seconds, or when the look-up is aborted', async (t) => {
  const runner = await openRunner(t)
  const scratch = await replaceGetent(t, 'echo $$ >> $DIR/pids\nexec sleep 1000')
  t.is(await lookUpAccount(STRANGER, runner), 'no-answer')
  // On a busy machine it may have been given up before it began.
  const before = (await scratch.lines('pids')).length
  const abort = new AbortController()
  const lookUp = lookUpAccount(STRANGER, runner, abort.signal)
  await scratch.waitForLines('pids', before + 1)
  abort.abort()
  t.is(await lookUp, 'no-answer')
  for (const pid of await scratch.lines('pids')) await waitForEnd(Number(pid))
})

test.serial('where there is no getent, /etc is asked alone', async (t) => {
  const runner = await openRunner(t)
  await replaceGetent(t, undefined)
  t.like(await lookUpAccount({ user: 'root', group: 'root', supplementaryGroups: false }, runner), { uid: 0, gid: 0 })
  t.is(await lookUpAccount(STRANGER, runner), undefined)
})

test.serial('a getent that fails in its own way says nothing about the account', async (t) => {
  const runner = await openRunner(t)
  await replaceGetent(t, 'kill -KILL $$')
  t.is(await lookUpAccount(STRANGER, runner), 'no-answer')
})
