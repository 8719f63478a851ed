/** Unicast settings of an instance, and what does not go with them (vrrp.md §13). */
import type { VrrpInstanceDraft } from '../drafts.ts'
import { isLinkLocal } from '../forms/addresses.ts'
import { UNICAST_PEER } from '../keywords/unicast-peer.ts'
import type { UnicastPeer, VrrpInstance } from '../model.ts'
import { blockSpan, settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'

type Draft = VrrpInstanceDraft

/** Keywords that mean something with unicast only. */
const UNICAST_KEYWORDS = ['unicast_src_ip', 'check_unicast_src', 'old_unicast_checksum', 'unicast_peer'] as const

/** Whether an instance asks for unicast: it may do without an interface then. */
export function isUnicast(draft: Draft): boolean {
  const { unicastPeer, unicastSrcIp, unicastFaultNoPeer, checkUnicastSrc, oldUnicastChecksum } = draft
  const isAsked = unicastFaultNoPeer === true || checkUnicastSrc === true
  return unicastPeer !== undefined || unicastSrcIp !== undefined || oldUnicastChecksum !== undefined || isAsked
}

/** The settings of unicast as they count. */
export function linkUnicast(draft: Draft, device: string | undefined, context: ReadContext): Partial<VrrpInstance> {
  const { unicastPeer = [], name = '' } = draft
  const { diagnostics } = context
  if (draft.vrf !== undefined && device !== undefined) {
    const message = `instance ${shown(name)} has an interface, which decides its VRF: 'vrf' is ignored`
    diagnostics.error('conflicting-setting', settingSpan(draft, 'vrf', context), message)
    delete draft.vrf
  }
  if (unicastPeer.length === 0) return withoutPeers(draft, device, context)
  if (draft.mcastDstIp !== undefined) {
    const message = `instance ${shown(name)} sends to its unicast peers: 'mcast_dst_ip' is ignored`
    diagnostics.error('conflicting-setting', settingSpan(draft, 'mcast_dst_ip', context), message)
  }
  if (device === undefined) requireSource(draft, context)
  for (const { minTtl = 0, maxTtl = 255, at } of unicastPeer) {
    if (maxTtl >= minTtl) continue
    const message = `'max_ttl' ${maxTtl} is below 'min_ttl' ${minTtl}: nothing of this peer is accepted`
    diagnostics.error('conflicting-setting', context.tokens.span(at), message)
  }
  const isLimited = unicastPeer.some(({ minTtl, maxTtl }) => minTtl !== undefined || maxTtl !== undefined)
  const peers = unicastPeer.map((peer) => complete<UnicastPeer>(UNICAST_PEER, peer))
  return { unicastPeer: peers, ...(isLimited ? { checkUnicastSrc: true } : {}) }
}

function withoutPeers(draft: Draft, device: string | undefined, context: ReadContext): Partial<VrrpInstance> {
  const { name = '' } = draft
  const { diagnostics } = context
  if (isUnicast(draft) && draft.unicastFaultNoPeer !== true) {
    const span = settingSpan(draft, UNICAST_KEYWORDS, context)
    const message = `instance ${shown(name)} has no unicast peers: it sends to the multicast group`
    diagnostics.error('unicast-without-peers', span, message, 'list the other routers in `unicast_peer`, or take the unicast settings away')
  }
  if (draft.unicastTtl !== undefined) {
    const span = settingSpan(draft, 'unicast_ttl', context)
    diagnostics.error('conflicting-setting', span, `'unicast_ttl' of instance ${shown(name)} means nothing without unicast peers`)
  }
  if (isUnicast(draft) && device === undefined) {
    const message = `instance ${shown(name)} has neither an interface nor unicast peers`
    diagnostics.error('missing-interface', blockSpan(draft, context), message, 'name the `interface`')
  }
  // What instances inherit is for those with peers.
  return { checkUnicastSrc: draft.checkUnicastSrc ?? false, unicastTtl: undefined }
}

/** Without an interface there is no address to send from but a written one. */
function requireSource(draft: Draft, context: ReadContext): void {
  const { unicastSrcIp, mcastSrcIp, name = '' } = draft
  const source = unicastSrcIp ?? mcastSrcIp
  const help = 'name the `interface`, or an address of this host with `unicast_src_ip`'
  if (source === undefined) {
    const message = `instance ${shown(name)} has neither an interface nor a source address`
    context.diagnostics.error('missing-interface', blockSpan(draft, context), message, help)
  } else if (isLinkLocal(source)) {
    const message = `the link-local source of instance ${shown(name)} needs an interface`
    context.diagnostics.error('missing-interface', valueSpan(draft, ['unicast_src_ip', 'mcast_src_ip'], context), message, help)
  }
}
