import test from 'ava'
import { defaultAccount, lookUpAccount } from '../../src/process/account.ts'

test('an account is looked up by its names', async (t) => {
  t.deepEqual(await lookUpAccount({ user: 'root', group: undefined, supplementaryGroups: false }), {
    uid: 0,
    gid: 0,
    supplementaryGroups: false,
  })
  t.deepEqual(await lookUpAccount({ user: 'nobody', group: 'root', supplementaryGroups: true }), {
    uid: 65_534,
    gid: 0,
    supplementaryGroups: true,
  })
})

test('an account that does not exist is none', async (t) => {
  for (const account of [
    { user: 'no-such-user', group: undefined },
    { user: 'root', group: 'no-such-group' },
    { user: 'no-such-user', group: 'root' },
    // Options of getent(1) are no names.
    { user: '--help', group: undefined },
    { user: '', group: undefined },
  ]) {
    t.is(await lookUpAccount({ ...account, supplementaryGroups: false }), undefined, JSON.stringify(account))
  }
})

test('the account of scripts that name none is script_user', async (t) => {
  const scriptUser = { user: 'nobody', group: undefined, supplementaryGroups: false }
  const nobody = { uid: 65_534, gid: 65_534, supplementaryGroups: false }
  t.deepEqual(await defaultAccount({ scriptUser, enableScriptSecurity: false }), nobody)
  t.deepEqual(await defaultAccount({ scriptUser, enableScriptSecurity: true }), nobody)
})

test('without script_user it is keepalived_script, or the daemon’s own where script security does not forbid it', async (t) => {
  const present = await lookUpAccount({ user: 'keepalived_script', group: undefined, supplementaryGroups: false })
  t.deepEqual(await defaultAccount({ scriptUser: undefined, enableScriptSecurity: false }), present ?? 'daemon')
  t.deepEqual(await defaultAccount({ scriptUser: undefined, enableScriptSecurity: true }), present ?? 'none')
})

test('a script_user that does not exist never means the daemon’s own account', async (t) => {
  for (const scriptUser of [
    { user: 'no-such-user', group: undefined, supplementaryGroups: false },
    { user: 'root', group: 'no-such-group', supplementaryGroups: false },
    { user: '0', group: undefined, supplementaryGroups: false },
  ]) {
    t.is(await defaultAccount({ scriptUser, enableScriptSecurity: false }), 'none')
  }
})

test.serial('where there is no getent, /etc is asked alone', async (t) => {
  const { PATH } = process.env
  process.env['PATH'] = '/nonexistent'
  try {
    t.is((await lookUpAccount({ user: 'root', group: 'root', supplementaryGroups: false }))?.uid, 0)
    t.is(await lookUpAccount({ user: 'no-such-user', group: undefined, supplementaryGroups: false }), undefined)
  } finally {
    process.env['PATH'] = PATH
  }
})
