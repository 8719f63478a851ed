import { performance } from 'node:perf_hooks'
import type { Logger } from 'pino'
import type { Config, VrrpInstance } from '../config/model.ts'
import type { EngineEvent } from '../engine/events.ts'
import { sentences } from '../engine/sentences.ts'
import type { Sentence } from '../engine/sentences.ts'
import { componentLog } from './components.ts'
import { GroupSentences } from './group-sentences.ts'
import { RateLimit } from './rate-limit.ts'
import { TrackerSentences } from './tracker-sentences.ts'

/** How often it is told what was left out. */
const REPORT_MS = 10_000

/** What is looked up about the subjects of events. */
export type LoggedConfig = Pick<Config, 'vrrpInstances' | 'vrrpSyncGroups'>

/** What a kind of line said last, and of whom. */
interface Last {
  readonly instance: string
  readonly sentence: Sentence
}

/**
 * What the engine tells, as lines of the log.
 *
 * Lines about packets, and about errors that repeat, are bounded for each instance and kind; how many were left out is said at least
 * every ten seconds. A change of a state is always told.
 */
export class EventLog {
  readonly #log: Logger
  readonly #limit = new RateLimit()
  readonly #last = new Map<string, Last>()
  readonly #groups = new GroupSentences()
  readonly #trackers = new TrackerSentences()
  /** The instances whose events may come, by name. */
  #instances: ReadonlyMap<string, VrrpInstance> = new Map()
  #timer: NodeJS.Timeout | undefined

  constructor(log: Logger) {
    this.#log = componentLog(log, 'vrrp')
  }

  /** Instances of a configuration may tell something from now on, and those before them still. */
  configure(config: LoggedConfig): void {
    this.#instances = new Map([...this.#instances, ...byName(config)])
    this.#groups.configure(config)
    this.#trackers.configure(config)
  }

  /** Only those of this configuration tell anything. */
  retain(config: LoggedConfig): void {
    this.#instances = byName(config)
    this.#groups.retain(config)
  }

  /**
   * Logs an event.
   *
   * @param keepsAddresses the daemon stops, and leaves addresses where they are
   */
  tell(event: EngineEvent, keepsAddresses: boolean = false): void {
    const lines = this.#linesOf(event, this.#log.isLevelEnabled('debug') && !keepsAddresses)
    const kind = kindOf(event)
    if (kind !== undefined && !this.#limit.admits(kind, performance.now())) {
      const sentence = lines.at(-1)
      if (sentence !== undefined) this.#last.set(kind, { instance: 'instance' in event ? event.instance : '', sentence })
      this.#timer ??= setTimeout(() => {
        this.tellLeftOut()
      }, REPORT_MS).unref()
      return
    }
    for (const { level, text } of lines) this.#log[level](event, text)
  }

  #linesOf(event: EngineEvent, detailed: boolean): readonly Sentence[] {
    const described = 'instance' in event ? this.#instances.get(event.instance) : undefined
    const lines = [...this.#trackers.before(event), ...sentences(event, described, detailed)]
    if (event.type === 'groupStateChanged') this.#groups.arrived(event)
    if (event.type !== 'stateChanged') return lines
    const entered = lines.findIndex(({ text }) => text === `(${event.instance}) entering FAULT state`)
    return [...lines.slice(0, entered), ...this.#groups.before(event), ...lines.slice(entered), ...this.#groups.after(event)]
  }

  /** Says what was left out; at the end too. */
  tellLeftOut(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [kind, count] of this.#limit.takeLeftOut(performance.now())) {
      const last = this.#last.get(kind)
      if (last === undefined) continue
      const { level, text } = last.sentence
      this.#log[level]({ instance: last.instance, leftOut: count, atMs: Date.now() }, `${text} [and ${count - 1} more lines like this]`)
    }
    this.#last.clear()
  }
}

/** Under which name an event counts; nothing where each is told. */
function kindOf(event: EngineEvent): string | undefined {
  switch (event.type) {
    case 'notice': {
      const { type } = event.notice
      if (isChange(type)) return undefined
      const reason = event.notice.type === 'advertisementRejected' ? event.notice.rejection.reason : ''
      return [event.instance, type, reason].join(' ')
    }
    case 'addressRefused':
    case 'addressLost':
    case 'objectRefused':
    case 'objectLost':
    case 'sendFailed':
      return `${event.instance} ${event.type}`
    case 'addressDuplicate':
      return `${event.address} ${event.type}`
    // Of each interface: who sends them may use many.
    case 'unknownVrid':
      return `${event.interface} ${event.type}`
    case 'trackerProblem':
      return `${event.tracker} ${event.type}`
    case 'trackerChanged':
    case 'stateChanged':
    case 'groupStateChanged':
    case 'signal':
    case 'linkChanged':
    case 'trackerStale':
    case 'trackerFresh':
    // Whoever asks for these wants each.
    case 'addressChanged':
    case 'raised':
    case 'demoted':
    case 'dropped':
      return undefined
  }
}

function isChange(type: Extract<EngineEvent, { type: 'notice' }>['notice']['type']): boolean {
  return (
    type === 'effectivePriorityChanged' || type === 'priorityZeroSent' || type === 'preemptDelayStarted' || type === 'preemptDelayStopped'
  )
}

function byName({ vrrpInstances }: LoggedConfig): Map<string, VrrpInstance> {
  return new Map(vrrpInstances.map((instance) => [instance.name, instance]))
}
