import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import type { LvsEvent } from '../lvs/lvs-event.ts'
import { ControlServer } from './control-server.ts'
import { LvsRequests } from './lvs-requests.ts'
import type { LvsControl } from './lvs-requests.ts'
import type { DaemonPlace } from './socket-path.ts'

/**
 * How operators reach a daemon: there is a control socket from the first configuration with virtual servers on, until the daemon stops.
 *
 * Without it everything else goes on; it is tried again at each reload.
 */
export class Control {
  readonly #place: DaemonPlace
  readonly #requests: LvsRequests
  readonly #log: Logger
  #server: ControlServer | undefined
  #isClosed = false

  /** @param place where the daemon holds the lock */
  constructor(place: DaemonPlace, lvs: LvsControl, log: Logger) {
    this.#place = place
    this.#requests = new LvsRequests(lvs)
    this.#log = log
  }

  /** A configuration has been applied. Never rejects. */
  async configure({ virtualServers }: Pick<Config, 'virtualServers'>): Promise<void> {
    if (this.#server !== undefined || this.#isClosed || virtualServers.length === 0) return
    try {
      const server = await ControlServer.open(this.#place, { handler: this.#requests, log: this.#log })
      // A stop may have come meanwhile.
      if (this.#isClosed) await server.close(0)
      else this.#server = server
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.error({ err: error }, `operators cannot reach the daemon, there is no control socket: ${reason}`)
    }
  }

  /** Hears what happens to virtual servers. */
  told(event: LvsEvent): void {
    this.#requests.told(event)
  }

  /** Takes no more requests; what is carried out is given up and answered, within `limitMs`. Never rejects. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true
    await this.#server?.close(limitMs)
    this.#server = undefined
  }

  /** Removes the socket: the process ends at once. */
  remove(): void {
    this.#server?.remove()
  }
}
