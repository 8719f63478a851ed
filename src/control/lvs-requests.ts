import { isIPv6 } from 'node:net'
import { nearest } from '../config/diagnostics/spelling.ts'
import { KaError } from '../errors.ts'
import type { Lvs } from '../lvs/lvs.ts'
import type { LvsEvent } from '../lvs/lvs-event.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import type { LvsTarget } from '../lvs/targets.ts'
import { Refusal } from './answer.ts'
import type { ControlHandler } from './answer.ts'
import { readLvsRequest } from './lvs-request.ts'
import type { LvsRequest } from './lvs-request.ts'

/** The virtual servers that operators speak of. */
export type LvsControl = Pick<Lvs, 'status' | 'targets' | 'drain' | 'maintain' | 'weigh'>

/** A drain that goes on, as its client is told. */
export interface DrainProgress {
  readonly service: string
  readonly server: string
  /** Connections that are left. */
  readonly active: number
  /** Until its time is over. */
  readonly remainingMs: number
}

/** At most so many names are suggested. */
const MAX_SUGGESTIONS = 5

/** Carries out what operators ask of virtual servers. */
export class LvsRequests implements ControlHandler {
  readonly #lvs: LvsControl
  /** Who follows a drain. */
  readonly #watchers = new Set<(event: LvsEvent) => void>()

  constructor(lvs: LvsControl) {
    this.#lvs = lvs
  }

  /** Hears what happens to virtual servers: who waits for a drain is told how far it is. */
  told(event: LvsEvent): void {
    for (const watch of this.#watchers) watch(event)
  }

  async handle(request: unknown, progress: (value: unknown) => void, gone: AbortSignal): Promise<unknown> {
    const read = readLvsRequest(request)
    try {
      return await this.#carryOut(read, progress, gone)
    } catch (error) {
      if (!(error instanceof KaError)) throw error
      if (error.code === 'KA_ERR_STOPPED') throw new Refusal('stopping', 'the daemon stops')
      if (error.code === 'KA_ERR_USAGE' && 'server' in read) throw await this.#refusalOf(error, read)
      throw error
    }
  }

  async #carryOut(request: LvsRequest, progress: (value: unknown) => void, gone: AbortSignal): Promise<unknown> {
    switch (request.command) {
      case 'lvs':
        return await this.#lvs.status()
      case 'maintenance':
        return this.#lvs.maintain(targetOf(request), request.on)
      case 'weight':
        return this.#lvs.weigh(targetOf(request), request.weight)
      case 'drain':
        return await this.#drain(targetOf(request), request.limitMs, progress, gone)
    }
  }

  /** A drain goes on when nobody waits for it any more. */
  async #drain(target: LvsTarget, limitMs: number, progress: (value: DrainProgress) => void, gone: AbortSignal): Promise<unknown> {
    const names = new Set(this.#lvs.targets(target).map(({ service, server }) => `${service} ${server}`))
    const watch = (event: LvsEvent): void => {
      if (event.type !== 'draining' || !names.has(`${event.service} ${event.server}`)) return
      const { service, server, active, remainingMs } = event
      progress({ service, server, active, remainingMs })
    }
    this.#watchers.add(watch)
    try {
      return await unlessGone(this.#lvs.drain(target, limitMs), gone)
    } finally {
      this.#watchers.delete(watch)
    }
  }

  async #refusalOf(error: KaError, target: LvsTarget): Promise<Refusal> {
    const suggestions = suggestionsFor(target, await this.#lvs.status())
    return new Refusal('unknownServer', error.message, suggestions)
  }
}

function targetOf({ server, service }: LvsTarget): LvsTarget {
  return service === undefined ? { server } : { server, service }
}

/** What a promise gives, unless it is too late for anybody to hear it. */
async function unlessGone<T>(promise: Promise<T>, gone: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const give = (): void => {
      reject(new Refusal('stopping', 'nobody waits any more: the drain goes on, unless the daemon stops'))
    }
    if (gone.aborted) give()
    gone.addEventListener('abort', give)
    promise.then(resolve, reject).finally(() => {
      gone.removeEventListener('abort', give)
    })
  })
}

/** Virtual servers and real servers that may have been meant, as they can be written. */
function suggestionsFor({ server, service }: LvsTarget, { services }: LvsStatus): readonly string[] {
  const known = service === undefined ? services : services.filter((one) => namesOf(one.service).includes(service.toLowerCase()))
  if (known.length === 0 && service !== undefined) return near(service, services.flatMap((one) => namesOf(one.service).slice(0, 1))) // prettier-ignore
  return near(server, [...new Set(known.flatMap(({ servers }) => servers.map(({ address, port }) => placeText(address, port))))])
}

/** Those with the same address, then those with the nearest spelling; all, where there are few. */
function near(word: string, names: readonly string[]): readonly string[] {
  const host = hostOf(word)
  // Whoever wrote no port is told apart by the address.
  const compared = new Map(names.map((name) => [name, host === word ? hostOf(name) : name]))
  const spelt = nearest(word, compared.values())
  const found = names.filter((name) => hostOf(name) === host || compared.get(name) === spelt)
  const chosen = found.length === 0 && names.length <= MAX_SUGGESTIONS ? names : found
  return chosen.slice(0, MAX_SUGGESTIONS)
}

function hostOf(place: string): string {
  return /^(?:\[[^\]]*\]|[^:]+)(?=:\d+$)/.exec(place)?.[0] ?? place
}

function placeText(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`
}

/** A virtual server by its short name, `10.0.1.1:80` where it has one, and by that of messages. */
function namesOf(service: string): readonly string[] {
  const { address, port } = /^\[(?<address>[^\]]+)\]:\w+:(?<port>\d+)$/.exec(service)?.groups ?? {}
  const whole = service.toLowerCase()
  return address === undefined || port === undefined ? [whole] : [placeText(address, Number(port)), whole]
}
