/** UDP_CHECK: nobody says that the port is closed, or a reply is as it is to be (lvs.md §5). */
import { Buffer } from 'node:buffer'
import { optional } from '../engine/optional.ts'
import type { UdpCheck } from '../config/model.ts'
import type { CheckWords, Failure } from './check.ts'
import { reasonOf, targetOf } from './connection.ts'
import type { Exchange } from './probe-check.ts'
import type { ProbeFailure, UdpReply } from './prober.ts'
import { failedAfter, PROBE_TEXT } from './sentences.ts'

const WORDS: CheckWords = {
  succeeded: (server) => `UDP connection to ${server} success.`,
  failed: (server, _, retries) => `UDP_CHECK on service ${server} ${failedAfter(retries)}`,
  mailUp: '=> UDP CHECK succeed on service <=',
  mailDown: '=> UDP CHECK failed on service <=',
}

/** Sent where nothing else is said. */
const DEFAULT_PAYLOAD = Buffer.alloc(32, PROBE_TEXT)
const MAX_DATAGRAM = 65_535

/** What UDP_CHECK sends and expects. */
export function udpExchange(check: UdpCheck): Exchange {
  const { connectTimeoutUs, payload, requireReply } = check
  const sent = payload === undefined ? DEFAULT_PAYLOAD : Buffer.from(payload, 'hex')
  const reply = requireReply === undefined ? undefined : expectedReply(check, requireReply)
  return {
    kind: 'UDP_CHECK',
    words: WORDS,
    goodReason: requireReply === undefined ? 'nobody says that the port is closed' : 'replies',
    target: targetOf(check, { type: 'udp', payload: sent, ...optional('reply', reply) }),
    failureOf: ({ reason, stage }: ProbeFailure): Failure => ({
      reason: stage === 'mismatch' ? 'another reply' : reasonOf(reason, connectTimeoutUs),
      told: (server) => (stage === 'mismatch' ? `UDP check to ${server} reply data mismatch.` : `UDP connection to ${server} failed.`),
    }),
  }
}

/** Bounds of the length count where there is something to compare with alone. */
function expectedReply({ minReplyLength, maxReplyLength }: UdpCheck, digits: string): UdpReply {
  if (digits === '') return { minLength: 0, maxLength: MAX_DATAGRAM, ignoreOthers: false }
  return {
    pattern: Buffer.from(digits.replaceAll('x', '0'), 'hex'),
    mask: Buffer.from(digits.replaceAll(/[^x]/g, 'f').replaceAll('x', '0'), 'hex'),
    minLength: minReplyLength,
    maxLength: maxReplyLength,
    ignoreOthers: false,
  }
}
