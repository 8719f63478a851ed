/** What tracking lines can name. */
import type { ConfigDraft, VrrpSyncGroupDraft } from '../drafts.ts'
import type { Config } from '../model.ts'

/** A definition that lines can name. */
export interface Tracker {
  /** Where it starts: lines in front of it do not know it. */
  readonly at: number
  readonly weight: number
  readonly reverse: boolean
  /** It lacks what it cannot be without, which is reported. */
  readonly isUnusable?: true
}

/** All that tracking lines refer to, each by name. */
export interface Trackables {
  readonly scripts: ReadonlyMap<string, Tracker>
  readonly files: ReadonlyMap<string, Tracker>
  readonly processes: ReadonlyMap<string, Tracker>
  readonly sessions: ReadonlyMap<string, Tracker>
  /** The sync group of each instance that is in one. */
  readonly groups: ReadonlyMap<string, VrrpSyncGroupDraft>
  /** The scripts that lines name, whether these lines count or not. */
  readonly namedScripts: Set<string>
  /** Interfaces may be missing. */
  readonly isInterfaceOptional: boolean
}

/** The parts of `Config` that define what can be tracked. */
export type Definitions = Pick<Config, 'vrrpScripts' | 'vrrpTrackProcesses' | 'trackFiles' | 'bfdInstances'>

/** Lists what can be tracked. */
export function trackables(draft: ConfigDraft, defined: Definitions, rest: Pick<Trackables, 'groups' | 'isInterfaceOptional'>): Trackables {
  // A session for checkers alone is none for VRRP.
  const sessions = defined.bfdInstances.filter(({ vrrp }) => vrrp)
  return {
    scripts: byName(defined.vrrpScripts, draft.vrrpScripts),
    files: byName(defined.trackFiles, draft.trackFiles),
    processes: byName(defined.vrrpTrackProcesses, draft.vrrpTrackProcesses),
    sessions: byName(sessions, draft.bfdInstances),
    namedScripts: new Set(),
    ...rest,
  }
}

function byName(
  defined: readonly { readonly name: string; readonly weight: number; readonly reverse: boolean }[],
  drafts: readonly { readonly at: number; name?: string }[] = [],
): ReadonlyMap<string, Tracker> {
  const places = new Map<string, number>()
  for (const { name = '', at } of drafts) if (!places.has(name)) places.set(name, at)
  const unusable = { weight: 0, reverse: false, isUnusable: true } as const
  return new Map<string, Tracker>([
    ...[...places].map(([name, at]) => [name, { at, ...unusable }] as const),
    ...defined.map(({ name, weight, reverse }) => [name, { at: places.get(name) ?? 0, weight, reverse }] as const),
  ])
}
