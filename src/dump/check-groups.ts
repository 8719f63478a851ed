/** Groups of virtual servers, as keepalived's dump of its checkers has them. */
import type { VirtualServer, VirtualServerGroup, VirtualServerGroupMember } from '../config/model.ts'
import { familyOf } from '../config/forms/addresses.ts'
import { servedByGroup } from '../lvs/group-members.ts'
import type { DumpedService } from './check-servers.ts'

/** Each group with how many real servers each of its members has by now. */
export function* groupTexts(groups: readonly VirtualServerGroup[], services: readonly DumpedService[]): Generator<string, void, void> {
  if (groups.length === 0) return
  yield ' ------< Virtual server group >------\n'
  for (const group of groups) {
    const users = services.filter(({ config }) => config.group === group.name)
    const families = new Set(group.members.map((member) => familyOfMember(member, users)))
    yield ` Virtual Server Group = ${group.name}, IPv4 = ${yesNo(families.has('inet'))}, IPv6 = ${yesNo(families.has('inet6'))}\n`
    for (const member of group.members) if (member.fwmark === undefined) yield addressText(member, users)
    for (const member of group.members) if (member.fwmark !== undefined) yield markText(member, users)
  }
}

function addressText(member: VirtualServerGroupMember, users: readonly DumpedService[]): string {
  const { address = '', rangeEnd, prefixLength, port } = member
  const isRange = rangeEnd !== undefined || prefixLength !== undefined
  const last = rangeEnd ?? lastOf(member)
  const alive = (protocol: VirtualServer['protocol']): number => aliveIn(users.filter(({ config }) => config.protocol === protocol))
  const words = isRange ? `VIP Range = ${address}-${last}` : `VIP = ${address}`
  return `   ${words}, VPORT = ${port}\n     Alive: ${alive('TCP')} tcp, ${alive('UDP')} udp, ${alive('SCTP')} sctp\n`
}

function markText(member: VirtualServerGroupMember, users: readonly DumpedService[]): string {
  const { fwmark, family } = member
  const alive = aliveIn(users)
  const counts = familyOfMember(member, users) === 'inet6' ? `0 IPv4, ${alive} IPv6` : `${alive} IPv4, 0 IPv6`
  const word = family === undefined ? '' : family === 'inet6' ? ' IPv6' : ' IPv4'
  return `   FWMARK = ${fwmark}${word}\n     Alive: ${counts}\n`
}

/** The last address of a prefix. */
function lastOf(member: VirtualServerGroupMember): string {
  const last = servedByGroup({ name: '', members: [member] }, () => {}).at(-1)
  return last !== undefined && 'address' in last ? last.address : ''
}

function familyOfMember({ address, family }: VirtualServerGroupMember, [user]: readonly DumpedService[]): 'inet' | 'inet6' {
  if (address === undefined) return family ?? user?.config.ipFamily ?? 'inet'
  return familyOf(address) === 6 ? 'inet6' : 'inet'
}

/** Real servers in the kernel. */
function aliveIn(services: readonly DumpedService[]): number {
  return services.reduce((sum, { servers }) => sum + servers.filter(({ status }) => status?.weightInKernel !== undefined).length, 0)
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
