/** `vrrp_instance`: where advertisements come from and go to. */
import { address } from '../forms/addresses.ts'
import { integer } from '../forms/numbers.ts'
import { flag, oneOf } from '../forms/words.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Config, VrrpInstance } from '../model.ts'
import type { Row } from '../tables/schema.ts'
import { UNICAST_PEER } from './unicast-peer.ts'
import { storeGroup, storeSource, storeUnicastSource } from './vrrp-instance-store.ts'

export const DESTINATION_ROWS: readonly Row[] = [
  {
    kind: 'lines',
    keyword: 'unicast_peer',
    field: 'unicastPeer',
    syntax: 'unicast_peer { line... }',
    default: 'empty (multicast)',
    range: 'block of lines',
    meaning: 'Peers adverts are sent to instead of the multicast group.',
    grammar: UNICAST_PEER,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'unicast_fault_no_peer',
    field: 'unicastFaultNoPeer',
    syntax: 'unicast_fault_no_peer',
    default: 'off',
    range: 'flag',
    meaning: 'Puts the instance in fault instead of falling back to multicast when no peer is listed.',
    form: flag(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'check_unicast_src',
    field: 'checkUnicastSrc',
    syntax: 'check_unicast_src',
    default: 'off (vrrp_check_unicast_src)',
    range: 'flag; implied by min_ttl or max_ttl',
    meaning: 'Drops unicast adverts from unknown senders.',
    note: 'Counts as a unicast keyword',
    form: flag(),
    isImplied: isSourceCheckInherited,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'old_unicast_checksum',
    field: 'oldUnicastChecksum',
    syntax: 'old_unicast_checksum [never]',
    default: 'automatic detection',
    range: 'option word',
    meaning: 'Uses the checksum of releases up to 1.3.6 for unicast VRRPv3.',
    note: 'Only in builds with that compatibility',
    form: oneOf(['never'], { bare: 'always' }),
    status: ACTED_ON,
    options: [{ keyword: 'never', syntax: 'never', default: '-', range: 'option word', meaning: 'Turns the automatic detection off.' }],
  },
  {
    kind: 'setting',
    keyword: 'mcast_src_ip',
    field: 'mcastSrcIp',
    syntax: 'mcast_src_ip ADDRESS',
    default: 'primary address of the interface',
    range: 'family of the instance',
    meaning: 'Source address of adverts.',
    form: address(),
    store: storeSource,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'unicast_src_ip',
    field: 'unicastSrcIp',
    syntax: 'unicast_src_ip ADDRESS',
    default: 'primary address of the interface',
    range: 'family of the instance; mandatory without interface',
    meaning: 'Source address of adverts, marking the instance as unicast.',
    form: address(),
    store: storeUnicastSource,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'mcast_dst_ip',
    field: 'mcastDstIp',
    syntax: 'mcast_dst_ip ADDRESS',
    default: 'vrrp_mcast_group4 / vrrp_mcast_group6',
    range: 'IPv4 multicast or IPv6 link-local multicast; ignored with unicast',
    meaning: 'Destination of multicast adverts.',
    form: address(),
    isFilled: true,
    store: storeGroup,
    isImplied: isGroupImplied,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'track_src_ip',
    field: 'trackSrcIp',
    syntax: 'track_src_ip',
    default: 'off',
    range: 'flag; only with an explicit source address',
    meaning: 'Faults the instance when its source address disappears.',
    form: flag(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'unicast_ttl',
    field: 'unicastTtl',
    syntax: 'unicast_ttl NUMBER',
    default: '255 for IPv4, kernel value for IPv6',
    range: '0..255; needs peers defined',
    meaning: 'TTL / hop limit of unicast adverts.',
    form: integer(0, 255),
    status: ACTED_ON,
  },
]

/** Without a group of its own an instance has the global one, and with unicast peers it sends to none. */
function isGroupImplied(block: object, config: object): boolean {
  const { unicastPeer, mcastDstIp } = block as Partial<VrrpInstance>
  const { globalDefs } = config as Partial<Config>
  const groups: readonly unknown[] = [globalDefs?.vrrpMcastGroup4, globalDefs?.vrrpMcastGroup6]
  return (unicastPeer ?? []).length > 0 || groups.includes(mcastDstIp)
}

/** What is inherited means nothing without unicast peers, and written it would be reported. */
function isSourceCheckInherited(block: object, config: object): boolean {
  const { unicastPeer, checkUnicastSrc } = block as Partial<VrrpInstance>
  const { globalDefs } = config as Partial<Config>
  return unicastPeer?.length === 0 && checkUnicastSrc === globalDefs?.vrrpCheckUnicastSrc
}
