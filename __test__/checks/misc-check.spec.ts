import { rename, rm, writeFile } from 'node:fs/promises'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { localEntry } from '../../src/config/host/accounts.ts'
import { DEFAULT_ACCOUNT } from '../../src/process/account.ts'
import { waitFor } from '../lab/wait-for.ts'
import { openRunner } from '../process/runner.ts'
import { Scratch, waitForEnd } from '../process/scratch.ts'
import { ChecksUnderTest, load, oneServer } from './harness.ts'

interface Setting {
  readonly checks: ChecksUnderTest
  readonly scratch: Scratch
  /** A script that ends with what the file `code` has. */
  readonly path: string
  readonly say: (code: number) => Promise<void>
}

/** As whoever runs the test: scripts of a root test are root's. */
const GLOBALS = `global_defs {\n script_user ${process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'nobody')}\n}\n`

async function setUp(t: ExecutionContext): Promise<Setting> {
  const scratch = await Scratch.make(t)
  const checks = await ChecksUnderTest.open(t, await openRunner(t))
  const say = async (code: number): Promise<void> => {
    // The script may read it at any time.
    await writeFile(scratch.file('next'), `${code}\n`)
    await rename(scratch.file('next'), scratch.file('code'))
  }
  await say(0)
  const path = await scratch.script('misc', '#!/bin/sh\necho x >> $DIR/runs\nread code < $DIR/code\nexit $code\n')
  return { checks, scratch, path, say }
}

function misc(path: string, lines = ''): string {
  return `${GLOBALS}${oneServer('127.0.0.1 80', `MISC_CHECK {\n misc_path "${path} a b"\n misc_timeout 60\n ${lines}\n }`)}`
}

const subject = (path: string): string => `Misc check for [[127.0.0.1]:tcp:80 VS [127.0.0.9]:tcp:80] by [${path}]`

test('exit status 0 is good, another is not', async (t) => {
  const { checks, path, say } = await setUp(t)
  await checks.apply(misc(path, 'retry 2\n log_all_failures'))
  const [told] = await checks.waitForTold(1)
  t.deepEqual(told, {
    server: '[127.0.0.1]:tcp:80',
    kind: 'MISC_CHECK',
    what: 'up',
    weight: 0,
    reason: 'exit status 0',
    mail: '=> MISC CHECK succeeded on service <=',
  })
  t.is(checks.only.target, `${path} a b`)
  await say(3)
  const [, down] = await checks.waitForTold(2)
  t.deepEqual([down?.what, down?.reason, down?.mail], ['down', 'exit status 3', '=> MISC CHECK failed on service <='])
  t.deepEqual(checks.lines.slice(1), [
    `${subject(path)} succeeded.`,
    `${subject(path)} failed, will do 2 retries (exited with status 3).`,
    `${subject(path)} failed on retry 1/2 (exited with status 3).`,
    `${subject(path)} failed after 2 retries (exited with status 3).`,
  ])
  await say(0)
  t.is((await checks.waitForTold(3))[2]?.what, 'up')
})

test('without retries, and by a signal', async (t) => {
  const { checks, scratch } = await setUp(t)
  const path = await scratch.script('dies', '#!/bin/sh\nkill -KILL $$\n')
  await checks.apply(misc(path))
  const [told] = await checks.waitForTold(1)
  t.is(told?.reason, 'SIGKILL')
  t.is(checks.lines.at(-1), `${subject(path)} failed with retry disabled (due to signal 9).`)
})

test('misc_dynamic: statuses from 2 on say the weight of the server', async (t) => {
  const { checks, path, say } = await setUp(t)
  await say(7)
  await checks.apply(misc(path, 'misc_dynamic'))
  await checks.waitForTold(2)
  t.deepEqual(
    checks.told.map(({ what, weight, reason }) => [what, weight, reason]),
    // The server's own weight is 1.
    [
      ['weight', 4, 'exit status 7'],
      ['up', 4, 'exit status 7'],
    ],
  )
  await say(2)
  t.is((await checks.waitForTold(3))[2]?.weight, -1)
  await say(0)
  t.is((await checks.waitForTold(4))[3]?.weight, 0)
  await say(255)
  t.is((await checks.waitForTold(5))[4]?.weight, 252)
  await say(1)
  const last = (await checks.waitForTold(6))[5]
  t.deepEqual([last?.what, last?.weight], ['down', 0])
  await say(0)
  t.is((await checks.waitForTold(7))[6]?.what, 'up')
})

test('without misc_dynamic other statuses are failures', async (t) => {
  const { checks, path, say } = await setUp(t)
  await say(7)
  await checks.apply(misc(path))
  t.is((await checks.waitForTold(1))[0]?.what, 'down')
})

test('a script that hangs is ended with its children, and then counts as failed', async (t) => {
  const { checks, scratch } = await setUp(t)
  const path = await scratch.script('hangs', '#!/bin/sh\ntrap "echo ended >> $DIR/ends; exit 0" TERM\nsleep 3600 &\nwait\n')
  await checks.apply(misc(path, 'misc_timeout 1'))
  const [told] = await checks.waitForTold(1)
  t.deepEqual([told?.what, told?.reason, told?.mail], ['down', 'no end within 1 s', '=> MISC CHECK timed out on service <='])
  t.is(checks.lines.at(-1), `${subject(path)} timed out with retry disabled.`)
  await scratch.waitForLines('ends', 1)
})

test('a script that is not there has failed', async (t) => {
  const { checks, scratch, path } = await setUp(t)
  await checks.apply(misc(path))
  await checks.waitForTold(1)
  await rm(scratch.file('misc'))
  const [, told] = await checks.waitForTold(2)
  t.is(told?.what, 'down')
  // The shell of a run that had begun has not found it either.
  await waitFor('it is not there', () => checks.only.reason === 'not started: ENOENT')
})

test('two servers with the same script share its runs', async (t) => {
  const { checks, scratch, path } = await setUp(t)
  const block = `MISC_CHECK {\n misc_path ${path}\n delay_loop 3600\n }`
  const two = `real_server 127.0.0.1 80 {\n ${block}\n }\n real_server 127.0.0.2 80 {\n ${block}\n }\n`
  await checks.apply(`${GLOBALS}virtual_server 127.0.0.9 80 {\n protocol TCP\n lvs_sched rr\n lvs_method NAT\n warmup 0\n ${two}}\n`)
  await checks.waitForTold(2)
  t.is((await scratch.lines('runs')).length, 1)
})

test('a reload leaves an unchanged script that runs alone, and ends one that is gone', async (t) => {
  const { checks, scratch } = await setUp(t)
  const path = await scratch.script('waits', '#!/bin/sh\necho $$ >> $DIR/runs\nwhile :; do sleep 0.05; done\n')
  await checks.apply(misc(path, 'misc_timeout 3600'))
  const [line] = await scratch.waitForLines('runs', 1)
  const pid = Number(line)
  await checks.apply(misc(path, 'misc_timeout 3600'))
  t.true(process.kill(pid, 0), 'it is there')
  await checks.apply(oneServer('127.0.0.1 80', ''))
  // What it does when it is asked to end may come too late on a busy machine: two seconds later it is killed.
  await waitForEnd(pid)
  t.is((await scratch.lines('runs')).length, 1)
})

test('a script that has no account to run as takes its checker away, and that is told', async (t) => {
  const { checks, path } = await setUp(t)
  const config = load(misc(path))
  await checks.apply({ ...config, globalDefs: { ...config.globalDefs, scriptUser: undefined, enableScriptSecurity: true } })
  // Without a name it is an account that few machines have.
  const isThere = localEntry('passwd', DEFAULT_ACCOUNT.user) !== undefined
  t.is(checks.attached[0]?.checkers.length, isThere ? 1 : 0)
  if (isThere) return
  // An account that is there now brings the checker.
  const [virtualServer] = config.virtualServers
  if (virtualServer === undefined) return t.fail()
  const same = { ...config, globalDefs: { ...config.globalDefs, scriptUser: undefined, enableScriptSecurity: true } }
  t.false((await checks.checks.prepare(config)).canKeep(virtualServer))
  // As long as there is none, each reload says that it is left out.
  t.false((await checks.checks.prepare(same)).canKeep(virtualServer))
  const other = load(oneServer('127.0.0.2 80', '')).virtualServers
  t.true((await checks.checks.prepare({ ...same, virtualServers: [...same.virtualServers, ...other] })).canKeep(other[0] ?? virtualServer))
  checks.lines.splice(2)
  t.deepEqual(checks.lines, [
    `Script user '${DEFAULT_ACCOUNT.user}' does not exist`,
    `Disabling misc script '${path}' since its account does not exist`,
  ])
})

test('a reload that is given up changes nothing of whom scripts run as', async (t) => {
  const ran: unknown[] = []
  const checks = await ChecksUnderTest.open(t, {
    run: async (_, account) => {
      ran.push(account?.uid)
      return await Promise.resolve({ outcome: 'exited', code: 0 })
    },
  })
  const textFor = (user: string): string =>
    `global_defs {\n script_user ${user}\n}\n${oneServer('127.0.0.1 80', 'MISC_CHECK {\n misc_path /bin/true\n}')}`
  await checks.apply(textFor('root'))
  await waitFor('the script has run', () => ran.length > 0)
  await checks.checks.prepare(load(textFor('daemon')))
  const before = ran.length
  await waitFor('it has run again', () => ran.length > before + 1)
  t.deepEqual(new Set(ran), new Set([0]))
})
