/** What an instance tracks by itself and with its sync group, as the engine is told (vrrp.md §6). */
import type { Track } from '#native'
import type { VrrpInstance, VrrpSyncGroup } from '../config/model.ts'
import type { TrackedKind, Trackers } from '../track/trackers.ts'

/** The lists of an instance or a sync group. */
export type TrackingLists = Pick<VrrpInstance, 'trackInterface' | 'trackScript' | 'trackFile' | 'trackProcess'>

/** Something that an instance tracks. */
export interface TrackLine {
  readonly kind: Exclude<TrackedKind, 'address'>
  readonly name: string
  readonly weight: number
  readonly reverse: boolean
}

/** Finds the sync group of an instance. */
export function groupsOf(groups: readonly VrrpSyncGroup[]): (instance: string) => VrrpSyncGroup | undefined {
  const byMember = new Map(groups.flatMap((group) => group.group.map((member) => [member, group] as const)))
  return (instance) => byMember.get(instance)
}

/**
 * What an instance tracks, each once.
 *
 * @param implied interfaces that it tracks without saying so; a line that does counts instead
 */
export function lowerTracks(
  instance: TrackingLists,
  group: TrackingLists | undefined,
  { idOf }: Trackers,
  implied: readonly string[] = [],
): Track[] {
  return trackLines(instance, group, implied).flatMap(({ kind, name, weight, reverse }) => {
    const tracker = idOf(kind, name)
    return tracker === undefined ? [] : [{ tracker, weight, reverse }]
  })
}

/**
 * What an instance tracks, each once.
 *
 * What its group tracks, it tracks with the weight of the group, also where it has one of its own; but a failure that is a fault
 * for it stays one.
 */
export function trackLines(
  instance: TrackingLists,
  group: TrackingLists | undefined,
  implied: readonly string[] = [],
): readonly TrackLine[] {
  const others = implied.map((name): TrackLine => ({ kind: 'interface', name, weight: 0, reverse: false }))
  const lines = new Map([...others, ...linesOf(instance)].map((line) => [keyOf(line), line]))
  for (const line of group === undefined ? [] : linesOf(group)) {
    if (lines.get(keyOf(line))?.weight !== 0) lines.set(keyOf(line), line)
  }
  return [...lines.values()]
}

function linesOf({ trackInterface, trackScript, trackFile, trackProcess }: TrackingLists): readonly TrackLine[] {
  return [
    ...trackInterface.map(({ interface: name, ...rest }) => ({ kind: 'interface', name, ...rest }) as const),
    ...trackScript.map((line) => ({ kind: 'script', ...line }) as const),
    ...trackFile.map((line) => ({ kind: 'file', ...line }) as const),
    ...trackProcess.map((line) => ({ kind: 'process', ...line }) as const),
  ]
}

function keyOf({ kind, name }: TrackLine): string {
  return `${kind} ${name}`
}
