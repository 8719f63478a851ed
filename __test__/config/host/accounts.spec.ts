import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Accounts } from '../../../src/config/host/accounts.ts'
import { localHost } from '../../../src/config/host/host.ts'
import { loadConfig } from '../../../src/config/load.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-accounts-'))
const { PATH } = process.env
test.after.always(() => rmSync(scratch, { recursive: true }))

/** Puts a getent(1) of our own in front of the machine's. */
function replaceGetent(script: string): void {
  writeFileSync(join(scratch, 'getent'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  process.env['PATH'] = `${scratch}:${PATH}`
}

test.serial('what /etc does not have comes from getent, asked once a name', (t) => {
  replaceGetent(`echo "$@" >> ${scratch}/asked; [ "$2" = remote ] && echo remote:x:4242:4343::/:/bin/sh`)
  const accounts = new Accounts(60_000)
  t.deepEqual(accounts.entry('passwd', 'remote')?.slice(0, 4), ['remote', 'x', '4242', '4343'])
  accounts.entry('passwd', 'remote')
  t.is(accounts.entry('passwd', 'nobody-knows'), undefined)
  t.is(accounts.entry('passwd', '0'), undefined, 'a number is no name')
  t.is(accounts.entry('passwd', '--help'), undefined)
  t.is(typeof accounts.entry('passwd', 'root'), 'object')
})

test.serial('all questions together have one deadline', (t) => {
  const [hung, ended] = [join(scratch, 'hung'), join(scratch, 'ended')]
  writeFileSync(hung, '')
  replaceGetent(`echo >> ${hung}; trap "" TERM; sleep 30; echo >> ${ended}`)
  const accounts = new Accounts(300)
  for (let index = 0; index < 20; index++) t.is(accounts.entry('passwd', `ka-user-${index}`), 'no-answer')
  t.is(accounts.entry('group', 'ka-group'), 'no-answer')
  t.is(typeof accounts.entry('passwd', 'root'), 'object', 'what /etc knows is still known')
  // The first question takes the time of all; the clock may leave a rest for a second one.
  t.true(readFileSync(hung, 'utf8').length <= 2)
  t.false(existsSync(ended))
})

test.serial('an account that nobody vouches for in time is unknown, and the message says why', (t) => {
  const ended = join(scratch, 'ended')
  replaceGetent(`sleep 30; echo >> ${ended}`)
  const text = 'vrrp_instance VI_1 {\n interface lo\n notify /bin/true ka-user\n notify_master /bin/true root ka-group\n}\n'
  const { diagnostics } = loadConfig({ file: 'keepalived.conf', text, host: localHost() })
  t.false(existsSync(ended))
  t.deepEqual(
    [...diagnostics].filter(({ code }) => code === 'unknown-account').map(({ message, line, column }) => [line, column, message]),
    [
      [3, 19, "the account database did not say in time whether there is a user 'ka-user'; 'notify' is ignored"],
      [4, 31, "the account database did not say in time whether there is a group 'ka-group'; 'notify_master' is ignored"],
    ],
  )
})
