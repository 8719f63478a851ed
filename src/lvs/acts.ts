import type { Clock } from './clock.ts'
import { CollectedTurn } from './collected-turn.ts'
import type { Held } from './held.ts'
import type { IpvsChange, IpvsTable } from './ipvs-table.ts'
import type { LvsObserver } from './lvs-observer.ts'
import type { Turn } from './turn.ts'

/** Something that happens. */
export type Act = (turn: Turn) => void

/** What happens one by one, each with its consequences: lines of the log, changes in the kernel, and what is told once these are made. */
export class Acts {
  readonly #ipvs: Pick<IpvsTable, 'change'>
  readonly #observer: LvsObserver
  readonly #held: Held
  readonly #clock: Clock
  /** Number of the last changes that the kernel's thread got. */
  #number = 0
  /** What happens while a configuration is applied, in order: it counts for whatever is in effect afterwards. */
  #deferred: Act[] | undefined
  #isOver = false

  constructor(ipvs: Pick<IpvsTable, 'change'>, observer: LvsObserver, held: Held, clock: Clock) {
    this.#ipvs = ipvs
    this.#observer = observer
    this.#held = held
    this.#clock = clock
  }

  /** Does something in effect, and has the kernel and everybody else follow. Nothing is done any more after {@link end}. */
  act(act: Act): void {
    if (this.#isOver) return
    if (this.#deferred !== undefined) {
      this.#deferred.push(act)
      return
    }
    const turn = new CollectedTurn(this.#clock.now(), true)
    act(turn)
    const changes = turn.batch?.take() ?? []
    turn.log(this.#observer)
    if (changes.length > 0) this.#send(changes)
    this.tell(turn)
  }

  /** Whoever tells what happened does not have to know that the kernel's thread is gone. */
  #send(changes: IpvsChange[]): void {
    try {
      this.#number = this.#ipvs.change(changes)
    } catch (error) {
      this.#observer.log('error', `IPVS is not changed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** What happens from now on waits for {@link resume}. */
  defer(): void {
    this.#deferred = []
  }

  /** Does what waits. */
  resume(): void {
    const deferred = this.#deferred ?? []
    this.#deferred = undefined
    for (const act of deferred) this.act(act)
  }

  /** Has the changes and events of a turn told behind all that is asked of the kernel so far. */
  tell(turn: CollectedTurn): void {
    turn.hold(this.#held, this.#number)
  }

  /** Nothing happens any more. */
  end(): void {
    this.#isOver = true
  }
}
