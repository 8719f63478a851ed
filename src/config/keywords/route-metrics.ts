/** Options of a route: metrics for the protocols that use it. */
import { realms } from '../forms/iproute.ts'
import { lockable, tcpTime } from '../forms/metrics.ts'
import { integer } from '../forms/numbers.ts'
import { oneOf, word } from '../forms/words.ts'
import type { OptionRow } from '../tables/schema.ts'
import { ROUTE_IGNORED, uint32 } from './route-addresses.ts'

/** RFC 4191 §2.2: the two bits of each preference. */
const PREFERENCES = { low: 3, medium: 0, high: 1 } as const
/** A plain number of `rtt`. */
const EIGHTH_OF_MS_US = 125
/** A plain number of `rttvar`. */
const QUARTER_OF_MS_US = 250
const MS_US = 1000

const NUMBER = uint32()
const BIT = integer(0, 1, { consequence: ROUTE_IGNORED })
const OCTET = integer(0, 255, { consequence: ROUTE_IGNORED })

export const ROUTE_METRICS: readonly OptionRow[] = [
  {
    keyword: 'mtu',
    syntax: 'mtu [lock] NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Path MTU.',
    form: lockable(NUMBER),
  },
  {
    keyword: 'advmss',
    syntax: 'advmss [lock] NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Advertised MSS.',
    form: lockable(NUMBER),
  },
  {
    keyword: 'rtt',
    syntax: 'rtt [lock] TIME',
    default: 'none',
    range: 'plain number in 1/8 ms, or with s, ms, sec or secs suffix; 0.2..120 s after conversion, clamped with an error; no exponent',
    meaning: 'Initial round-trip estimate.',
    form: lockable(tcpTime(EIGHTH_OF_MS_US)),
  },
  {
    keyword: 'rttvar',
    syntax: 'rttvar [lock] TIME',
    default: 'none',
    range: 'plain number in 1/4 ms, or with suffix; 0.2..120 s, clamped with an error; no exponent',
    meaning: 'Initial round-trip variance.',
    form: lockable(tcpTime(QUARTER_OF_MS_US)),
  },
  {
    keyword: 'reordering',
    syntax: 'reordering [lock] NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Expected reordering distance.',
    form: lockable(NUMBER),
  },
  {
    keyword: 'cwnd',
    syntax: 'cwnd [lock] NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Congestion window clamp.',
    form: lockable(NUMBER),
  },
  {
    keyword: 'ssthresh',
    syntax: 'ssthresh [lock] NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Slow-start threshold.',
    form: lockable(NUMBER),
  },
  {
    keyword: 'rto_min',
    syntax: 'rto_min [lock] TIME',
    default: 'none',
    range: 'plain number in ms, or with suffix; 0.2..120 s, clamped with an error; no exponent',
    meaning: 'Minimum retransmission timeout.',
    form: lockable(tcpTime(MS_US)),
  },
  {
    keyword: 'lock',
    syntax: 'lock',
    default: 'off',
    range: 'word accepted after mtu, advmss, rtt, rttvar, reordering, cwnd, ssthresh, rto_min and congctl',
    meaning: 'Forbids the kernel to adjust the metric.',
  },
  {
    keyword: 'hoplimit',
    syntax: 'hoplimit NUMBER',
    default: 'none',
    range: '0..255',
    meaning: 'Hop limit of packets using the route.',
    form: OCTET,
  },
  {
    keyword: 'window',
    syntax: 'window NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Maximum TCP window.',
    form: NUMBER,
  },
  {
    keyword: 'realms',
    syntax: 'realms [FROM/]TO',
    default: 'none',
    range: 'numbers 0..255 or names of the iproute2 realms table; IPv4',
    meaning: 'Routing realms.',
    form: realms(ROUTE_IGNORED),
  },
  {
    keyword: 'initcwnd',
    syntax: 'initcwnd NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Initial congestion window.',
    form: NUMBER,
  },
  {
    keyword: 'initrwnd',
    syntax: 'initrwnd NUMBER',
    default: 'none',
    range: '0..4294967295',
    meaning: 'Initial receive window.',
    form: NUMBER,
  },
  {
    keyword: 'features',
    syntax: 'features ecn',
    default: 'none',
    range: 'only ecn is known; others are reported',
    meaning: 'Route features.',
    form: oneOf(['ecn']),
    onBadValue: 'ignore',
    options: [
      {
        keyword: 'ecn',
        syntax: 'ecn',
        default: 'off',
        range: 'word',
        meaning: 'Enables ECN.',
      },
    ],
  },
  {
    keyword: 'quickack',
    syntax: 'quickack 0|1',
    default: 'none',
    range: '0..1',
    meaning: 'Quick acknowledgement.',
    form: BIT,
  },
  {
    keyword: 'congctl',
    syntax: 'congctl [lock] NAME',
    default: 'none',
    range: 'algorithm name, not checked',
    meaning: 'Congestion control algorithm.',
    form: lockable(word({ what: 'the name of an algorithm' })),
  },
  {
    keyword: 'pref',
    syntax: 'pref low|medium|high|NUMBER',
    default: 'medium',
    range: 'words or 0..255; IPv6',
    meaning: 'Router preference.',
    form: integer(0, 255, { words: PREFERENCES, consequence: ROUTE_IGNORED }),
    options: [
      {
        keyword: 'low',
        syntax: 'low',
        default: '-',
        range: 'word',
        meaning: 'Low router preference.',
      },
      {
        keyword: 'medium',
        syntax: 'medium',
        default: '-',
        range: 'word',
        meaning: 'Medium router preference.',
      },
      {
        keyword: 'high',
        syntax: 'high',
        default: '-',
        range: 'word',
        meaning: 'High router preference.',
      },
    ],
  },
  {
    keyword: 'ttl-propagate',
    syntax: 'ttl-propagate enabled|disabled',
    default: 'kernel setting',
    range: 'words',
    meaning: 'MPLS TTL propagation.',
    form: oneOf(['enabled', 'disabled']),
    onBadValue: 'ignore',
    options: [
      {
        keyword: 'enabled',
        syntax: 'enabled',
        default: '-',
        range: 'word',
        meaning: 'Turns it on.',
      },
      {
        keyword: 'disabled',
        syntax: 'disabled',
        default: '-',
        range: 'word',
        meaning: 'Turns it off.',
      },
    ],
  },
  {
    keyword: 'fastopen_no_cookie',
    syntax: 'fastopen_no_cookie 0|1',
    default: 'none',
    range: '0..1',
    meaning: 'TCP Fast Open without cookie.',
    form: BIT,
  },
]
