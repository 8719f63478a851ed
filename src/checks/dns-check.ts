/** DNS_CHECK: a name server answers a question without an error (lvs.md §5). */
import { randomInt } from 'node:crypto'
import { getSystemErrorMap } from 'node:util'
import type { DnsCheck } from '../config/model.ts'
import type { CheckWords, Failure } from './check.ts'
import { reasonOf, targetOf } from './connection.ts'
import { DNS_HEADER, dnsQuery, dnsRcode, dnsReplyPattern } from './dns-query.ts'
import type { Exchange } from './probe-check.ts'
import type { ProbeFailure } from './prober.ts'
import type { Target } from './probes.ts'

const WORDS: CheckWords = {
  succeeded: undefined,
  // Its failures have the line.
  failed: undefined,
  mailUp: '=> DNS_CHECK: succeed on service <=',
  mailDown: '=> DNS_CHECK: failed on service <=',
}

const MAX_MESSAGE = 65_535
/** RFC 1035 §4.1.1, RFC 2136 §2.2. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH', 'NOTZONE']

/** What DNS_CHECK sends and expects. */
export function dnsExchange(check: DnsCheck): Exchange {
  const { connectTimeoutUs } = check
  const next = (): Target => {
    const id = randomInt(0x1_0000)
    // What is no answer to this question may be from anybody: it is not looked at.
    const reply = { ...dnsReplyPattern(id), minLength: DNS_HEADER, maxLength: MAX_MESSAGE, ignoreOthers: true }
    return targetOf(check, { type: 'udp', payload: dnsQuery(id, check), reply })
  }
  return {
    kind: 'DNS_CHECK',
    words: WORDS,
    goodReason: 'answers',
    target: next(),
    next,
    judge: (reply) => judge(reply),
    failureOf: (failure: ProbeFailure): Failure => {
      const what = isTimeout(failure) ? 'read timeout from socket' : `failed to read socket${errorOf(failure)}`
      return dnsFailure(reasonOf(failure.reason, connectTimeoutUs), what)
    },
  }
}

function judge(reply: Buffer | undefined): Failure | undefined {
  const rcode = reply === undefined ? 0 : dnsRcode(reply)
  return rcode === 0 ? undefined : dnsFailure(RCODES[rcode] ?? `response code ${rcode}`, `read error occurred. (rcode = ${rcode})`)
}

function dnsFailure(reason: string, what: string): Failure {
  return {
    reason,
    told: (server) => `DNS_CHECK (${server}) ${what}`,
    toldLast: (server, _, retries) => `DNS_CHECK (${server}) ${what}${retries === 0 ? '' : ` after ${retries} retries`}`,
  }
}

function isTimeout({ reason }: ProbeFailure): boolean {
  return reason === 'timeout'
}

function errorOf({ errno }: ProbeFailure): string {
  return errno === undefined ? '' : `; errno ${errno} (${errorText(errno)})`
}

/** The system's words for an error, as the C library writes them. */
function errorText(errno: number): string {
  const [, words] = getSystemErrorMap().get(-errno) ?? ['', 'unknown error']
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}
