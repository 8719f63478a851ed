import type { TrackerConfig } from '#native'

/** What can be tracked. */
export type TrackedKind = 'script' | 'interface' | 'address' | 'file' | 'process'

/** What instances can track, as the engine is told. */
export interface Trackers {
  readonly configs: readonly TrackerConfig[]
  /** The number of what is called so; `undefined` where that is not tracked. */
  readonly idOf: (kind: TrackedKind, name: string) => number | undefined
}

/** Nothing to track. */
export const NO_TRACKERS: Trackers = { configs: [], idOf: () => undefined }

/** Numbers of trackers, of which none is given twice: a result that comes late must not be taken for one of another tracker. */
export class TrackerNumbers {
  #next = 1

  /** The next one. */
  take(): number {
    this.#next += 1
    return this.#next - 1
  }
}
