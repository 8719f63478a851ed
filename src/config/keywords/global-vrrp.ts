/** `global_defs`: defaults of virtual routers and how VRRP runs. */
import { multicastGroup } from '../forms/addresses.ts'
import { noteLong } from '../forms/notes.ts'
import { integer, integerOf, MAX_DELAY_S, seconds, UINT32_MAX, unlessZero } from '../forms/numbers.ts'
import { boolean, flag } from '../forms/words.ts'
import { ACTED_ON, lacking } from '../tables/keyword-status.ts'
import type { Row } from '../tables/schema.ts'
import { MIN_GARP_ROW } from './min-garp.ts'
import { receiveBuffers, storeReceiveBuffers } from './receive-buffers.ts'
import { garpRows, sharedRows } from './shared.ts'

/** From here on keepalived itself remarks on a start-up delay. */
const LONG_STARTUP_DELAY_S = 60

const DELAY = unlessZero(seconds(0.001, MAX_DELAY_S))
const STARTUP_DELAY = noteLong(DELAY, 'long-startup-delay', LONG_STARTUP_DELAY_S, (value) => {
  return `VRRP will be held back for ${value} seconds after each start`
})
const INTERVAL = noteLong(unlessZero(seconds(0.000001, MAX_DELAY_S)), 'unusual-value', 1, (value, name) => {
  return `'${name}' of ${value} seconds is long: addresses are announced one after the other`
})

export const VRRP_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'v3_checksum_as_v2',
    field: 'v3ChecksumAsV2',
    syntax: 'v3_checksum_as_v2',
    default: 'off',
    range: 'flag; any argument is ignored here',
    meaning: 'Default for leaving the pseudo header out of IPv4 VRRPv3 checksums.',
    form: flag(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_mcast_group4',
    field: 'vrrpMcastGroup4',
    syntax: 'vrrp_mcast_group4 ADDRESS',
    default: '224.0.0.18',
    range: 'IPv4 multicast address',
    meaning: 'Default destination of IPv4 adverts.',
    form: multicastGroup(4),
    standard: '224.0.0.18',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_mcast_group6',
    field: 'vrrpMcastGroup6',
    syntax: 'vrrp_mcast_group6 ADDRESS',
    default: 'ff02::12',
    range: 'IPv6 multicast address; a warning unless link-local scope',
    meaning: 'Default destination of IPv6 adverts.',
    form: multicastGroup(6),
    standard: 'ff02::12',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_version',
    field: 'vrrpVersion',
    syntax: 'vrrp_version 2|3',
    default: '2',
    range: '2 or 3',
    meaning: 'Default protocol version of IPv4 instances (IPv6 always 3).',
    form: integerOf([2, 3]),
    standard: 2,
    status: ACTED_ON,
  },
  MIN_GARP_ROW,
  ...garpRows('vrrp_'),
  ...sharedRows('vrrp_'),
  {
    kind: 'setting',
    keyword: 'vrrp_garp_interval',
    field: 'vrrpGarpInterval',
    syntax: 'vrrp_garp_interval SECONDS',
    default: '0',
    range: '0.000001..4294.967295 s; 1 s or more logs a warning',
    meaning: 'Gap between gratuitous ARP messages on one interface.',
    form: INTERVAL,
    standard: 0,
    status: lacking('gratuitous ARPs are not paced'),
  },
  {
    kind: 'setting',
    keyword: 'vrrp_gna_interval',
    field: 'vrrpGnaInterval',
    syntax: 'vrrp_gna_interval SECONDS',
    default: '0',
    range: '0.000001..4294.967295 s; 1 s or more logs a warning',
    meaning: 'Gap between unsolicited NA messages on one interface.',
    form: INTERVAL,
    standard: 0,
    status: lacking('unsolicited neighbor advertisements are not paced'),
  },
  {
    kind: 'setting',
    keyword: 'vrrp_check_unicast_src',
    field: 'vrrpCheckUnicastSrc',
    syntax: 'vrrp_check_unicast_src',
    default: 'off',
    range: 'flag',
    meaning: 'Default for dropping unicast adverts whose sender is not a configured peer.',
    form: flag(),
    status: lacking('senders are not compared with the unicast peers'),
  },
  {
    kind: 'setting',
    keyword: 'vrrp_skip_check_adv_addr',
    field: 'vrrpSkipCheckAdvAddr',
    syntax: 'vrrp_skip_check_adv_addr [BOOL]',
    default: 'off (true when bare)',
    range: 'BOOL',
    meaning: 'Default for not re-verifying the address list of adverts from the same master.',
    form: boolean(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_rx_bufs_policy',
    field: 'vrrpRxBufsPolicy',
    syntax: 'vrrp_rx_bufs_policy MTU|ADVERT|BYTES',
    default: 'system default',
    range: 'words are case-insensitive; a byte count beats the policies and MTU beats ADVERT',
    meaning: 'How the receive buffer of VRRP sockets is sized.',
    form: receiveBuffers(),
    store: storeReceiveBuffers,
    options: [
      { keyword: 'MTU', syntax: 'MTU', default: '-', range: 'word, any case', meaning: 'Sizes from interface MTU times the multiplier.' },
      {
        keyword: 'ADVERT',
        syntax: 'ADVERT',
        default: '-',
        range: 'word, any case',
        meaning: 'Sizes from the advert length times the multiplier.',
      },
    ],
  },
  {
    kind: 'setting',
    keyword: 'vrrp_rx_bufs_multiplier',
    field: 'vrrpRxBufsMultiplier',
    syntax: 'vrrp_rx_bufs_multiplier NUMBER',
    default: '3',
    range: '1..4294967295; exactly one argument',
    meaning: 'Multiplier of vrrp_rx_bufs_policy.',
    form: integer(1, UINT32_MAX, { isLenient: true, isAlone: true }),
    standard: 3,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_startup_delay',
    field: 'vrrpStartupDelay',
    syntax: 'vrrp_startup_delay SECONDS',
    default: '0',
    range: '0.001..4294.967295 s; 60 s or more logs a notice',
    meaning: 'Holds back VRRP after the daemon starts.',
    form: STARTUP_DELAY,
    standard: 0,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_delay_after_boot',
    field: 'vrrpDelayAfterBoot',
    syntax: 'vrrp_delay_after_boot SECONDS',
    default: '0',
    range: '0.001..4294.967295 s; the larger of this and vrrp_startup_delay wins',
    meaning: 'Holds back VRRP until the system uptime reaches this value.',
    form: DELAY,
    standard: 0,
    status: lacking('VRRP does not wait after a boot'),
  },
  {
    kind: 'setting',
    keyword: 'log_unknown_vrids',
    field: 'logUnknownVrids',
    syntax: 'log_unknown_vrids',
    default: 'off',
    range: 'flag',
    meaning: 'Reports adverts carrying a VRID that no local instance uses there.',
    form: flag(),
  },
]
