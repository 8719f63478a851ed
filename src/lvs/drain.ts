import type { Clock } from './clock.ts'
import type { IpvsTable } from './ipvs-table.ts'
import type { DrainOutcome, LvsEventKind } from './lvs-event.ts'
import type { Target } from './targets.ts'

/** How often connections are counted. */
const PERIOD_MS = 1_000

/** What became of a drain. */
export interface DrainResult {
  /** The virtual server. */
  readonly service: string
  readonly server: string
  readonly outcome: DrainOutcome
  /** Connections that were left; absent: the kernel did not say. */
  readonly active: number | undefined
}

/** What drains are made with. */
export interface DrainTools {
  readonly ipvs: Pick<IpvsTable, 'connections'>
  readonly clock: Clock
  readonly tell: (event: LvsEventKind) => void
  /** The server in the configuration in effect, if it is still there. */
  readonly find: (target: Target) => Target | undefined
}

/** The wait until a server has no connection any more. */
export class Drain {
  readonly result: Promise<DrainResult>
  /** Of the server, for status. */
  readonly deadlineMs: number
  readonly #target: Target
  readonly #tools: DrainTools
  #active: number | undefined
  #settle!: (result: DrainResult) => void
  #isOver = false
  #forget = (): void => {}

  constructor(target: Target, limitMs: number, tools: DrainTools) {
    this.#target = target
    this.#tools = tools
    this.deadlineMs = tools.clock.now() + limitMs
    this.result = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Begins to count. */
  start(): void {
    void this.#count()
  }

  /** Somebody wants something else of the server, or it is gone. */
  cancel(): void {
    this.#end('cancelled')
  }

  async #count(): Promise<void> {
    const target = this.#tools.find(this.#target)
    if (target === undefined) {
      this.cancel()
      return
    }
    this.#active = await this.#activeOf(target)
    if (this.#isOver) return
    const remainingMs = Math.max(0, this.deadlineMs - this.#tools.clock.now())
    if (this.#active === 0) this.#end('empty')
    else if (remainingMs === 0) this.#end('limit')
    else {
      const { name: service } = target.virtualServer
      if (this.#active !== undefined) {
        this.#tools.tell({ type: 'draining', service, server: target.server.server, active: this.#active, remainingMs })
      }
      this.#forget = this.#tools.clock.after(Math.min(PERIOD_MS, remainingMs), () => {
        void this.#count()
      })
    }
  }

  /** What the kernel counts now, or what it counted last where it does not answer. */
  async #activeOf({ virtualServer, server }: Target): Promise<number | undefined> {
    try {
      const counts = virtualServer.placesOf(server.config).map(async ({ service, place }) => {
        const connections = await this.#tools.ipvs.connections(service.id)
        return connections.find(({ address, port }) => address === place.address && port === place.port)?.active ?? 0
      })
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    } catch {
      return this.#active
    }
  }

  #end(outcome: DrainOutcome): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#forget()
    const { virtualServer, server } = this.#target
    const result = { service: virtualServer.name, server: server.server, outcome, active: this.#active }
    this.#tools.tell({ type: 'drained', ...result, active: this.#active ?? 0 })
    this.#settle(result)
  }
}
