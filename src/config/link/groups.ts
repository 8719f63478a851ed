/** Sync groups and track groups: their members (errors.md §4, vrrp.md §6). */
import type { ConfigDraft, TrackGroupDraft, VrrpInstanceDraft, VrrpSyncGroupDraft } from '../drafts.ts'
import { TRACK_GROUP } from '../keywords/track-group.ts'
import { VRRP_SYNC_GROUP } from '../keywords/vrrp-sync-group.ts'
import type { Config, GlobalDefs, TrackGroup, VrrpSyncGroup } from '../model.ts'
import { blockSpan, listedSpan, settingSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import { linkNotify } from './notify.ts'
import type { LinkContext } from './scripts.ts'
import type { Trackables } from './trackables.ts'
import { linkTracking } from './tracking.ts'
import type { TrackingLists } from './tracking.ts'
import { groupOwner } from './weights.ts'

/** Which instances are in which sync group. */
export interface Membership {
  /** The members of each group that has any. */
  readonly members: ReadonlyMap<VrrpSyncGroupDraft, readonly VrrpInstanceDraft[]>
  /** The group of each instance that is in one. */
  readonly groups: ReadonlyMap<string, VrrpSyncGroupDraft>
}

/** Finds out who is in which group; what is wrong about it is reported. */
export function linkMembers({ vrrpSyncGroups = [], vrrpInstances = [] }: ConfigDraft, context: ReadContext): Membership {
  const { diagnostics } = context
  const instances = new Map(vrrpInstances.map((instance) => [instance.name ?? '', instance]))
  const members = new Map<VrrpSyncGroupDraft, readonly VrrpInstanceDraft[]>()
  const groups = new Map<string, VrrpSyncGroupDraft>()
  for (const group of vrrpSyncGroups) {
    const found = (group.group ?? []).flatMap((name) => findMember(name, group, instances, groups, context))
    const who = `sync group ${shown(group.name ?? '')}`
    if (group.group?.length === 0) diagnostics.warning('empty-block', settingSpan(group, 'group', context), `${who} lists no instance`)
    if (found.length > 0) members.set(group, found)
    else diagnostics.error('incomplete-block', blockSpan(group, context), `${who} has no instance; it is ignored`)
    if (found.length === 1) diagnostics.warning('group-of-one', blockSpan(group, context), `${who} has one instance only`)
  }
  return { members, groups }
}

function findMember(
  name: string,
  group: VrrpSyncGroupDraft,
  instances: ReadonlyMap<string, VrrpInstanceDraft>,
  groups: Map<string, VrrpSyncGroupDraft>,
  context: ReadContext,
): readonly VrrpInstanceDraft[] {
  const { diagnostics } = context
  const instance = instances.get(name)
  const who = `sync group ${shown(group.name ?? '')}`
  if (instance === undefined) {
    const message = `${who} lists the instance ${shown(name)}, which is not defined; it is ignored`
    diagnostics.error('undefined-name', () => listedSpan(group, ['group'], name, context), message)
    return []
  }
  const other = groups.get(name)
  if (other === undefined) {
    groups.set(name, group)
    return [instance]
  }
  const message =
    other === group
      ? `${who} lists the instance ${shown(name)} twice`
      : `instance ${shown(name)} is in sync group ${shown(other.name ?? '')} already; ${who} does without it`
  diagnostics.error('duplicate-setting', () => listedSpan(group, ['group'], name, context), message)
  return []
}

/** The groups that have members. */
export function linkGroups(
  { vrrpSyncGroups = [], trackGroups = [] }: ConfigDraft,
  { members }: Membership,
  globals: GlobalDefs,
  known: Trackables,
  context: LinkContext,
): Pick<Config, 'vrrpSyncGroups' | 'trackGroups'> {
  return {
    vrrpSyncGroups: vrrpSyncGroups.flatMap((group) => linkSyncGroup(group, members.get(group), globals, known, context)),
    trackGroups: trackGroups.flatMap((group) => linkTrackGroup(group, context)),
  }
}

/** keepalived complains of an empty list, and says nothing where there is none. */
function linkTrackGroup(draft: TrackGroupDraft, { diagnostics, tokens }: ReadContext): readonly TrackGroup[] {
  if (draft.group !== undefined && draft.group.length > 0) return [complete<TrackGroup>(TRACK_GROUP, draft)]
  const message = `track group ${shown(draft.name ?? '')} lists no instance; it is ignored`
  if (draft.group === undefined) diagnostics.warning('unused-block', blockSpan(draft, { tokens }), message)
  else diagnostics.warning('empty-block', settingSpan(draft, 'group', { tokens }), message)
  return []
}

function linkSyncGroup(
  draft: VrrpSyncGroupDraft,
  members: readonly VrrpInstanceDraft[] | undefined,
  globals: GlobalDefs,
  known: Trackables,
  context: LinkContext,
): readonly VrrpSyncGroup[] {
  if (members === undefined) return []
  const lists = linkTracking(draft, groupOwner(draft, members), known, context)
  reportShared(draft, members, lists, context)
  const given = { group: members.map(({ name = '' }) => name), ...lists, ...linkNotify(draft, context) }
  const inherited = { smtpAlert: globals.smtpAlertVrrp, notifyPriorityChanges: globals.vrrpNotifyPriorityChanges }
  return [complete<VrrpSyncGroup>(VRRP_SYNC_GROUP, draft, given, inherited)]
}

/** An interface that a group and one of its members both look at. */
function reportShared(draft: VrrpSyncGroupDraft, members: readonly VrrpInstanceDraft[], lists: TrackingLists, context: ReadContext): void {
  for (const { interface: device } of lists.trackInterface) {
    for (const member of members) {
      if (member.interface !== device && member.trackInterface?.every((line) => line.interface !== device) !== false) continue
      const message = `sync group ${shown(draft.name ?? '')} tracks interface ${shown(device)}, as instance ${shown(member.name ?? '')} does itself`
      const help = 'take one of the two away'
      context.diagnostics.error('conflicting-setting', () => listedSpan(draft, ['track_interface'], device, context), message, help)
    }
  }
}
