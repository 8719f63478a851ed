import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A variable that every process of a run inherits: a network namespace without a process in it is gone. */
const MARK = 'KA_NATIVE_DEMO_TEST'

const reason = whyNot()
if (reason !== undefined) console.warn(`the demo is skipped: ${reason}`)
const demoTest = reason === undefined ? test.serial : test.serial.skip

interface Run {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  readonly mark: string
}

function start(...options: string[]): Run {
  const mark = `${MARK}=${randomUUID()}`
  const env = { ...process.env, [MARK]: mark.slice(MARK.length + 1) }
  return { mark, process: spawn(process.execPath, [MAIN, 'demo', ...options], { env, stdio: ['ignore', 'pipe', 'pipe'] }) }
}

/** The processes that carry a mark. */
function survivors(mark: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/u.test(entry) && readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0').includes(mark)
    } catch {
      return false // it has ended, or is somebody else's
    }
  })
}

async function allGone({ mark }: Run): Promise<void> {
  await waitFor('every process of the demo has ended', () => survivors(mark).length === 0, { seen: () => survivors(mark) })
}

demoTest('the demo measures a finite silence for each event and leaves nothing behind', async (t) => {
  const run = start('--json')
  const [stdout, stderr] = await Promise.all([text(run.process.stdout), text(run.process.stderr), once(run.process, 'close')])
  t.is(run.process.exitCode, 0, stderr)
  const { events } = JSON.parse(stdout) as { events: { kind: string; silenceMs: number | null; from: string; to: string }[] }
  t.deepEqual(
    events.map(({ kind, from, to }) => [kind, from, to]),
    [
      ['link-cut', 'router-a', 'router-b'],
      ['link-restored', 'router-b', 'router-a'],
      ['master-stopped', 'router-a', 'router-b'],
    ],
  )
  // JSON has no infinity: null would be a silence without an end.
  t.true(events.every(({ silenceMs }) => typeof silenceMs === 'number'))
  await allGone(run)
})

demoTest('the demo draws its timeline as plain text where there is no terminal', async (t) => {
  const run = start()
  const [stdout, stderr] = await Promise.all([text(run.process.stdout), text(run.process.stderr), once(run.process, 'close')])
  t.is(run.process.exitCode, 0, stderr)
  t.regex(stdout, /vrrp_instance service \{/u)
  t.regex(stdout, /^router-a .*█/mu)
  t.regex(stdout, /^router-b .*█/mu)
  t.is(stdout.match(/ ms of silence /gu)?.length, 3)
  t.false(stdout.includes('\u001B'))
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGKILL', null],
] as const) {
  demoTest(`${signal} in the middle of the demo leaves nothing behind`, async (t) => {
    const run = start()
    t.teardown(() => run.process.kill('SIGKILL'))
    const closed = once(run.process, 'close')
    const output = { text: '' }
    run.process.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()))
    await waitFor('the demo cuts the link', () => output.text.includes('is cut'), { seen: () => output.text })
    t.true(survivors(run.mark).length > 4, 'the mark is on the routers and their services')
    run.process.kill(signal)
    t.deepEqual(await closed, [code, signal === 'SIGKILL' ? signal : null])
    await allGone(run)
  })
}

function whyNot(): string | undefined {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const { status, stderr, error } = spawnSync('unshare', [...user, '--net', '--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}
