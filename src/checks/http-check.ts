import type { HttpGet, HttpUrl } from '../config/model.ts'
import type { CheckTimes, Known } from './check.ts'
import { targetOf } from './connection.ts'
import type { HttpExpectation, ProbeOutcome } from './prober.ts'
import type { Probes, ProbeUser } from './probes.ts'
import { WebCheck } from './web-check.ts'
import { webRequest } from './web-request.ts'

/** What HTTP_GET needs. */
export interface WebTools {
  readonly probes: Probes
  /** What the answer to a request is to be. */
  readonly expect: (url: HttpUrl) => HttpExpectation
}

/** HTTP_GET: the probing thread asks for the pages. */
export class HttpCheck extends WebCheck implements ProbeUser {
  readonly #get: HttpGet
  readonly #tools: WebTools
  /** One for each page. */
  #ids: readonly number[] = []
  #asked = 0

  constructor(get: HttpGet, key: string, times: CheckTimes, known: Known, former: WebCheck | undefined, tools: WebTools) {
    super('HTTP_GET', get, key, times, known, former?.place)
    this.#get = get
    this.#tools = tools
  }

  protected openPages(): void {
    const targets = this.#get.urls.map((url) => {
      const request = webRequest(this.#get, url)
      return targetOf(this.#get, { type: 'http', request, expect: this.#tools.expect(url) })
    })
    this.#ids = targets.map((target) => this.#tools.probes.add(target, this))
  }

  protected ask(page: number, delayUs: number): void {
    this.#asked = this.#ids[page] ?? 0
    this.#tools.probes.run(this.#asked, delayUs)
  }

  protected close(): void {
    for (const id of this.#ids) this.#tools.probes.remove(id)
  }

  takeOutcome(outcome: ProbeOutcome, id: number, agoUs: number): void {
    if (id === this.#asked) this.conclude(outcome, agoUs)
  }
}
