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
  t.deepEqual(await defaultAccount({ user: 'nobody', group: undefined, supplementaryGroups: false }), {
    uid: 65_534,
    gid: 65_534,
    supplementaryGroups: false,
  })
  t.deepEqual(
    await defaultAccount(undefined),
    await lookUpAccount({ user: 'keepalived_script', group: undefined, supplementaryGroups: false }),
  )
})
