import type { Daemon } from '../daemon/daemon.ts'
import type { DaemonObserver } from '../daemon/observer.ts'
import type { EngineEvent, VrrpState } from '../engine/events.ts'
import type { NotifySocket } from './notify-socket.ts'

/** At most so often the states are told anew. */
const STATUS_MS = 1_000

const NS_PER_US = 1_000n

/** The states, as a status counts them. */
const TOLD_STATES = ['MASTER', 'BACKUP', 'FAULT'] as const satisfies readonly VrrpState[]

/**
 * Tells a service manager how the daemon does (sd_notify(3)): systemd, or whoever else set `NOTIFY_SOCKET`.
 *
 * Its watchdog is fed only as long as both threads live: JavaScript, which runs this, and the engine, which has to answer each time.
 */
export class ServiceManager {
  readonly #socket: NotifySocket
  readonly #states = new Map<string, VrrpState>()
  #timer: NodeJS.Timeout | undefined
  #watchdog: NodeJS.Timeout | undefined
  #isReady = false
  #isStopping = false
  #isAsking = false

  /** What it has to be told of the daemon. */
  readonly observer: DaemonObserver = {
    reloading: () => {
      this.#reloading()
    },
    reloaded: () => {
      this.#reloaded()
    },
    stopping: () => {
      this.#stopping()
    },
    told: (event) => {
      this.#told(event)
    },
  }

  constructor(socket: NotifySocket) {
    this.#socket = socket
  }

  /** The start is over. @param watchdogMs how long the service manager waits for a sign of life; `undefined`: it does not care */
  started(daemon: Pick<Daemon, 'status'>, watchdogMs: number | undefined): void {
    this.#isReady = true
    if (this.#isStopping) return
    this.#socket.send(['READY', 1], ['MAINPID', process.pid], ['STATUS', this.#status()])
    if (watchdogMs === undefined) return
    this.#watchdog = setInterval(() => {
      this.#feed(daemon)
    }, watchdogMs / 2).unref()
  }

  /** The start, or the daemon later, failed. */
  failed(message: string, exitStatus: number): void {
    this.#end()
    this.#socket.send(['STATUS', message], ['EXIT_STATUS', exitStatus])
  }

  #reloading(): void {
    if (!this.#isReady || this.#isStopping) return
    // hrtime is CLOCK_MONOTONIC, which is what is asked for.
    this.#socket.send(['RELOADING', 1], ['MONOTONIC_USEC', String(process.hrtime.bigint() / NS_PER_US)], ['STATUS', 'Reloading'])
  }

  #reloaded(): void {
    if (!this.#isReady || this.#isStopping) return
    this.#socket.send(['READY', 1], ['MAINPID', process.pid], ['STATUS', this.#status()])
  }

  #stopping(): void {
    if (this.#isStopping) return
    this.#end()
    this.#socket.send(['STOPPING', 1], ['STATUS', 'Stopping'])
  }

  #told(event: EngineEvent): void {
    if (event.type !== 'stateChanged') return
    if (event.to === 'STOP') this.#states.delete(event.instance)
    else this.#states.set(event.instance, event.to)
    if (!this.#isReady || this.#isStopping) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#socket.send(['STATUS', this.#status()])
    }, STATUS_MS).unref()
  }

  #end(): void {
    this.#isStopping = true
    clearTimeout(this.#timer)
    clearInterval(this.#watchdog)
  }

  #feed(daemon: Pick<Daemon, 'status'>): void {
    if (this.#isAsking) return // it has not answered since
    this.#isAsking = true
    daemon.status().then(
      () => {
        this.#isAsking = false
        if (!this.#isStopping) this.#socket.send(['WATCHDOG', 1])
      },
      () => {}, // it has ended, which is told elsewhere
    )
  }

  #status(): string {
    const states = [...this.#states.values()]
    const counts = TOLD_STATES.map((state) => [state, states.filter((present) => present === state).length] as const)
    const told = counts.flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${state}`]))
    return `${states.length} virtual router${states.length === 1 ? '' : 's'}${told.length === 0 ? '' : `: ${told.join(', ')}`}`
  }
}
