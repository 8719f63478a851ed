import type { SecureContext } from 'node:tls'
import { US_PER_MS } from '../config/forms/numbers.ts'
import type { SslGet, SslUrl } from '../config/model.ts'
import type { CheckTimes, Known } from './check.ts'
import { targetOf } from './connection.ts'
import type { MakeJudge, ProbeOutcome } from './prober.ts'
import type { ProbeUser } from './probes.ts'
import { TlsFetch } from './tls-fetch.ts'
import { WebCheck } from './web-check.ts'
import type { WebTools } from './http-check.ts'
import { webRequest } from './web-request.ts'

/** What SSL_GET needs. */
export interface TlsTools extends WebTools {
  /** With the certificate of the present configuration. */
  readonly context: () => SecureContext
  readonly judge: MakeJudge
}

/** SSL_GET: the probing thread connects, TLS is Node's. */
export class SslCheck extends WebCheck implements ProbeUser {
  readonly #get: SslGet
  readonly #tools: TlsTools
  #id = 0
  #page = 0
  #fetch: TlsFetch | undefined

  constructor(get: SslGet, key: string, times: CheckTimes, known: Known, former: WebCheck | undefined, tools: TlsTools) {
    super('SSL_GET', get, key, times, known, former?.place)
    this.#get = get
    this.#tools = tools
  }

  protected openPages(): void {
    this.#id = this.#tools.probes.add(targetOf(this.#get, { type: 'connect' }), this)
  }

  protected ask(page: number, delayUs: number): void {
    this.#page = page
    this.#tools.probes.run(this.#id, delayUs)
  }

  protected close(): void {
    this.#tools.probes.remove(this.#id)
    this.#fetch?.abort()
    this.#fetch = undefined
  }

  takeOutcome(outcome: ProbeOutcome, _: number, agoUs: number): void {
    const url = this.#get.urls[this.#page]
    if (outcome.type !== 'success' || outcome.fd === undefined || url === undefined) {
      this.conclude(outcome, agoUs)
      return
    }
    this.#fetch = new TlsFetch(outcome.fd, this.#requestOf(url), (answer) => {
      this.#fetch = undefined
      this.conclude(answer, 0)
    })
  }

  #requestOf(url: SslUrl): ConstructorParameters<typeof TlsFetch>[1] {
    const { enableSni, sniName, tlsCompliant, connectTimeoutUs } = this.#get
    return {
      context: this.#tools.context(),
      serverName: sniName ?? (enableSni ? url.virtualhost : undefined),
      isCompliant: tlsCompliant || url.tlsCompliant,
      request: webRequest(this.#get, url),
      judge: this.#tools.judge(this.#tools.expect(url)),
      timeoutMs: Math.max(1, connectTimeoutUs / US_PER_MS),
    }
  }
}
