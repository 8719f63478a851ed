/** `vrrp_instance`. */
import { uniqueName } from '../tables/headers.ts'
import { ACTED_ON, NOT_YET } from '../tables/keyword-status.ts'
import type { Block, Row } from '../tables/schema.ts'
import { VIRTUAL_IPADDRESS, VIRTUAL_IPADDRESS_EXCLUDED } from './address-line.ts'
import { AUTH_HMAC } from './auth-hmac.ts'
import { AUTHENTICATION } from './authentication.ts'
import { VIRTUAL_ROUTES } from './route-line.ts'
import { VIRTUAL_RULES } from './rule-line.ts'
import { garpRows, sharedRows } from './shared.ts'
import { trackingRows } from './tracking.ts'
import { DESTINATION_ROWS } from './vrrp-instance-destinations.ts'
import { LINK_ROWS } from './vrrp-instance-links.ts'
import { NOTIFY_ROWS } from './vrrp-instance-notify.ts'
import { PROTOCOL_ROWS } from './vrrp-instance-protocol.ts'
import { STATE_ROWS } from './vrrp-instance-state.ts'
import { storeAddress } from './vrrp-instance-store.ts'

const BLOCKS: readonly Row[] = [
  {
    kind: 'lines',
    keyword: 'virtual_ipaddress',
    field: 'virtualIpaddress',
    syntax: 'virtual_ipaddress { line... }',
    default: '-',
    range: 'block of address lines; all of one family; at most 255 or what fits the MTU, the rest become excluded',
    meaning: 'Addresses held and advertised by the master.',
    grammar: VIRTUAL_IPADDRESS,
    store: storeAddress,
    status: ACTED_ON,
  },
  {
    kind: 'lines',
    keyword: 'virtual_ipaddress_excluded',
    field: 'virtualIpaddressExcluded',
    syntax: 'virtual_ipaddress_excluded { line... }',
    default: '-',
    range: 'block of address lines; any family',
    meaning: 'Addresses held by the master but not advertised.',
    grammar: VIRTUAL_IPADDRESS_EXCLUDED,
    status: ACTED_ON,
  },
  {
    kind: 'lines',
    keyword: 'virtual_routes',
    field: 'virtualRoutes',
    syntax: 'virtual_routes { line... }',
    default: '-',
    range: 'block of route lines',
    meaning: 'Routes installed while master.',
    grammar: VIRTUAL_ROUTES,
    status: ACTED_ON,
  },
  {
    kind: 'lines',
    keyword: 'virtual_rules',
    field: 'virtualRules',
    syntax: 'virtual_rules { line... }',
    default: '-',
    range: 'block of rule lines',
    meaning: 'Policy-routing rules installed while master.',
    grammar: VIRTUAL_RULES,
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'authentication',
    field: 'authentication',
    syntax: 'authentication { ... }',
    default: '-',
    range: 'block',
    meaning: 'Holds RFC 2338 authentication settings.',
    block: AUTHENTICATION,
    use: 'merge',
    status: ACTED_ON,
  },
  {
    kind: 'block',
    keyword: 'auth_hmac',
    field: 'authHmac',
    syntax: 'auth_hmac { ... }',
    default: '-',
    range: 'block; drops authentication when both are present',
    meaning: 'Holds the keyed-hash extension settings.',
    note: 'New in the 2.4 series',
    block: AUTH_HMAC,
    use: 'merge',
    status: ACTED_ON,
  },
]

export const VRRP_INSTANCE: Block = {
  path: 'vrrp_instance',
  type: 'VrrpInstance',
  meaning: 'One virtual router.',
  header: uniqueName(),
  rows: [
    ...STATE_ROWS,
    ...PROTOCOL_ROWS,
    ...DESTINATION_ROWS,
    ...LINK_ROWS,
    ...BLOCKS,
    ...trackingRows('vrrp_instance'),
    ...NOTIFY_ROWS,
    ...sharedRows(''),
    ...garpRows(''),
  ],
  derived: [
    { field: 'family', model: '4 | 6', meaning: 'IP version, which the first address decides.' },
    {
      field: 'isStateExplicit',
      model: 'boolean',
      meaning: 'Whether `state` is written: an address owner that says BACKUP waits before it takes over.',
    },
  ],
  scratch: [{ field: 'interfaceLines', model: 'number[]', meaning: 'The words of all `interface` lines.' }],
  status: NOT_YET,
}
