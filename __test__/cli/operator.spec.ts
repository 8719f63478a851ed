/** `ka-native lvs`, `drain`, `maintenance` and `weight` as processes beside virtual servers that a test has in its hands. */
import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { LvsStatus } from '../../src/lvs/lvs-status.ts'
import { ControlledScene, TWO_SERVICES } from '../control/controlled-scene.ts'
import { waitFor } from '../lab/wait-for.ts'
import { rootTest, Scratch } from '../process/scratch.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command for the daemon in a directory. */
async function run(runtimeDir: string, args: readonly string[], uid?: number): Promise<Result> {
  const options = { cwd: '/', ...(uid === undefined ? {} : { uid, gid: uid }) }
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args, '--runtime-dir', runtimeDir], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

test('lvs shows a table, and one JSON object', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES.replace('lvs_sched rr', 'lvs_sched wrr\nsorry_server 10.0.3.1 80'))
  scene.table.active.set('1 10.0.2.10:80', 5)
  scene.say('10.0.2.20', false)
  scene.lvs.maintain({ server: '10.0.2.11' }, true)
  const { code, stdout, stderr } = await run(scene.runtimeDir, ['lvs'])
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.is(
    stdout,
    `SERVER                STATE        WEIGHT  ACTIVE  INACTIVE  REASON
[10.0.1.1]:tcp:80     up                3       5         0  wrr, quorum 1
  [10.0.2.10]:tcp:80  up                3       5         0
  [10.0.2.20]:tcp:80  down              -       0         0  checker TCP_CHECK: connection refused since 2026-01-01T00:00:00.000Z
  [10.0.3.1]:tcp:80   waiting           -       0         0  sorry server
[10.0.1.2]:tcp:80     up                3       0         0  rr, quorum 1
  [10.0.2.11]:tcp:80  maintenance       -       0         0  in maintenance by operator since 2026-01-01T00:00:00.000Z
  [10.0.2.20]:tcp:80  up                3       0         0
`,
  )
  const json = await run(scene.runtimeDir, ['lvs', '--json'])
  const { services } = JSON.parse(json.stdout) as LvsStatus
  t.deepEqual(services, JSON.parse(JSON.stringify((await scene.lvs.status()).services)))
})

test('drain counts down, and its status says whether connections are left', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  scene.table.active.set('1 10.0.2.10:80', 5)
  const counted = (count: number) => (): boolean => scene.heard.filter(({ type }) => type === 'draining').length === count
  const drained = run(scene.runtimeDir, ['drain', '10.0.2.10', '--timeout', '60'])
  await waitFor('it is counted', counted(1))
  scene.table.active.set('1 10.0.2.10:80', 1)
  await scene.clock.pass(1_000)
  await waitFor('it is counted again', counted(2))
  scene.table.active.delete('1 10.0.2.10:80')
  await scene.clock.pass(1_000)
  const about = '[10.0.2.10]:tcp:80 of [10.0.1.1]:tcp:80'
  const lines = [`${about}: 5 connections, 60 s left`, `${about}: 1 connection, 59 s left`, `${about}: drained`, '']
  t.deepEqual(await drained, { code: 0, stdout: lines.join('\n'), stderr: '' })
  t.deepEqual(scene.table.rows[0], '10.0.1.1:80 > 10.0.2.10:80=0 10.0.2.20:80=3')
  const undone = await run(scene.runtimeDir, ['drain', '10.0.2.10', '--undo'])
  t.deepEqual(undone, { code: 0, stdout: `${about}: gets new connections again\n`, stderr: '' })
  t.deepEqual(scene.table.rows[0], '10.0.1.1:80 > 10.0.2.10:80=3 10.0.2.20:80=3')
  scene.table.active.set('1 10.0.2.10:80', 7)
  const late = run(scene.runtimeDir, ['drain', '10.0.2.10', '--timeout', '0'])
  t.deepEqual(await late, { code: 1, stdout: `${about}: its time is over: 7 connections left; it gets no new ones\n`, stderr: '' })
})

test('maintenance and weight tell what is so from now on', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  const on = await run(scene.runtimeDir, ['maintenance', '10.0.2.20', 'on'])
  const both = (what: string): string => ['10.0.1.1', '10.0.1.2'].map((service) => `[10.0.2.20]:tcp:80 of [${service}]:tcp:80: ${what}\n`).join('') // prettier-ignore
  t.deepEqual(on, { code: 0, stdout: both('in maintenance'), stderr: '' })
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.10:80=3', '10.0.1.2:80 > 10.0.2.11:80=3'])
  const off = await run(scene.runtimeDir, ['maintenance', '10.0.2.20', 'off'])
  t.deepEqual(off, { code: 0, stdout: both('no longer in maintenance'), stderr: '' })
  const weighed = await run(scene.runtimeDir, ['weight', '10.0.2.20:80', '9', '--service', '10.0.1.2:80'])
  t.deepEqual(weighed, { code: 0, stdout: '[10.0.2.20]:tcp:80 of [10.0.1.2]:tcp:80: has weight 9\n', stderr: '' })
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.10:80=3 10.0.2.20:80=3', '10.0.1.2:80 > 10.0.2.11:80=3 10.0.2.20:80=9'])
  const back = await run(scene.runtimeDir, ['weight', '10.0.2.20', 'default'])
  t.deepEqual(back, { code: 0, stdout: both('has the weight of its configuration'), stderr: '' })
})

test('what is wrong is said in one line', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES, 'edge')
  const inode = statSync('/proc/self/ns/net').ino
  const none = `ka-native: no daemon with virtual servers runs in this network namespace (${scene.runtimeDir}/${inode}.sock); there is --instance edge\n`
  t.deepEqual(await run(scene.runtimeDir, ['lvs']), { code: 1, stdout: '', stderr: none })
  const unknown = await run(scene.runtimeDir, ['weight', '10.0.2.12', '1', '--instance', 'edge'])
  const meant = 'did you mean 10.0.2.10:80 or 10.0.2.11:80?'
  t.regex(unknown.stderr, /^ka-native: no virtual server has a real server 10\.0\.2\.12; did you mean 10\.0\.2\.1[01]:80/, meant)
  t.is(unknown.code, 1)
  for (const [args, message] of [
    [['weight', '10.0.2.10', '2147483648'], 'It is a whole number up to 2147483647, or `default`.'],
    [['drain', '10.0.2.10', '--timeout', '-1'], 'It is a number of seconds up to 604800.'],
    [['maintenance', '10.0.2.10', 'maybe'], 'Allowed choices are on, off.'],
    [['drain'], "missing required argument 'server'"],
  ] as const) {
    const { code, stderr } = await run(scene.runtimeDir, args)
    t.is(code, 1)
    t.true(stderr.includes(message), stderr)
  }
})

rootTest('only root and the user of the daemon are answered', async (t) => {
  const scene = await ControlledScene.open(t, TWO_SERVICES)
  const inode = statSync('/proc/self/ns/net').ino
  t.deepEqual(await run(scene.runtimeDir, ['lvs'], 65_534), {
    code: 4,
    stdout: '',
    stderr: `ka-native: only root may tell the daemon something: ${scene.runtimeDir}/${inode}.sock\n`,
  })
})

rootTest('a socket of somebody else is not believed', async (t) => {
  const scratch = await Scratch.make(t)
  const inode = statSync('/proc/self/ns/net').ino
  const path = scratch.file(`${inode}.sock`)
  const program = `require('net').createServer((s) => s.end('{"type":"result","value":{"services":[]}}\\n')).listen(${JSON.stringify(path)})`
  const child = execFile(process.execPath, ['-e', program], { uid: 65_534, gid: 65_534, cwd: '/' })
  t.teardown(() => child.kill())
  await waitFor('it listens', () => statSync(path, { throwIfNoEntry: false }) !== undefined)
  const { code, stderr } = await run(scratch.path, ['lvs'])
  t.deepEqual(
    { code, stderr },
    { code: 4, stderr: `ka-native: ${path} belongs to the user with number 65534: that is no daemon of ours\n` },
  )
})
