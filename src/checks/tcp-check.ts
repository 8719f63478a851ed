/** TCP_CHECK: a connection is made, and closed at once (lvs.md §5). */
import type { TcpCheck } from '../config/model.ts'
import type { CheckWords, Failure } from './check.ts'
import { reasonOf, targetOf } from './connection.ts'
import type { Exchange } from './probe-check.ts'
import type { ProbeFailure } from './prober.ts'
import { failedAfter } from './sentences.ts'

const WORDS: CheckWords = {
  succeeded: (server) => `TCP connection to ${server} success.`,
  failed: (server, _, retries) => `TCP_CHECK on service ${server} ${failedAfter(retries)}`,
  mailUp: '=> TCP CHECK succeed on service <=',
  mailDown: '=> TCP CHECK failed on service <=',
}

/** What TCP_CHECK sends and expects. */
export function tcpExchange(check: TcpCheck): Exchange {
  return {
    kind: 'TCP_CHECK',
    words: WORDS,
    goodReason: 'connected',
    target: targetOf(check, { type: 'tcp' }),
    failureOf: ({ reason }: ProbeFailure): Failure => ({
      reason: reasonOf(reason, check.connectTimeoutUs),
      told: (server) => `TCP connection to ${server} ${reason === 'timeout' ? 'timeout' : 'failed'}.`,
    }),
  }
}
