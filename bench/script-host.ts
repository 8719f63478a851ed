/**
 * The thread that runs scripts, by itself: runs COUNT times /bin/true each second, and each script of SLOW... with a deadline of a second,
 * every three seconds. What the thread measured of itself goes to standard output at the end (SIGTERM).
 */
import pino from 'pino'
import { openScriptRunner, type ScheduledScript } from '../src/process/script-runner.ts'

const US_PER_S = 1_000_000
const [count = '', ...slow] = process.argv.slice(2)
const runner = await openScriptRunner({ log: pino({ level: 'warn' }) })
const script = (path: string, index: number, intervalS: number): ScheduledScript => ({
  id: index,
  generation: 1,
  program: { path, args: [] },
  account: undefined,
  intervalUs: intervalS * US_PER_S,
  timeoutUs: US_PER_S,
})
const quick = Array.from({ length: Number(count) }, (_, index) => script('/bin/true', index, 1))
const taken = { results: 0 }
runner.schedule([...quick, ...slow.map((path, index) => script(path, quick.length + index, 3))], (results) => {
  taken.results += results.length
})

const keepAlive = setInterval(() => {}, 1_000)
process.once('SIGTERM', () => {
  void runner.status().then(async (status) => {
    process.stdout.write(`${JSON.stringify({ ...status, taken: taken.results })}\n`)
    await runner.stop(5_000)
    clearInterval(keepAlive)
  })
})
