import type { GroupStatus, InstanceDetails } from '#native'
import type { VrrpSyncGroup } from '../config/model.ts'
import { notifyLines, trackedLines } from './data-instance.ts'
import type { DumpState } from './state.ts'

/** Sync groups with their states and members, in pieces. */
export function* groupPieces({ config, groups, instances }: DumpState): Generator<string, void, void> {
  if (config.vrrpSyncGroups.length === 0) return
  yield '------< VRRP Sync groups >------\n'
  const details = new Map(instances.map((instance) => [instance.config.name, instance.details]))
  const states = new Map(groups.map((group) => [group.name, group]))
  for (const group of config.vrrpSyncGroups) {
    const members = group.group.flatMap((member) => details.get(member) ?? [])
    yield groupText(group, states.get(group.name), members)
  }
}

/** As keepalived has it: the notifications without what only instances have. */
function groupText(group: VrrpSyncGroup, status: GroupStatus | undefined, members: readonly InstanceDetails[]): string {
  const faulty = members.filter(isFaulty).length
  const awaiting = members.filter(({ status: { trackersAwaited } }) => trackersAwaited > 0).length
  const lines = [
    `Num member fault ${faulty}, num member init ${awaiting}`,
    'VRRP member instances :',
    ...group.group.map((member) => `  ${member}`),
    ...(group.syncGroupTrackingWeight ? ['sync group tracking weight set'] : []),
    `Using smtp notification = ${group.smtpAlert ? 'yes' : 'no'}`,
    ...(group.notifyPriorityChanges ? ['Notify priority changes = yes'] : []),
    // The singular is keepalived's.
    ...trackedLines(group).map((line) => line.replace('Tracked processes :', 'Tracked process :')),
    ...notifyLines(group),
  ]
  return ` VRRP Sync Group = ${group.name}, ${status?.state ?? 'INIT'}\n${lines.map((line) => `   ${line}\n`).join('')}`
}

/** Whether a member lacks something itself, and does not only follow one that does. */
function isFaulty({ status, linkDown, noSource }: InstanceDetails): boolean {
  return status.trackerFaults > 0 || linkDown || noSource
}
