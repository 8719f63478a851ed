/** The process that runs scripts: stopped for a while, the first of its namespace, killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { waitFor } from '../lab/wait-for.ts'
import { rootTest, Scratch, waitForEnd } from './scratch.ts'

const LOADER = fileURLToPath(import.meta.resolve('@oxc-node/core/register'))
const RUNNER = JSON.stringify(new URL('../../src/process/script-runner.ts', import.meta.url).href)
const OPEN = `
  import pino from 'pino'
  import { openScriptRunner } from ${RUNNER}
  const runner = await openScriptRunner({ log: pino({ level: 'silent' }) })
  setInterval(() => {}, 1000)
`

/** A program of our own; it ends with the test. */
function start(t: ExecutionContext, program: string, wrapper: readonly string[] = []): ChildProcess {
  const [command, ...args] = [...wrapper, process.execPath, `--import=${LOADER}`, '--input-type=module', '-e', OPEN + program]
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  return child
}

test('a process that stood still starts no burst of scripts', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho >> $DIR/runs\n')
  const script = { id: 1, generation: 1, program: { path, args: [] }, intervalUs: 100_000, timeoutUs: 60_000_000 }
  const child = start(t, `runner.schedule([${JSON.stringify(script)}], () => {})`)
  await scratch.waitForLines('runs', 3)
  child.kill('SIGSTOP')
  await sleep(3_000)
  const before = (await scratch.lines('runs')).length
  const goesOnAt = performance.now()
  child.kill('SIGCONT')
  await scratch.waitForLines('runs', before + 3)
  const after = (await scratch.lines('runs')).length
  const elapsedMs = performance.now() - goesOnAt
  t.true(after - before <= elapsedMs / 100 + 4, `${after - before} runs in ${elapsedMs} ms`)
})

test('scripts end with the process, also when it is killed', async (t) => {
  const scratch = await Scratch.make(t)
  const path = await scratch.script('script', '#!/bin/sh\necho $$ >> $DIR/pids\nexec sleep 1000\n')
  const child = start(t, `void runner.run({ path: ${JSON.stringify(path)}, args: [] }, undefined, 60_000)`)
  const [pid] = await scratch.waitForLines('pids', 1)
  child.kill('SIGKILL')
  await waitForEnd(Number(pid))
  t.pass()
})

rootTest('as the first process of a namespace it collects what scripts leave behind', async (t) => {
  const scratch = await Scratch.make(t)
  // Each leaves a process that ends after it.
  const path = await scratch.script('script', '#!/bin/sh\nsetsid sh -c "sleep 0.2; echo >> $DIR/left" > /dev/null 2>&1 &\nexit 0\n')
  const program = `
    import { readdirSync, readFileSync, appendFileSync } from 'node:fs'
    const runs = Array.from({ length: 20 }, () => runner.run({ path: ${JSON.stringify(path)}, args: [] }, undefined, 60_000))
    await Promise.all(runs)
    const states = () => readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && name !== '1').map((pid) => {
      try { return readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1][0] } catch { return '' }
    })
    setInterval(async () => {
      const { orphans } = await runner.status()
      appendFileSync(${JSON.stringify(scratch.file('seen'))}, states().filter((state) => state === 'Z').length + ' ' + orphans + '\\n')
    }, 500)`
  start(t, program, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'])
  await scratch.waitForLines('left', 20)
  await waitFor(
    'all are collected',
    async () => {
      const [zombies, orphans] = (await scratch.lines('seen')).at(-1)?.split(' ') ?? []
      return zombies === '0' && Number(orphans) >= 20
    },
    { seen: async () => await scratch.lines('seen') },
  )
  t.pass()
})
