/** Whom scripts run as. Their look-ups beside running scripts are in ../notify/accounts.spec.ts. */
import test, { type ExecutionContext } from 'ava'
import type { ScriptAccount } from '../../src/config/tables/values.ts'
import { AccountBook, type Runner, type ScriptDefaults } from '../../src/process/account-book.ts'
import { lookUpAccount } from '../../src/process/account.ts'
import { openRunner } from './runner.ts'
import { replaceGetent } from './scratch.ts'

const account = (user: string, group?: string): ScriptAccount => ({ user, group, supplementaryGroups: false })

const NOBODY = { account: { uid: 65_534, gid: 65_534, groups: [65_534] } }

async function runnerOf(t: ExecutionContext, defaults: ScriptDefaults, named?: ScriptAccount): Promise<Runner> {
  const book = new AccountBook(await openRunner(t))
  book.configure([named], defaults)
  return await book.runnerOf(named, new AbortController().signal)
}

test('the account of the line goes before script_user', async (t) => {
  for (const enableScriptSecurity of [false, true]) {
    t.deepEqual(await runnerOf(t, { scriptUser: account('nobody'), enableScriptSecurity }), NOBODY)
    t.deepEqual(await runnerOf(t, { scriptUser: account('root'), enableScriptSecurity }, account('nobody')), NOBODY)
  }
})

test('without both it is keepalived_script, or the daemon’s own where script security does not forbid it', async (t) => {
  const found = await lookUpAccount(account('keepalived_script'), await openRunner(t))
  const present = typeof found === 'object' ? { account: found } : undefined
  t.deepEqual(await runnerOf(t, { scriptUser: undefined, enableScriptSecurity: false }), present ?? { account: undefined })
  const missing = { problem: 'its account does not exist', user: 'keepalived_script' }
  t.deepEqual(await runnerOf(t, { scriptUser: undefined, enableScriptSecurity: true }), present ?? missing)
})

test('an account that does not exist never means the daemon’s own', async (t) => {
  const defaults = { scriptUser: undefined, enableScriptSecurity: false }
  for (const missing of [account('no-such-user'), account('root', 'no-such-group'), account('0')]) {
    const problem = { problem: 'its account does not exist', user: missing.user }
    t.deepEqual(await runnerOf(t, { ...defaults, scriptUser: missing }), problem)
    t.deepEqual(await runnerOf(t, defaults, missing), problem)
  }
})

test.serial('an account that cannot be looked up never means the daemon’s own', async (t) => {
  await replaceGetent(t, 'kill -KILL $$')
  const defaults = { scriptUser: undefined, enableScriptSecurity: false }
  const stranger = account('ka-native-stranger')
  const problem = { problem: 'its account cannot be looked up', user: stranger.user }
  t.deepEqual(await runnerOf(t, { ...defaults, scriptUser: stranger }), problem)
  t.deepEqual(await runnerOf(t, defaults, stranger), problem)
  t.deepEqual(await runnerOf(t, defaults, account('nobody')), NOBODY, 'which is no concern of those in /etc')
})
