/** Weights that do not go with an address owner or a sync group (vrrp.md §6, §8). */
import type { VrrpInstanceDraft, VrrpSyncGroupDraft } from '../drafts.ts'
import { shown } from '../diagnostics/printable.ts'
import { DEFAULT_PRIORITY, OWNER } from '../tables/priorities.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { TrackedKind, TrackedLine } from './tracking.ts'

/** Who tracks. */
export interface Owner {
  /** For messages: "instance VI_1", "sync group SG". */
  readonly who: string
  /** The interface that an instance knows about anyhow. */
  readonly own?: string | undefined
  /** Why weights do not count, continuing "is ignored: ". */
  readonly obstacle?: 'group' | 'owner' | 'owner in group' | undefined
}

/** An instance that tracks. */
export function instanceOwner(draft: VrrpInstanceDraft, group: VrrpSyncGroupDraft | undefined): Owner {
  const isBound = group !== undefined && group.syncGroupTrackingWeight !== true
  const obstacle = isBound ? 'group' : isAddressOwner(draft) ? 'owner' : undefined
  return { who: `instance ${shown(draft.name ?? '')}`, own: draft.interface, obstacle }
}

/** A sync group that tracks for its members. */
export function groupOwner(draft: VrrpSyncGroupDraft, members: readonly VrrpInstanceDraft[]): Owner {
  return { who: `sync group ${shown(draft.name ?? '')}`, obstacle: members.some(isAddressOwner) ? 'owner in group' : undefined }
}

function isAddressOwner({ priority, state }: VrrpInstanceDraft): boolean {
  return (priority ?? (state === 'MASTER' ? OWNER : DEFAULT_PRIORITY)) === OWNER
}

/** The line with a weight that may count, or `undefined` when it is left out; either is reported. */
export function withAllowedWeight(
  kind: TrackedKind,
  line: TrackedLine,
  { who, obstacle }: Owner,
  { diagnostics, tokens }: ReadContext,
): TrackedLine | undefined {
  if (obstacle === undefined || line.weight === 0) return line
  // keepalived leaves the weights of processes alone, but for those of a group.
  if (kind === 'process' && obstacle !== 'owner in group') return line
  const isKept = keepsLine(kind, line, obstacle)
  const consequence = isKept ? 'the weight is ignored' : 'the line is ignored'
  const message = `${who} cannot track the ${kind} ${shown(line.name)} with the weight ${line.weight}: ${REASONS[obstacle]}; ${consequence}`
  diagnostics.error('conflicting-setting', tokens.span(line.at), message, obstacle === 'group' ? GROUP_HELP : undefined)
  return isKept ? { ...line, weight: 0 } : undefined
}

const REASONS = {
  group: 'the members of a sync group have one priority each',
  owner: 'the priority of an address owner (255) does not change',
  'owner in group': 'the priority of an address owner (255) in it does not change',
} as const

const GROUP_HELP = 'track it in the sync group, say `weight 0`, or allow weights with `sync_group_tracking_weight`'

/** What a file says by default is a weight of 1, which nobody need have asked for. */
function keepsLine(kind: TrackedKind, { weight }: TrackedLine, obstacle: NonNullable<Owner['obstacle']>): boolean {
  if (obstacle === 'owner in group') return true
  if (kind === 'interface') return obstacle === 'group'
  return kind === 'file' && weight === 1
}
