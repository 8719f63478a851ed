/** What a virtual server should say of itself, and what of it goes together (lvs.md §1.1). */
import type { VirtualServerDraft } from '../drafts.ts'
import { US_PER_S } from '../forms/numbers.ts'
import type { VirtualServer, VirtualServerGroup } from '../model.ts'
import { blockSpan, settingSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { linkMethod, NAT } from './forwarding.ts'
import { virtualServerName } from './server-names.ts'

/** Of a service that is persistent without a time of its own. */
const PERSISTENCE_US = 360 * US_PER_S

const SCHEDULER_KEYWORDS = 'lvs_sched'
const METHOD_KEYWORDS = 'lvs_method'

/** Settings that have a default, which is reported, or that are taken back. */
export type ServiceSettings = Pick<VirtualServer, 'lvsSched' | 'lvsMethod' | 'protocol' | 'persistenceTimeoutUs' | 'ops' | 'haSuspend'>

/** The settings that count. */
export function linkService(draft: VirtualServerDraft, group: VirtualServerGroup | undefined, context: ReadContext): ServiceSettings {
  const { lvsMethod, lvsSched } = draft
  const protocol = linkProtocol(draft, group, context)
  if (lvsSched === undefined) reportDefault(draft, SCHEDULER_KEYWORDS, 'scheduler', 'wlc', context)
  if (lvsMethod === undefined) reportDefault(draft, METHOD_KEYWORDS, 'forwarding method', 'NAT', context)
  return {
    lvsSched: lvsSched ?? 'wlc',
    lvsMethod: lvsMethod === undefined ? NAT : linkMethod(lvsMethod),
    protocol,
    persistenceTimeoutUs: linkPersistence(draft, group, context),
    ops: linkOps(draft, protocol, context),
    haSuspend: linkSuspend(draft, group, context),
  }
}

/** A mark says nothing of a protocol. */
function linkProtocol(draft: VirtualServerDraft, group: VirtualServerGroup | undefined, context: ReadContext): VirtualServer['protocol'] {
  const { protocol, fwmark } = draft
  const isMark = fwmark !== undefined || group?.members.every((member) => member.fwmark !== undefined) === true
  if (!isMark) {
    if (protocol === undefined) reportDefault(draft, 'protocol', 'protocol', 'UDP', context)
    return protocol ?? 'UDP'
  }
  if (protocol === undefined) return undefined
  const message = `'protocol' of the ${virtualServerName(draft)} is ignored: a mark stands for packets of any protocol`
  return context.diagnostics.error('conflicting-setting', settingSpan(draft, 'protocol', context), message)
}

/** Without port all connections of a client go to one server. */
function linkPersistence(draft: VirtualServerDraft, group: VirtualServerGroup | undefined, context: ReadContext): number | undefined {
  const { address, port, persistenceTimeoutUs, persistenceGranularity } = draft
  if (persistenceTimeoutUs !== undefined) return persistenceTimeoutUs
  if (persistenceGranularity !== undefined) return PERSISTENCE_US
  const isPortless =
    (address !== undefined && port === 0) || group?.members.some((one) => one.address !== undefined && one.port === 0) === true
  if (!isPortless) return undefined
  const message = `the ${virtualServerName(draft)} serves any port, which needs persistence: 360 s are used`
  context.diagnostics.error('default-used', blockSpan(draft, context), message, 'add `persistence_timeout`, or a port')
  return PERSISTENCE_US
}

function linkOps(draft: VirtualServerDraft, protocol: VirtualServer['protocol'], context: ReadContext): boolean {
  if (draft.ops !== true) return false
  if (protocol === undefined || protocol === 'UDP') return true
  const message = `'ops' of the ${virtualServerName(draft)} is ignored: packets of ${protocol} belong together`
  context.diagnostics.error('conflicting-setting', settingSpan(draft, 'ops', context), message)
  return false
}

function linkSuspend(draft: VirtualServerDraft, group: VirtualServerGroup | undefined, context: ReadContext): boolean {
  if (draft.haSuspend !== true) return false
  if (draft.fwmark === undefined && group?.members.some(({ fwmark }) => fwmark !== undefined) !== true) return true
  const message = `'ha_suspend' of the ${virtualServerName(draft)} is ignored: a mark is no address that could be present`
  context.diagnostics.error('conflicting-setting', settingSpan(draft, 'ha_suspend', context), message)
  return false
}

function reportDefault(draft: VirtualServerDraft, keyword: string, what: string, used: string, { diagnostics, tokens }: ReadContext): void {
  const message = `the ${virtualServerName(draft)} names no ${what}: ${used} is used`
  diagnostics.error('default-used', blockSpan(draft, { tokens }), message, `add \`${keyword}\``)
}
