/** Whom an instance speaks to, and how it proves to be itself. */
import type { VrrpInstance } from '../config/model.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

/** Its flags in keepalived's words, where it has any. */
export function flagLines(config: VrrpInstance): readonly string[] {
  const { unicastPeer, unicastSrcIp, unicastFaultNoPeer, checkUnicastSrc, oldUnicastChecksum } = config
  const isUnicast = unicastPeer.length > 0
  const isAsked = unicastSrcIp !== undefined || unicastFaultNoPeer || checkUnicastSrc || oldUnicastChecksum !== undefined
  const flags = [
    ...(isUnicast ? ['Using unicast'] : []),
    ...(isAsked && !isUnicast ? ['Unicast config option specified but using multicast'] : []),
    ...(unicastFaultNoPeer ? ['If unicast go to fault state if no peers'] : []),
  ]
  return flags.length === 0 ? [] : ['Flags:', ...flags.map((flag) => `  ${flag}`)]
}

/** The multicast group. */
export function multicastLines({ unicastPeer, mcastDstIp, family }: VrrpInstance, joinedIfindex: number | undefined): readonly string[] {
  return unicastPeer.length > 0 ? [] : [`Multicast address ${mcastDstIp}${family === 6 ? `, ifindex ${joinedIfindex ?? 0}` : ''}`]
}

/** The unicast peers with what is accepted of them. */
export function unicastLines(config: VrrpInstance): readonly string[] {
  if (config.unicastPeer.length === 0) return []
  const ttl = config.unicastTtl ?? (config.family === 4 ? 255 : undefined)
  return [
    ...(ttl === undefined ? [] : [`Unicast TTL = ${ttl}`]),
    `Check unicast src : ${config.checkUnicastSrc ? 'yes' : 'no'}`,
    'Unicast Peer :',
    ...config.unicastPeer.map(({ address, minTtl, maxTtl }) => `  ${address} min_ttl ${minTtl} max_ttl ${maxTtl}`),
    `Unicast checksum compatibility = ${CHECKSUMS[config.oldUnicastChecksum ?? 'none']}`,
  ]
}

/** keepalived's words for `old_unicast_checksum`. */
const CHECKSUMS = { none: 'no', never: 'never', always: 'yes' } as const

/** Authentication, without what is secret. */
export function authenticationLines({ version, family, authentication, authHmac }: VrrpInstance): readonly string[] {
  const authType = authentication?.authType
  const kinds = { PASS: 'SIMPLE_PASSWORD', AH: 'IPSEC_AH' } as const
  return [
    // VRRPv3 and VRRP over IPv6 have none.
    ...(version === 3 || family === 6 ? [] : [`Authentication type = ${authType === undefined ? 'none' : kinds[authType]}`]),
    ...(authType === 'PASS' ? ['Password = ********'] : []),
    ...(authHmac === undefined
      ? []
      : [
          'Authentication extension = HMAC-SHA256-128',
          `  Keys = ${authHmac.keys.length}, active key id = ${authHmac.activeKey}`,
          `  Mode = ${authHmac.mode}`,
          `  Anti replay = ${authHmac.antiReplay}, window = ${authHmac.timeWindowUs / US_PER_S} sec`,
        ]),
  ]
}
