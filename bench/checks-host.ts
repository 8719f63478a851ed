/**
 * The thread that probes, by itself: COUNT servers of the network PREFIX (two octets), port 80, each probed every INTERVAL_S seconds by
 * KIND (tcp or http) as a daemon would do it. What the thread measured of itself goes to standard output at the end (SIGTERM).
 */
import type { Probe } from '#native'
import { Prober } from '#native'

const US_PER_S = 1_000_000
const TIMEOUT_US = 3 * US_PER_S
const [kind = 'tcp', count = '0', intervalS = '6', prefix = '127.1'] = process.argv.slice(2)
const intervalUs = Number(intervalS) * US_PER_S
const failures = { count: 0, first: '' }
const life = { isOver: false }

const prober = Prober.open(() => {
  for (let results = prober.drain(); results.length > 0; results = prober.drain()) {
    const ids = new Uint32Array(results.length)
    const delaysUs = new Float64Array(results.length)
    for (const [index, { id, agoUs, outcome }] of results.entries()) {
      ids[index] = id
      delaysUs[index] = Math.max(0, intervalUs - agoUs)
      if (outcome.type === 'success') continue
      failures.count += 1
      failures.first ||= JSON.stringify(outcome)
    }
    if (!life.isOver) prober.run(ids, delaysUs)
  }
})

const probes = Array.from({ length: Number(count) }, (_, id): Probe => {
  const address = `${prefix}.${id >> 8}.${id & 0xff}`
  const request = Buffer.from(`GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: ${address}:80\r\n\r\n`)
  const http: Probe['action'] = { type: 'http', request, expect: { status: [{ from: 200, to: 299 }] } }
  return { id, address, port: 80, timeoutUs: TIMEOUT_US, action: kind === 'http' ? http : { type: 'tcp' } }
})
prober.define(probes)
prober.run(
  Uint32Array.from(probes, ({ id }) => id),
  Float64Array.from(probes, () => Math.floor(Math.random() * intervalUs)),
)

const keepAlive = setInterval(() => {}, 1_000)
process.once('SIGTERM', () => {
  life.isOver = true
  void prober.status().then(async (status) => {
    process.stdout.write(`${JSON.stringify({ ...status, failures })}\n`)
    await prober.stop(5_000)
    clearInterval(keepAlive)
  })
})
