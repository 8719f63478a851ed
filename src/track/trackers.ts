import type { TrackerConfig } from '#native'

/** What instances can track, as the engine is told. */
export interface Trackers {
  readonly configs: readonly TrackerConfig[]
  /** The number of what is called so; `undefined` where that is not tracked. */
  readonly idOf: (name: string) => number | undefined
}

/** Nothing to track. */
export const NO_TRACKERS: Trackers = { configs: [], idOf: () => undefined }
