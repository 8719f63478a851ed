import { createServer } from 'node:net'
import type { Server } from 'node:net'
import type { Logger } from 'pino'
import type { ControlHandler } from './answer.ts'
import { Session } from './session.ts'
import type { SessionLimits } from './session.ts'
import { listenAt, removeSocket } from './socket-file.ts'
import type { SocketFile } from './socket-file.ts'
import { controlSocketPlace } from './socket-path.ts'
import type { DaemonPlace } from './socket-path.ts'
import { within } from '../time-limit.ts'

/** Clients at once; another one is sent away. */
const MAX_CLIENTS = 16

const LIMITS: SessionLimits = { requestMs: 10_000, answerMs: 30_000 }

/** What a server works with. */
export interface ControlTools {
  readonly handler: ControlHandler
  readonly log: Logger
  /** What only tests say otherwise. */
  readonly limits?: Partial<SessionLimits>
}

/**
 * The control socket: how operators tell a daemon what to do.
 *
 * Only root and the daemon's own user can reach it (`socket-file.ts`). What clients can cost is bounded: their number, the length of
 * a request, the time to send it, and the time to take its answer.
 */
export class ControlServer {
  readonly #server: Server
  readonly #file: SocketFile
  readonly #sessions: Set<Session>

  private constructor(server: Server, file: SocketFile, sessions: Set<Session>) {
    this.#server = server
    this.#file = file
    this.#sessions = sessions
  }

  /**
   * Opens the socket of the daemon that holds the lock of this place.
   *
   * @throws Error where it cannot be made there, or would not be safe
   */
  static async open(place: DaemonPlace, { handler, log, limits }: ControlTools): Promise<ControlServer> {
    const sessions = new Set<Session>()
    const all = { ...LIMITS, ...limits }
    // A client may end what it says and still wait for the answer.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const session = new Session(socket, handler, all, log)
      sessions.add(session)
      void session.ended.then(() => {
        sessions.delete(session)
      })
    })
    server.maxConnections = MAX_CLIENTS
    const { directory, name } = controlSocketPlace(place)
    try {
      const file = await listenAt(server, directory, name)
      server.on('error', (error) => {
        log.error({ err: error }, 'the control socket failed')
      })
      return new ControlServer(server, file, sessions)
    } catch (error) {
      server.close()
      throw error
    }
  }

  get path(): string {
    return this.#file.path
  }

  /** Clients that are connected. */
  get clients(): number {
    return this.#sessions.size
  }

  /** Takes no more clients and no more requests; what is carried out is given up and answered, within `limitMs`. Never rejects. */
  async close(limitMs: number): Promise<void> {
    this.remove()
    this.#server.close()
    for (const session of this.#sessions) session.stop()
    await within(limitMs, Promise.all([...this.#sessions].map(async ({ ended }) => await ended)))
    for (const session of this.#sessions) session.destroy()
  }

  /** Removes the socket: the process ends at once. */
  remove(): void {
    try {
      removeSocket(this.#file)
    } catch {
      // Its directory is not what it was: there is nothing that would lead to us.
    }
  }
}
