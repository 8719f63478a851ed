/** For each line grammar of keywords.tsv, a line that is otherwise valid around the option that a row is about. */
import type { Row } from './rows.ts'

/** A line grammar: the words around the option that a row is about. */
interface LineFrame {
  readonly before: string
  readonly after?: string
}

const ROUTE = '192.168.1.0/24 dev eth0'
const ROUTE_6 = '2001:db8:1::/64 dev eth0'
const RULE = 'from 192.168.1.0/24 preference 100'

const LINES: ReadonlyMap<string, LineFrame> = new Map<string, LineFrame>([
  ['linkbeat_interfaces', { before: 'eth0' }],
  ['interface_up_down_delays', { before: 'eth0 1' }],
  ['vrrp_instance/unicast_peer', { before: '10.0.0.7' }],
  ['vrrp_instance/virtual_ipaddress', { before: '10.0.0.1/24' }],
  ['vrrp_instance/virtual_ipaddress_excluded', { before: '10.0.0.5/24' }],
  ['static_ipaddress', { before: '10.0.0.5/24' }],
  ['virtual_server_group', { before: '' }],
  ...['vrrp_instance', 'vrrp_sync_group'].flatMap((owner) =>
    Object.entries({ interface: 'eth1', script: 'SCR', file: 'TF', process: 'TP', bfd: 'BFD_1' }).map(
      ([kind, name]) => [`${owner}/track_${kind}`, { before: name }] as const,
    ),
  ),
  ...['vrrp_instance/virtual_routes', 'static_routes'].flatMap((block) => [
    [block, { before: ROUTE }] as const,
    [`${block}/nexthop`, { before: '192.168.1.0/24 no_track nexthop via 10.0.0.254' }] as const,
    [`${block}/encap`, { before: `${ROUTE} encap ip id 1` }] as const,
  ]),
  ...['vrrp_instance/virtual_rules', 'static_rules'].map((block) => [block, { before: RULE, after: 'table 50' }] as const),
])

/** Whether the lines of a block follow a grammar of their own. */
export function isLineBlock(block: string): boolean {
  return LINES.has(block)
}

const DESTINATIONS = new Set(['DEST', 'default', 'any', 'all', 'default6'])
const ENCAPSULATION = new Set(['ip', 'ip6', 'mpls', 'ila'])
const PREFERENCES = new Set(['preference', 'priority', 'order'])
const ACTIONS = new Set(['table', 'lookup', 'goto', 'nop', 'blackhole', 'unreachable', 'prohibit', 'type', 'l3mdev'])

/** The words around the option of a row in a line grammar. */
export function lineFrame({ block, keyword, range }: Row): LineFrame {
  const frame = LINES.get(block) ?? { before: '' }
  const [word = ''] = keyword.split(' ')
  if (block === 'virtual_server_group' && word === '(line)') return { before: '10.0.0.100 80' }
  if (word === 'peer') return { before: frame.before.replace(/\/\d+/, '') }
  if (word.endsWith('reverse')) return { before: `${frame.before} weight 10` }
  if (block.endsWith('_routes')) return routeFrame(frame, word, range)
  if (block.endsWith('/nexthop')) {
    if (word === 'via') return { before: frame.before.replace(' via 10.0.0.254', '') }
    if (word === 'inet') return { before: frame.before.replace(' 10.0.0.254', ''), after: '10.0.0.254' }
    if (word === 'inet6') return { before: '2001:db8:1::/64 no_track nexthop via', after: '2001:db8::1' }
  }
  if (block.endsWith('/encap')) {
    if (ENCAPSULATION.has(word)) return { before: `${ROUTE} encap`, after: word.startsWith('ip') ? 'id 1' : '' }
    if (range.endsWith('ip6 only')) return { before: `${ROUTE} encap ip6 id 1` }
    if (word === 'id') return { before: `${ROUTE} encap ip` }
  }
  if (block.endsWith('_rules')) {
    if (ACTIONS.has(word)) return { before: RULE }
    if (PREFERENCES.has(word)) return { before: 'from 192.168.1.0/24', after: 'table 50' }
    if (word === 'from') return { before: 'preference 100', after: 'table 50' }
    if (word === 'track_group') return { before: `${RULE} iif eth1`, after: 'table 50' }
  }
  return frame
}

function routeFrame(frame: LineFrame, word: string, range: string): LineFrame {
  if (word === 'default6') return { before: '', after: 'dev eth0' }
  if (DESTINATIONS.has(word)) return { before: '', after: 'dev eth0 via 10.0.0.254' }
  if (word === 'to') return { before: '', after: 'dev eth0' }
  if (word.startsWith('inet')) return { before: '', after: `to ${ROUTE}` }
  if (range.startsWith('route type word')) return { before: '', after: ROUTE }
  if (word === 'nexthop') return { before: '192.168.1.0/24 no_track', after: 'via 10.0.0.254' }
  if (word === 'lock') return { before: `${ROUTE} mtu`, after: '1400' }
  return /IPv6(?: only)?$/.test(range) || word === 'pref' ? { before: ROUTE_6 } : frame
}
