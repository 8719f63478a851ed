/** Scripts that misbehave, many scripts, and JavaScript that is blocked. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import type { ScheduledResult, ScheduledScript, ScriptRunner } from '../../src/process/script-runner.ts'
import { waitFor } from '../lab/wait-for.ts'
import { openRunner } from './runner.ts'
import { Scratch } from './scratch.ts'

/** Never reached: a limit for broken code. */
const AMPLE_MS = 60_000
const US_PER_MS = 1000

/** Stands for everything that may block JavaScript: nothing else is done until something is so. */
function blockUntil(what: string, isSo: () => boolean): void {
  const limit = performance.now() + AMPLE_MS
  const nobodyWakesUs = new Int32Array(new SharedArrayBuffer(4))
  while (!isSo()) {
    if (performance.now() > limit) throw new Error(`gave up waiting until ${what}`)
    Atomics.wait(nobodyWakesUs, 0, 0, 20)
  }
}

/** Whether a process has ended, and somebody took note. */
function isGone(pid: string): boolean {
  return !existsSync(`/proc/${pid}`)
}

function lineCount(path: string): number {
  return readFileSync(path, 'utf8').split('\n').length - 1
}

function periodic(id: number, path: string, intervalMs: number, changes: Partial<ScheduledScript> = {}): ScheduledScript {
  const times = { intervalUs: intervalMs * US_PER_MS, timeoutUs: AMPLE_MS * US_PER_MS }
  return { id, generation: 1, program: { path, args: [] }, account: undefined, ...times, ...changes }
}

/** A runner and what its periodic scripts told. */
async function schedule(
  t: ExecutionContext,
  scripts: readonly ScheduledScript[],
): Promise<{ readonly runner: ScriptRunner; readonly results: ScheduledResult[]; readonly batches: (readonly ScheduledResult[])[] }> {
  const runner = await openRunner(t)
  const results: ScheduledResult[] = []
  const batches: (readonly ScheduledResult[])[] = []
  runner.schedule(scripts, (batch) => {
    results.push(...batch)
    batches.push(batch)
  })
  return { runner, results, batches }
}

/** A file of a thread; nothing when that has ended. */
function readOfThread(task: string, file: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/${file}`, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Children of this process, by their pids. */
function children(): readonly string[] {
  return readdirSync('/proc/self/task').flatMap((task) => {
    const list = readOfThread(task, 'children')
    return list === '' ? [] : list.split(' ')
  })
}

/** Open files of this process, but for those of threads that start programs: each has one, and there are more of them where starts took long. */
function descriptors(): number {
  const names = readdirSync('/proc/self/task').map((task) => readOfThread(task, 'comm'))
  return readdirSync('/proc/self/fd').length - names.filter((name) => name.startsWith('ka-spawn-')).length
}

test.serial('a thousand runs leave no child and no descriptor', async (t) => {
  const runner = await openRunner(t)
  const run = async (): Promise<unknown> => await runner.run({ path: '/bin/true', args: [], capturesOutput: true }, undefined, AMPLE_MS)
  t.deepEqual(await run(), { outcome: 'exited', code: 0, output: '' })
  const [before, former] = [descriptors(), children()]
  const results = await Promise.all(Array.from({ length: 1000 }, run))
  t.is(new Set(results.map((result) => JSON.stringify(result))).size, 1)
  // The last of them may be told before it has been put away.
  await waitFor('all descriptors are closed', () => descriptors() <= before)
  await waitFor('no child is left', () => children().join() === former.join())
  const { running, queued, started } = await runner.status()
  t.deepEqual({ running, queued, started }, { running: 0, queued: 0, started: 1001 })
})

test.serial('more runs than may wait are refused at once, the others run', async (t) => {
  const runner = await openRunner(t)
  const runs = Array.from({ length: 4200 }, async () => await runner.run({ path: '/no/such/program', args: [] }, undefined, AMPLE_MS))
  const results = await Promise.all(runs)
  const refused = results.filter((result) => result.outcome === 'notStarted' && result.reason === 'too many scripts wait')
  t.is(refused.length, 4200 - 4096)
  t.is(results.filter((result) => result.outcome === 'notStarted' && result.reason === 'ENOENT').length, 4096)
})

// The time of other tests would be counted too.
test.serial('a flood of output neither blocks the script nor costs without bound', async (t) => {
  const runner = await openRunner(t)
  const program = { path: '/bin/sh', args: ['-c', 'yes'], capturesOutput: true }
  // A busy machine may not let it begin in so short a time.
  for (const limitMs of [2_000, 20_000]) {
    const before = process.cpuUsage()
    const result = await runner.run(program, undefined, limitMs)
    const { user, system } = process.cpuUsage(before)
    t.like(result, { outcome: 'timedOut' })
    // Reading all that it writes would take most of a core.
    t.true(user + system < (limitMs * US_PER_MS * 3) / 4, `${user + system} us`)
    if (result.output === '' && limitMs === 2_000) continue
    t.is(result.output, 'y\n'.repeat(2048))
    break
  }
})

test('a script that leaves a daemon behind is over when it is over', async (t) => {
  const scratch = await Scratch.make(t)
  const runner = await openRunner(t)
  const path = await scratch.script('script', '#!/bin/sh\nsetsid sh -c "echo \\$\\$ > $DIR/pids; exec sleep 1000" &\nexit 5\n')
  const program = { path, args: [], capturesOutput: true }
  t.like(await runner.run(program, undefined, AMPLE_MS), { outcome: 'exited', code: 5 })
  const [pid] = (await scratch.waitForLines('pids', 1)).map(Number)
  t.notThrows(() => process.kill(pid ?? 0, 'SIGKILL'))
})

test('a script that is removed while it runs goes on; then it is missing, which is an outcome', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho >> $DIR/started\nwhile [ ! -e $DIR/go ]; do sleep 0.05; done\nexit 7\n')
  const { results } = await schedule(t, [periodic(1, path, 100)])
  await scratch.waitForLines('started', 1)
  rmSync(path)
  await scratch.script('go', '')
  await waitFor('a run after that', () => results.length >= 2)
  const [first, second] = results.map(({ result }) => result)
  t.deepEqual(first, { outcome: 'exited', code: 7 })
  t.deepEqual(second, { outcome: 'notStarted', reason: 'ENOENT' })
})

test('a command that asks whether a file can be opened', async (t) => {
  const scratch = await Scratch.make(t)
  const runner = await openRunner(t)
  const file = await scratch.script("it's here", '')
  const ask = async (path: string): Promise<unknown> => await runner.run({ path, args: [] }, undefined, AMPLE_MS)
  t.deepEqual(await ask(`<${file}`), { outcome: 'exited', code: 0 })
  t.like(await ask(`<${file} not`), { outcome: 'exited' })
  t.notDeepEqual(await ask(`<${file} not`), { outcome: 'exited', code: 0 })
})

test('a script whose file cannot be read holds up nothing else', async (t) => {
  const scratch = await Scratch.make(t)
  const runner = await openRunner(t)
  const path = await scratch.script('script', '#!/bin/sh\nexit 3\n')
  // Whoever opens the file waits for its lease, as for a file server that does not answer (fcntl(2), F_SETLEASE, F_WRLCK).
  const hold = '$SIG{IO} = "IGNORE"; open(F, "+<", $ARGV[0]) and fcntl(F, 1024, 1) and print "held\\n" and close(STDOUT) and sleep 1000'
  const holder = spawn('perl', ['-e', hold, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.is(await text(holder.stdout), 'held\n')
  const hanging = runner.run({ path, args: [] }, undefined, 60_000)
  const given = runner.run({ path, args: [] }, undefined, 200)
  const others = await Promise.all(
    Array.from({ length: 20 }, async () => await runner.run({ path: '/bin/true', args: [] }, undefined, AMPLE_MS)),
  )
  t.true(others.every((result) => result.outcome === 'exited' && result.code === 0))
  t.deepEqual(await runner.run({ path: '/bin/sleep', args: ['1000'] }, undefined, 100), { outcome: 'timedOut' })
  t.deepEqual(await given, { outcome: 'timedOut', remains: 'it does not end at SIGKILL' })
  holder.kill('SIGKILL')
  t.deepEqual(await hanging, { outcome: 'exited', code: 3 })
  await waitFor('the other is gone too', async () => (await runner.status()).running === 0)
})

test('what a script is told is where it is, unless links are to be kept', async (t) => {
  const scratch = await Scratch.make(t)
  const runner = await openRunner(t)
  await scratch.script('script', '#!/bin/sh\necho "$0"\n')
  const link = scratch.file('link')
  symlinkSync('script', link)
  const program = { path: link, args: [], capturesOutput: true }
  t.like(await runner.run(program, undefined, AMPLE_MS), { output: `${realpathSync(link)}\n` })
  runner.configure({ useSymlinkPaths: true })
  t.like(await runner.run(program, undefined, AMPLE_MS), { output: `${link}\n` })
})

test.serial('a deadline is kept while JavaScript is blocked', async (t) => {
  const scratch = await Scratch.make(t)
  const runner = await openRunner(t)
  const path = await scratch.script('script', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  // A busy machine may not let it begin in so short a time.
  for (const limitMs of [3_000, 30_000]) {
    const result = runner.run({ path, args: [] }, undefined, limitMs)
    const state = { isOver: false }
    void result.then(() => (state.isOver = true))
    await waitFor('it has begun, or is over', async () => state.isOver || (await scratch.lines('pids')).length > 0)
    const [pid] = await scratch.lines('pids')
    if (pid !== undefined) blockUntil('the script has ended', () => isGone(pid))
    t.deepEqual(await result, { outcome: 'timedOut' })
    if (pid !== undefined) return
  }
  t.fail('it never began')
})

test.serial('what ended while JavaScript was blocked is told in order afterwards, all of it', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho >> $DIR/runs\nexit $(($(wc -l < $DIR/runs) % 200))\n')
  const { runner, results, batches } = await schedule(t, [periodic(1, path, 50)])
  await waitFor('the first run', () => results.length > 0)
  const before = results.length
  // When one writes its line the end of the one before it may yet have to be told, and that of the one before that is told.
  blockUntil('there were many runs', () => lineCount(scratch.file('runs')) > before + 31)
  t.is(results.length, before)
  runner.schedule([], () => {})
  await waitFor('nothing runs', async () => (await runner.status()).running === 0)
  const codes = results.map(({ result }) => (result.outcome === 'exited' ? result.code : result.outcome))
  t.deepEqual(
    codes,
    codes.map((_, index) => index + 1),
  )
  // The last one may have been ended.
  t.true(codes.length >= before + 30, `${codes.length}`)
  // The times of one batch were asked for at the same time; the moment of that is known less well than they are.
  for (const batch of batches) {
    t.true(
      batch.every(({ startedAtMs, endedAtMs }, index) => endedAtMs >= startedAtMs && startedAtMs >= (batch[index - 1]?.endedAtMs ?? 0)),
    )
  }
  t.true(batches.some(({ length }) => length >= 30))
})

test('periodic scripts run at once, at their intervals, with the generation that they have', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho >> $DIR/runs\n')
  const { runner, results } = await schedule(t, [periodic(7, path, 100), periodic(8, '/bin/false', 3_600_000)])
  const runsOf = (job: number): number => results.filter(({ id }) => id === job).length
  await waitFor('some runs', () => runsOf(7) >= 3 && runsOf(8) >= 1)
  t.deepEqual(
    results.filter(({ id }) => id === 8).map(({ result }) => result),
    [{ outcome: 'exited', code: 1 }],
  )
  const later: ScheduledResult[] = []
  const second = [periodic(7, path, 100, { generation: 2 }), periodic(8, '/bin/false', 3_600_000, { generation: 2 })]
  runner.schedule(second, (batch) => {
    later.push(...batch)
  })
  await waitFor('some runs more', () => later.filter(({ generation }) => generation === 2).length >= 3)
  t.true(
    later.every(({ id }) => id === 7),
    'the other did not change: its run is not due',
  )
  // A run that was under way is told with the generation that it began with.
  t.deepEqual(
    later.map(({ generation }) => generation),
    later.map(({ generation }) => generation).toSorted((one, other) => one - other),
  )
})

test('a periodic script that is late is told at its deadline, and runs again when it is gone', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', `#!/bin/sh\ntrap '' TERM\necho $$ >> $DIR/pids\nwhile :; do sleep 0.05; done\n`)
  const { runner, results } = await schedule(t, [periodic(1, path, 300, { timeoutUs: 2_000 * US_PER_MS })])
  await waitFor('as many are told as have begun, and the last one, which ignores SIGTERM, is there', async () => {
    const told = results.length
    const begun = await scratch.lines('pids')
    return begun.length > 0 && begun.length <= told && !isGone(begun.at(-1) ?? '')
  })
  t.true(results.every(({ result }) => result.outcome === 'timedOut'))
  const [pid = ''] = await scratch.waitForLines('pids', 2)
  t.true(isGone(pid))
  runner.schedule([], () => {})
  await waitFor('nothing runs', async () => (await runner.status()).running === 0)
  await sleep(0)
})
