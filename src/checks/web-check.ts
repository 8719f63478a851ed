import type { HttpGet, HttpUrl } from '../config/model.ts'
import { Check } from './check.ts'
import type { CheckTimes, CheckWords, Failure, Known } from './check.ts'
import { reasonOf } from './connection.ts'
import type { HttpAnswer, ProbeFailure, ProbeOutcome } from './prober.ts'

/** How asking for a page ended: as a probe does, or in TLS. */
export type WebOutcome =
  | Extract<ProbeOutcome, { type: 'success' | 'notStarted' }>
  | (Omit<ProbeFailure, 'stage'> & { readonly stage: ProbeFailure['stage'] | 'handshake' })

type WebFailure = Extract<WebOutcome, { type: 'failed' }>

function wordsOf(kind: 'HTTP_GET' | 'SSL_GET'): CheckWords {
  const name = kind === 'HTTP_GET' ? 'HTTP_CHECK' : 'SSL_CHECK'
  return {
    succeeded: (server) => `Remote Web server ${server} succeed on service.`,
    failed: (server, _, retries) => `${name} on service ${server} ${retries === 0 ? 'failed.' : `failed after ${retries} retries.`}`,
    mailUp: '=> CHECK succeed on service <=',
    mailDown: '=> CHECK failed on service : HTTP/SSL request failed <=',
  }
}

const WORDS = { HTTP_GET: wordsOf('HTTP_GET'), SSL_GET: wordsOf('SSL_GET') }

/** Where a check of several pages stands. */
interface Place {
  /** The page that is asked for next. */
  readonly at: number
  /** It failed, and it alone is asked for. */
  readonly hasFailed: boolean
}

/**
 * HTTP_GET and SSL_GET: pages are asked for one after the other, one in each period (lvs.md §5).
 *
 * When the last one was good the server is. A page that fails for good is the only one that is asked for until it is good again; then all are,
 * from the first, before the server is good.
 */
export abstract class WebCheck extends Check {
  readonly #get: Pick<HttpGet, 'urls' | 'fastRecovery' | 'connectTimeoutUs'>
  #at = 0
  #hasFailed = false
  /** Of each page, the last difference of its length that was told. */
  readonly #toldLengths: (number | undefined)[] = []
  /** The status that the reason is about; 0: it is about something else. */
  #goodStatus = 0

  constructor(kind: 'HTTP_GET' | 'SSL_GET', get: HttpGet, key: string, times: CheckTimes, known: Known, place: Place | undefined) {
    super(kind, key, times, WORDS[kind], known)
    this.#get = get
    if (place !== undefined) {
      this.#at = place.at
      this.#hasFailed = place.hasFailed
    }
  }

  /** Where it stands. */
  get place(): Place {
    return { at: this.#at, hasFailed: this.#hasFailed }
  }

  protected open(delayUs: number): void {
    this.openPages()
    this.ask(this.#at, delayUs)
  }

  /** Gets ready to ask. */
  protected abstract openPages(): void
  /** Asks for a page once, so long from now; {@link WebCheck.conclude} hears of it. */
  protected abstract ask(page: number, delayUs: number): void

  /**
   * Takes how asking for the page ended that was asked for last, and asks for the next one.
   *
   * @param agoUs since that ended
   */
  protected conclude(outcome: WebOutcome, agoUs: number): void {
    const delayUs = this.#judge(outcome)
    if (this.isRunning) this.ask(this.#at, Math.max(0, delayUs - agoUs))
  }

  /** @returns when the next page is asked for, from now */
  #judge(outcome: WebOutcome): number {
    const { delayLoopUs, delayBeforeRetryUs } = this.times
    if (outcome.type === 'notStarted') {
      this.skip(`${outcome.operation}: ${outcome.code}`)
      this.#goodStatus = 0
      return delayLoopUs
    }
    const url = this.#get.urls[this.#at]
    if (url !== undefined && outcome.http !== undefined) this.#compareLength(url, outcome.http)
    if (outcome.type === 'success') return this.#pass(url, outcome.http)
    this.#goodStatus = 0
    if (this.fail(webFailure(outcome, this.#get.connectTimeoutUs))) return delayBeforeRetryUs
    this.#hasFailed = true
    return Math.max(delayBeforeRetryUs, delayLoopUs)
  }

  #pass(url: HttpUrl | undefined, answer: HttpAnswer | undefined): number {
    const { urls, fastRecovery } = this.#get
    if (answer !== undefined && answer.status !== this.#goodStatus) {
      this.#goodStatus = answer.status
      this.reason = `status ${answer.status}`
    }
    this.forgive()
    if (url !== undefined && !this.isUp) this.#tellGood(url)
    if (this.#hasFailed) {
      this.#hasFailed = false
      this.#at = 0
    } else this.#at += 1
    if (this.#at === urls.length) {
      this.#at = 0
      this.succeed()
      return this.times.delayLoopUs
    }
    return fastRecovery && !(this.hasRun && this.isUp) ? 0 : this.times.delayLoopUs
  }

  #tellGood({ path, digest, regex }: HttpUrl): void {
    const found = ['HTTP status code', ...(digest === undefined ? [] : ['MD5 digest']), ...(regex === undefined ? [] : ['Regex match'])]
    for (const subscriber of this.subscribers) {
      if (subscriber.isUp || subscriber.isSuspended) continue
      for (const what of found) subscriber.note((server) => `${what} success to ${server} url(${path})`)
    }
  }

  /** A wrong length is no failure, but it is told, once for each difference. */
  #compareLength({ path }: HttpUrl, { contentLength, length }: HttpAnswer): void {
    const difference = contentLength === undefined ? 0 : length - contentLength
    if (difference === (this.#toldLengths[this.#at] ?? 0)) return
    this.#toldLengths[this.#at] = difference
    if (contentLength === undefined || difference === 0) return
    const told = `content_length (${contentLength}) does not match received bytes (${length})`
    for (const subscriber of this.subscribers) {
      subscriber.note((server, service) => `http_check for RS ${server} VS ${service} url ${path}: ${told}`)
    }
  }
}

function webFailure(failure: WebFailure, timeoutUs: number): Failure {
  const phrase = phraseOf(failure)
  return { reason: reasonOfPage(failure, timeoutUs), told: (server) => `${phrase} server ${server}.` }
}

/** keepalived's words for what went wrong. */
function phraseOf({ stage, reason }: WebFailure): string {
  const isLate = reason === 'timeout'
  switch (stage) {
    case 'connect':
      return isLate ? 'Timeout connecting' : 'Connection failed'
    case 'handshake':
      return isLate ? 'Timeout connecting' : 'SSL handshake/communication error connecting to'
    case 'status':
      return 'HTTP status code error to'
    case 'digest':
      return 'MD5 digest error to'
    case 'regex':
      return 'Regex match failed'
    case 'send':
    case 'reply':
    case 'header':
    case 'body':
    case 'mismatch': {
      const hasBegun = stage === 'header' || stage === 'body'
      if (isLate) return hasBegun ? 'Timeout HTTP read' : 'Timeout WEB read'
      // Without a whole header there is nothing.
      const isNothing = reason !== 'reset' && (reason === 'noData' || stage === 'header')
      return isNothing ? 'Read, no data received from ' : 'Read error with'
    }
  }
}

function reasonOfPage({ stage, reason, detail }: WebFailure, timeoutUs: number): string {
  if (stage === 'handshake') return reason === 'timeout' ? `no TLS within ${timeoutUs / 1_000_000} s` : `no TLS: ${detail ?? reason}`
  if (stage === 'regex') return reason === 'mismatch' ? 'the content does not fit the pattern' : (detail ?? reason)
  // The judge of answers says it best.
  return detail ?? reasonOf(reason, timeoutUs)
}
