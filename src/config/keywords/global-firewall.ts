/** `global_defs`: the firewall (vrrp.md §12). */
import { INT32_MAX, integer, UINT32_MAX } from '../forms/numbers.ts'
import { flag, word } from '../forms/words.ts'
import { noEffect } from '../tables/keyword-status.ts'
import type { Row } from '../tables/schema.ts'
import { ipsetNames, iptablesChains } from './iptables.ts'

const INT32_MIN = -INT32_MAX - 1
/** Names of tables end with a NUL octet in 256. */
const LONGEST_TABLE = 255
const NFTABLES = noEffect('nftables are used')

export const FIREWALL_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'vrrp_iptables',
    field: 'vrrpIptables',
    syntax: 'vrrp_iptables [IN_CHAIN [OUT_CHAIN]]',
    default: 'off; bare means INPUT and OUTPUT',
    range: 'chain names at most 27 characters, must differ; second use ignored',
    meaning: 'Uses iptables chains for no_accept and VMAC filtering.',
    note: 'With nftables-only builds it selects table keepalived and reports an error',
    form: iptablesChains(),
    use: 'first',
    status: NFTABLES,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_ipsets',
    field: 'vrrpIpsets',
    syntax: 'vrrp_ipsets [ADDR [ADDR6 [ADDR_IF6 [IGMP [MLD [ND]]]]]]',
    default: 'keepalived, keepalived6, keepalived_if6, keepalived_igmp, keepalived_mld, keepalived_nd; bare disables ipsets',
    range: 'names at most 30 characters, all distinct; missing ones are derived from the first',
    meaning: 'Names of the ipsets used with iptables.',
    note: 'Only in builds with iptables and ipset support',
    form: ipsetNames(),
    status: NFTABLES,
  },
  {
    kind: 'setting',
    keyword: 'nftables',
    field: 'nftables',
    syntax: 'nftables [TABLE]',
    default: 'off; bare means table keepalived',
    range: 'table name bounded by the kernel limit; second use ignored',
    meaning: 'Uses an nftables table for no_accept and VMAC filtering.',
    form: word({ bare: 'keepalived', longest: LONGEST_TABLE }),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'nftables_priority',
    field: 'nftablesPriority',
    syntax: 'nftables_priority NUMBER',
    default: '-1',
    range: '-2147483648..2147483647',
    meaning: 'Priority of the base chains keepalived creates.',
    form: integer(INT32_MIN, INT32_MAX),
    standard: -1,
  },
  {
    kind: 'setting',
    keyword: 'nftables_ifindex',
    field: 'nftablesIfindex',
    syntax: 'nftables_ifindex',
    default: 'off',
    range: 'flag',
    meaning: 'Keys link-local sets by interface index rather than name.',
    form: flag(),
  },
  {
    kind: 'setting',
    keyword: 'nftables_ipvs',
    field: 'nftablesIpvs',
    syntax: 'nftables_ipvs [TABLE]',
    default: 'off; bare means table keepalived_ipvs',
    range: 'table name bounded by the kernel limit; second use ignored',
    meaning: 'Uses nftables to set firewall marks for virtual server groups.',
    form: word({ bare: 'keepalived_ipvs', longest: LONGEST_TABLE }),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'nftables_ipvs_priority',
    field: 'nftablesIpvsPriority',
    syntax: 'nftables_ipvs_priority NUMBER',
    default: '-1',
    range: '-2147483648..2147483647',
    meaning: 'Priority of the chains that set the marks.',
    form: integer(INT32_MIN, INT32_MAX),
    standard: -1,
  },
  {
    kind: 'setting',
    keyword: 'nftables_ipvs_start_fwmark',
    field: 'nftablesIpvsStartFwmark',
    syntax: 'nftables_ipvs_start_fwmark NUMBER',
    default: '1000',
    range: '1..4294967295',
    meaning: 'First firewall mark handed out.',
    form: integer(1, UINT32_MAX),
    standard: 1000,
  },
  {
    kind: 'setting',
    keyword: 'nftables_counters',
    field: 'nftablesCounters',
    syntax: 'nftables_counters',
    default: 'off',
    range: 'flag',
    meaning: 'Adds packet counters to generated rules.',
    form: flag(),
  },
]
