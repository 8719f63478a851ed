/** PING_CHECK: an ICMP echo is to come back (lvs.md §5). */
import type { PingCheck } from '../config/model.ts'
import type { CheckWords, Failure } from './check.ts'
import { reasonOf, targetOf } from './connection.ts'
import type { Exchange } from './probe-check.ts'
import type { ProbeFailure } from './prober.ts'

const WORDS: CheckWords = {
  succeeded: (server) => `ICMP connection to ${server} success.`,
  failed: (server, service, retries) =>
    retries === 0
      ? `ICMP CHECK on service ${server} failed.`
      : `ICMP CHECK on service ${server} of ${service} failed after ${retries} retries.`,
  mailUp: '=> ICMP CHECK succeed on service <=',
  mailDown: '=> ICMP CHECK failed on service <=',
}

/** What PING_CHECK sends and expects. The port means nothing. */
export function pingExchange(check: PingCheck): Exchange {
  const { connectIp, connectTimeoutUs } = check
  return {
    kind: 'PING_CHECK',
    words: WORDS,
    goodReason: 'answers echo requests',
    target: targetOf(check, { type: 'ping' }),
    failureOf: ({ reason }: ProbeFailure): Failure => ({
      reason: reasonOf(reason, connectTimeoutUs),
      told: () => `ICMP connection to address ${connectIp} ${reason === 'timeout' ? 'timeout' : 'failed'}.`,
    }),
  }
}
