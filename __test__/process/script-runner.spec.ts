import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { lookUpAccount } from '../../src/process/account.ts'
import { openRunner } from './runner.ts'
import { rootTest, Scratch, waitForEnd } from './scratch.ts'

/** Never reached: a limit for broken code. */
const AMPLE_MS = 60_000

/** Times after which a script is ended, the next one where a busy machine did not let it come far enough before. */
const LIMITS_MS = [1_500, 10_000, 40_000]

test('a script ends as it says: 0, another code, or a signal', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  for (const [text, result] of [
    ['exit 0', { outcome: 'exited', code: 0 }],
    ['exit 7', { outcome: 'exited', code: 7 }],
    ['kill -USR1 $$', { outcome: 'signalled', signal: 'SIGUSR1' }],
  ] as const) {
    const path = await scratch.script('script', `#!/bin/sh\n${text}\n`)
    t.deepEqual(await runner.run({ path, args: [] }, undefined, AMPLE_MS), result)
  }
})

test('a script that cannot be started is an outcome too', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  t.deepEqual(await runner.run({ path: scratch.file('none'), args: [] }, undefined, AMPLE_MS), { outcome: 'notStarted', reason: 'ENOENT' })
  const path = await scratch.script('script', '#!/bin/sh\n', 0o644)
  t.deepEqual(await runner.run({ path, args: [] }, undefined, AMPLE_MS), { outcome: 'notStarted', reason: 'EACCES' })
  const interpreted = await scratch.script('interpreted', '#!/no/such/interpreter\n')
  t.deepEqual(await runner.run({ path: interpreted, args: [] }, undefined, AMPLE_MS), { outcome: 'notStarted', reason: 'ENOENT' })
  t.deepEqual(await runner.run({ path: '/bin/sh', args: ['nul\0'] }, undefined, AMPLE_MS), {
    outcome: 'notStarted',
    reason: 'EINVAL',
  })
})

test('arguments arrive word for word', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\nprintf "%s\\n" "$@" > $DIR/seen\n')
  const args = ['two words', "it's", '$HOME', '*', '', '-x', '"quoted"', 'ü']
  t.deepEqual(await runner.run({ path, args }, undefined, AMPLE_MS), { outcome: 'exited', code: 0 })
  t.deepEqual(await scratch.lines('seen'), args)
})

test('a file without #! runs through the shell, with its arguments', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', 'printf "%s\\n" "$@" > $DIR/seen\nexit 3\n')
  t.deepEqual(await runner.run({ path, args: ['two words', "it's"] }, undefined, AMPLE_MS), { outcome: 'exited', code: 3 })
  t.deepEqual(await scratch.lines('seen'), ['two words', "it's"])
})

test.serial('a script gets the environment but for what would change how it runs', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\nenv > $DIR/seen\n')
  const added = { IFS: 'x', LD_PRELOAD: '/no/such/library.so', LD_LIBRARY_PATH: '/no/such/directory', KA_NATIVE_TEST: 'kept' }
  const before = Object.fromEntries(Object.keys(added).map((name) => [name, process.env[name]]))
  Object.assign(process.env, added)
  try {
    t.deepEqual(await runner.run({ path, args: [] }, undefined, AMPLE_MS), { outcome: 'exited', code: 0 })
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  const names = new Set((await scratch.lines('seen')).map((line) => line.split('=')[0]))
  t.true(names.has('KA_NATIVE_TEST'))
  t.true(names.has('PATH'))
  for (const name of ['IFS', 'LD_PRELOAD', 'LD_LIBRARY_PATH']) t.false(names.has(name), name)
})

test('a script starts where the daemon is, with /dev/null, no other open file, no blocked or ignored signal, in its own group', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script(
    'script',
    `#!/bin/sh
# Nothing here is redirected: it is looked at from outside, and would show.
sh -c 'grep -E "^Sig(Blk|Ign):" /proc/self/status > $DIR/signals; echo $PPID > $DIR/pid'
while [ ! -e $DIR/go ]; do sleep 0.1; done
`,
  )
  const run = runner.run({ path, args: [] }, undefined, AMPLE_MS)
  const [pid = ''] = await scratch.waitForLines('pid', 1)
  // From 10 on are the shell's own.
  const files = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) < 10)
  t.deepEqual(
    files.map((fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`),
    ['0 /dev/null', '1 /dev/null', '2 /dev/null'],
  )
  t.is(readlinkSync(`/proc/${pid}/cwd`), process.cwd())
  const [group, session] = /\) \S \d+ (\d+) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.slice(1) ?? []
  const [ownSession] = /\) \S \d+ \d+ (\d+) /.exec(readFileSync('/proc/self/stat', 'utf8'))?.slice(1) ?? []
  t.deepEqual([group, session], [pid, ownSession])
  t.deepEqual(await scratch.lines('signals'), ['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000'])
  writeFileSync(scratch.file('go'), '')
  t.deepEqual(await run, { outcome: 'exited', code: 0 })
})

test('the deadline ends the whole process group, also where SIGTERM is ignored', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script(
    'script',
    `#!/bin/sh
trap '' TERM
sleep 1000 &
echo $! >> $DIR/pids
echo $$ >> $DIR/pids
wait
sleep 1000
`,
  )
  for (const limitMs of LIMITS_MS) {
    await scratch.script('pids', '')
    t.deepEqual(await runner.run({ path, args: [] }, undefined, limitMs), { outcome: 'timedOut' })
    if ((await scratch.lines('pids')).length === 2) break
  }
  const pids = await scratch.lines('pids')
  t.is(pids.length, 2)
  await Promise.all(pids.map(async (pid) => await waitForEnd(Number(pid))))
})

test('a script that ends at SIGTERM may clean up, and leaves no child behind', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script(
    'script',
    `#!/bin/sh
trap 'echo cleaned > $DIR/seen; exit 0' TERM
sh -c "trap '' TERM; echo \\$\\$ > $DIR/pids; while :; do sleep 1; done" &
while :; do sleep 0.1; done
`,
  )
  for (const limitMs of LIMITS_MS) {
    for (const name of ['pids', 'seen']) await scratch.script(name, '')
    t.deepEqual(await runner.run({ path, args: [] }, undefined, limitMs), { outcome: 'timedOut' })
    if ((await scratch.lines('pids')).length > 0 && (await scratch.lines('seen')).length > 0) break
  }
  t.deepEqual(await scratch.lines('seen'), ['cleaned'])
  await waitForEnd(Number((await scratch.lines('pids'))[0]))
})

test('an abort ends a script like its deadline', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho $$ > $DIR/pids\nexec sleep 1000\n')
  const abort = new AbortController()
  const result = runner.run({ path, args: [] }, undefined, AMPLE_MS, abort.signal)
  const [pid] = await scratch.waitForLines('pids', 1)
  abort.abort()
  t.deepEqual(await result, { outcome: 'aborted' })
  await waitForEnd(Number(pid))
  t.deepEqual(await runner.run({ path, args: [] }, undefined, AMPLE_MS, abort.signal), { outcome: 'aborted' })
})

rootTest('a script of another user that may not be killed is not waited for', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho $$ > $DIR/pids\nexec sleep 1000\n')
  const loader = fileURLToPath(import.meta.resolve('@oxc-node/core/register'))
  const account = { uid: 65_534, gid: 65_534, groups: [65_534] }
  const program = (limitMs: number): string => `
    import pino from 'pino'
    import { openScriptRunner } from ${JSON.stringify(new URL('../../src/process/script-runner.ts', import.meta.url).href)}
    const runner = await openScriptRunner({ log: pino({ level: 'silent' }) })
    const result = await runner.run({ path: ${JSON.stringify(path)}, args: [] }, ${JSON.stringify(account)}, ${limitMs})
    process.stdout.write(JSON.stringify(result))`
  const withoutKill = ['--bounding-set', '-kill', '--inh-caps', '-kill']
  for (const limitMs of LIMITS_MS) {
    const args = [`--import=${loader}`, '--input-type=module', '-e', program(limitMs)]
    const child = spawn('setpriv', [...withoutKill, process.execPath, ...args])
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
    t.deepEqual(JSON.parse(output), { outcome: 'timedOut', remains: 'EPERM' })
    t.is(child.exitCode, 0, 'nor does it keep the program alive')
    if ((await scratch.lines('pids')).length > 0) break
  }
  const pids = (await scratch.lines('pids')).map(Number)
  t.true(pids.length > 0)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
})

test('what a script leaves in the background on purpose goes on', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\nsleep 1000 &\necho $! > $DIR/pids\n')
  t.deepEqual(await runner.run({ path, args: [] }, undefined, AMPLE_MS), { outcome: 'exited', code: 0 })
  const pid = Number((await scratch.lines('pids'))[0])
  t.notThrows(() => process.kill(pid, 'SIGKILL'))
  await waitForEnd(pid)
})

rootTest('a script runs with the ids of its account, and with no other group', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\n{ id -u; id -g; id -G; } > $DIR/seen\n')
  t.deepEqual(await runner.run({ path, args: [] }, { uid: 65_534, gid: 7, groups: [7] }, AMPLE_MS), {
    outcome: 'exited',
    code: 0,
  })
  t.deepEqual(await scratch.lines('seen'), ['65534', '7', '7'])
})

rootTest('a script without #! and one of another user that is not executable for it', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const nobody = { uid: 65_534, gid: 65_534, groups: [65_534] }
  const path = await scratch.script('script', 'id -u > $DIR/seen\n')
  t.deepEqual(await runner.run({ path, args: [] }, nobody, AMPLE_MS), { outcome: 'exited', code: 0 })
  t.deepEqual(await scratch.lines('seen'), ['65534'])
  const ofRoot = await scratch.script('of-root', '#!/bin/sh\n', 0o700)
  t.deepEqual(await runner.run({ path: ofRoot, args: [] }, nobody, AMPLE_MS), { outcome: 'notStarted', reason: 'EACCES' })
})

rootTest('a script of an account with supplementary groups has those of its user', async (t) => {
  const runner = await openRunner(t)
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\n{ id -u; id -g; id -G; echo "$@"; } > $DIR/seen\n')
  const account = await lookUpAccount({ user: 'nobody', group: 'daemon', supplementaryGroups: true }, runner)
  if (typeof account !== 'object') throw new Error('this machine has no nobody')
  t.deepEqual(await runner.run({ path, args: ['a', '-b'] }, account, AMPLE_MS), { outcome: 'exited', code: 0 })
  const [uid, gid, groups = '', args] = await scratch.lines('seen')
  t.is(uid, execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).trim())
  t.is(gid, execFileSync('getent', ['group', 'daemon'], { encoding: 'utf8' }).split(':')[2])
  const ofUser = execFileSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).trim().split(' ')
  t.true(
    ofUser.every((group) => groups.split(' ').includes(group)),
    groups,
  )
  t.is(args, 'a -b')
})
