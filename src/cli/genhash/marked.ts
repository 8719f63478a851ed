/** A connection whose packets have a mark, which Node cannot set: the prober makes it. */
import { Socket } from 'node:net'
import type { ProbeResult } from '#native'
import type { NativeModule } from '../../engine/native.ts'
import type { GenhashRequest } from './options.ts'

/** What came of it. */
export type Marked = { readonly kind: 'connected'; readonly socket: Socket } | { readonly kind: 'failed'; readonly sentence: string }

const US_PER_MS = 1000
/** As long as the kernel tries, and longer. */
const NO_LIMIT_MS = 3_600_000
const STOP_LIMIT_MS = 1000

/** Connects to the server of the request, with `mark` on all packets (SO_MARK). */
export async function connectMarked(request: GenhashRequest, mark: number, { Prober }: NativeModule): Promise<Marked> {
  const timeoutUs = (request.timeoutMs ?? NO_LIMIT_MS) * US_PER_MS
  const { outcome } = await new Promise<ProbeResult>((resolve) => {
    // Its results keep no process alive.
    const alive = setInterval(() => {}, NO_LIMIT_MS)
    const prober = Prober.open(() => {
      const [result] = prober.drain()
      if (result === undefined) return
      clearInterval(alive)
      resolve(result)
      void prober.stop(STOP_LIMIT_MS)
    })
    prober.define([{ id: 0, address: request.server, port: request.port, mark, timeoutUs, action: { type: 'connect' } }])
    prober.run(Uint32Array.of(0), Float64Array.of(0))
  })
  if (outcome.type === 'success' && outcome.fd !== undefined) return { kind: 'connected', socket: new Socket({ fd: outcome.fd }) }
  if (outcome.type === 'notStarted' && outcome.operation !== 'connect')
    return { kind: 'failed', sentence: `${outcome.operation}: ${outcome.code}` }
  const isLate = outcome.type === 'failed' && outcome.reason === 'timeout'
  return { kind: 'failed', sentence: isLate ? 'Timeout connecting' : 'Connection failed' }
}
