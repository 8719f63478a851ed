/** What keepalived says of what instances track: which of it is a fault for whom (process.md, vrrp.md §7). */
import type { Config } from '../config/model.ts'
import type { EngineEvent } from '../engine/events.ts'
import { groupsOf, trackLines } from '../engine/lower-tracks.ts'
import type { TrackLine } from '../engine/lower-tracks.ts'
import type { Sentence } from '../engine/sentences.ts'

type TrackerChange = Extract<EngineEvent, { type: 'trackerChanged' }>

/** What is known of a tracker. */
type Known = Pick<TrackerChange, 'kind' | 'state' | 'number'>

/** The least that a priority can bear of a file; below it is a fault. */
const LEAST_PART = -253
/** What keepalived calls a file that is a fault without a weight. */
const FAULT_STATUS = -254

const info = (text: string): Sentence => ({ level: 'info', text })

/** Follows what is tracked, for the lines of the log. */
export class TrackerSentences {
  #lines: ReadonlyMap<string, readonly TrackLine[]> = new Map()
  readonly #known = new Map<string, Known>()

  /** Instances track what `config` says from now on. */
  configure({ vrrpInstances, vrrpSyncGroups }: Pick<Config, 'vrrpInstances' | 'vrrpSyncGroups'>): void {
    const groupOf = groupsOf(vrrpSyncGroups)
    this.#lines = new Map(vrrpInstances.map((instance) => [instance.name, trackLines(instance, groupOf(instance.name))]))
  }

  /** Takes an event; what is to be said in front of its own sentences. */
  before(event: EngineEvent): readonly Sentence[] {
    if (event.type === 'trackerChanged') return this.#changed(event)
    if (event.type !== 'stateChanged' || event.from !== 'INIT' || event.cause.type !== 'fault') return []
    const lines = this.#lines.get(event.instance) ?? []
    return lines.flatMap((line) => {
      const known = this.#known.get(keyOf(line.kind, line.name))
      return known !== undefined && isFault(line, known) ? [info(reason(event.instance, line, known))] : []
    })
  }

  #changed(event: TrackerChange): readonly Sentence[] {
    const key = keyOf(event.kind, event.tracker)
    const before = this.#known.get(key)
    this.#known.set(key, event)
    // Of the others the sentence is about themselves.
    if (event.initial || event.kind !== 'file') return []
    return [...this.#lines].flatMap(([instance, lines]) => {
      const line = lines.find(({ kind, name }) => kind === 'file' && name === event.tracker)
      if (line === undefined) return []
      const [was, is] = [before !== undefined && isFault(line, before), isFault(line, event)]
      // The colon is keepalived's.
      return was === is ? [] : [info(`(${instance}): tracked file ${event.tracker} ${is ? 'now' : 'leaving'} FAULT state`)]
    })
  }
}

function keyOf(kind: string, name: string): string {
  return `${kind} ${name}`
}

/** Whether what is tracked is a fault for whoever tracks it so, as the engine counts it. */
function isFault(line: TrackLine, known: Known): boolean {
  if (known.number !== undefined) return status(line, known.number) < LEAST_PART
  return line.weight === 0 && known.state === (line.reverse ? 'up' : 'down')
}

/** What the number of a file comes to. */
function status({ weight, reverse }: TrackLine, number: number): number {
  if (weight === 0) return (number === 0) === reverse ? FAULT_STATUS : 0
  return number * weight * (reverse ? -1 : 1)
}

/** Why an instance starts with a fault; the colon is keepalived's where it is one. */
function reason(instance: string, line: TrackLine, { number }: Known): string {
  switch (line.kind) {
    case 'interface':
      return `(${instance}): entering FAULT state (interface ${line.name} ${line.reverse ? 'up' : 'down'})`
    case 'process':
      return `(${instance}) entering FAULT state (tracked process ${line.name} quorum ${line.reverse ? '' : 'not '}achieved)`
    case 'file':
    case 'script':
      return `(${instance}): entering FAULT state (tracked file ${line.name} has status ${status(line, number ?? 0)})`
  }
}
