/** `virtual_server_group`: which members groups have, and what their virtual servers need to know of them. */
import type { VirtualServerGroupDraft, VirtualServerGroupMemberDraft } from '../drafts.ts'
import { familyOf } from '../forms/addresses.ts'
import type { VirtualServerGroup, VirtualServerGroupMember } from '../model.ts'
import { blockSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'

/** The groups that virtual servers can name. */
export interface LinkedGroups {
  readonly groups: readonly VirtualServerGroup[]
  readonly byName: ReadonlyMap<string, VirtualServerGroup>
}

/** Groups without members, and with members that do not go together, are dropped; of two of a name the first one counts. */
export function linkServerGroups(drafts: readonly VirtualServerGroupDraft[], context: ReadContext): LinkedGroups {
  const { diagnostics } = context
  const byName = new Map<string, VirtualServerGroup>()
  for (const draft of drafts) {
    const { name = '', members = [] } = draft
    const problem = problemOf(members)
    if (problem !== undefined) {
      diagnostics.error('incomplete-block', blockSpan(draft, context), `the virtual_server_group ${shown(name)} ${problem}; it is ignored`)
    } else if (byName.has(name)) {
      const message = `there is a virtual_server_group ${shown(name)} already: this one is never used`
      diagnostics.warning('setting-ignored', blockSpan(draft, context), message)
    } else {
      byName.set(name, { name, members: members.map(linkMember) })
    }
  }
  return { groups: [...byName.values()], byName }
}

function problemOf(members: readonly VirtualServerGroupMemberDraft[]): string | undefined {
  if (members.length === 0) return 'has no members'
  const families = new Set(members.flatMap(({ address }) => (address === undefined ? [] : [familyOf(address)])))
  const hasVagueMark = members.some(({ fwmark, family }) => fwmark !== undefined && family === undefined)
  return families.size > 1 && hasVagueMark ? 'has IPv4, IPv6 and a mark without address family' : undefined
}

function linkMember(draft: VirtualServerGroupMemberDraft): VirtualServerGroupMember {
  const { address, rangeEnd, prefixLength, port = 0, fwmark, family } = draft
  return { address, rangeEnd, prefixLength, port, fwmark, family }
}
