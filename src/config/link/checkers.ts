/** Checkers: what they inherit, and what they cannot be without (lvs.md §1.3). */
import type { DnsCheckDraft, SmtpCheckDraft, TcpCheckDraft, UdpCheckDraft } from '../drafts.ts'
import { isLinkLocal } from '../forms/addresses.ts'
import { ROOT_NAME } from '../forms/dns-names.ts'
import { US_PER_S } from '../forms/numbers.ts'
import { HELO_NAME, MAX_REPLY } from '../keywords/network-checkers.ts'
import type { DnsCheck, SmtpCheck, TcpCheck, UdpCheck } from '../model.ts'
import { valueSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'

/** What a real server has for its checkers. */
export interface Inherited {
  readonly address: string
  /** The port to ask: as it is written, whatever the forwarding method makes of it. */
  readonly port: number
  readonly retry: number | undefined
  readonly delayBeforeRetryUs: number | undefined
  readonly warmupUs: number | undefined
  readonly connectTimeoutUs: number
  readonly delayLoopUs: number
  /** The period that the virtual server has: scripts may take as long. */
  readonly serviceDelayLoopUs: number
  readonly alpha: boolean
  readonly logAllFailures: boolean
  readonly virtualhost: string | undefined
}

/** What counts for a kind of checker where nobody says anything. */
export interface Builtin {
  readonly retry: number
  /** Absent: the period. */
  readonly delayBeforeRetryUs?: number
}

/** Of TCP_CHECK, SMTP_CHECK, UDP_CHECK and PING_CHECK. */
const COMMON: Builtin = { retry: 1, delayBeforeRetryUs: US_PER_S }
const DNS: Builtin = { retry: 3 }
/** The checkers of a kind that a server has none of. */
export const NONE: readonly never[] = Object.freeze([])

/** The checkers of a kind; one list for all servers that have none. */
export function linkEach<D, C, X extends ReadContext>(
  drafts: readonly D[] | undefined,
  linkOne: (draft: D, server: Inherited, context: X) => C | undefined,
  server: Inherited,
  context: X,
): readonly C[] {
  if (drafts === undefined) return NONE
  const linked: C[] = []
  for (const draft of drafts) {
    const checker = linkOne(draft, server, context)
    if (checker !== undefined) linked.push(checker)
  }
  return linked
}

/** `TCP_CHECK` and `PING_CHECK`. */
export function linkPlain(draft: TcpCheckDraft, server: Inherited, context: ReadContext): TcpCheck | undefined {
  return linkConnection(draft, server, COMMON, context)
}

/**
 * Where a checker connects to, and when; `undefined` when it cannot, which is then reported.
 *
 * Checkers that have more add it with `Object.assign`: spreading such an object into another one takes the engine 20 times as long.
 */
export function linkConnection(draft: TcpCheckDraft, server: Inherited, builtin: Builtin, context: ReadContext): TcpCheck | undefined {
  const { connectIp = server.address, bindIf } = draft
  if (bindIf === undefined && isLinkLocal(connectIp)) return reportLinkLocal(draft, connectIp, context)
  const delayLoopUs = draft.delayLoopUs ?? server.delayLoopUs
  return {
    connectIp,
    connectPort: draft.connectPort ?? server.port,
    bindto: draft.bindto,
    bindPort: draft.bindPort,
    bindIf,
    connectTimeoutUs: draft.connectTimeoutUs ?? server.connectTimeoutUs,
    fwmark: draft.fwmark ?? 0,
    retry: draft.retry ?? server.retry ?? builtin.retry,
    delayBeforeRetryUs: draft.delayBeforeRetryUs ?? server.delayBeforeRetryUs ?? builtin.delayBeforeRetryUs ?? delayLoopUs,
    warmupUs: draft.warmupUs ?? server.warmupUs ?? delayLoopUs,
    delayLoopUs,
    alpha: draft.alpha ?? server.alpha,
    logAllFailures: draft.logAllFailures ?? server.logAllFailures,
  }
}

function reportLinkLocal(draft: TcpCheckDraft, target: string, context: ReadContext): undefined {
  const message = `the target ${target} is a link-local address, which needs an interface; the checker is ignored`
  return context.diagnostics.error('incomplete-block', valueSpan(draft, 'connect_ip', context), message, 'add `bind_if`')
}

/** `UDP_CHECK`. */
export function linkUdp(draft: UdpCheckDraft, server: Inherited, context: ReadContext): UdpCheck | undefined {
  const connection = linkConnection(draft, server, COMMON, context)
  if (connection === undefined) return undefined
  const { payload, requireReply, minReplyLength = 0, maxReplyLength = MAX_REPLY } = draft
  if (minReplyLength > maxReplyLength) {
    const message = `a reply cannot have at least ${minReplyLength} and at most ${maxReplyLength} octets: the check always fails`
    const span = valueSpan(draft, ['min_reply_length', 'max_reply_length'], context)
    context.diagnostics.error('conflicting-setting', span, message)
  }
  return Object.assign(connection, { payload, requireReply, minReplyLength, maxReplyLength })
}

/** `DNS_CHECK`. */
export function linkDns(draft: DnsCheckDraft, server: Inherited, context: ReadContext): DnsCheck | undefined {
  const connection = linkConnection(draft, server, DNS, context)
  const { type = 'SOA', name = ROOT_NAME } = draft
  return connection === undefined ? undefined : Object.assign(connection, { type, name })
}

/** The checkers of a list of `SMTP_CHECK`: each `host` is one of its own; so is the block around it, if it says anything of a connection. */
export function linkSmtp(drafts: readonly SmtpCheckDraft[] | undefined, server: Inherited, context: ReadContext): readonly SmtpCheck[] {
  return drafts === undefined ? NONE : drafts.flatMap((draft) => linkSmtpTargets(draft, server, context))
}

function linkSmtpTargets(draft: SmtpCheckDraft, server: Inherited, context: ReadContext): readonly SmtpCheck[] {
  const { hosts = NONE, heloName = HELO_NAME, connectIp, connectPort, bindto, bindPort, bindIf, connectTimeoutUs, fwmark } = draft
  const hasTarget = [connectIp, connectPort, bindto, bindPort, bindIf, connectTimeoutUs, fwmark].some((said) => said !== undefined)
  const targets: readonly TcpCheckDraft[] = hasTarget || hosts.length === 0 ? [draft, ...hosts] : hosts
  const inherited: Inherited = {
    ...server,
    retry: draft.retry ?? server.retry,
    delayBeforeRetryUs: draft.delayBeforeRetryUs ?? server.delayBeforeRetryUs,
    warmupUs: draft.warmupUs ?? server.warmupUs,
    delayLoopUs: draft.delayLoopUs ?? server.delayLoopUs,
    alpha: draft.alpha ?? server.alpha,
    logAllFailures: draft.logAllFailures ?? server.logAllFailures,
  }
  return targets.flatMap((target) => {
    const connection = linkConnection(target, inherited, COMMON, context)
    return connection === undefined ? [] : [Object.assign(connection, { heloName, hosts: NONE })]
  })
}
