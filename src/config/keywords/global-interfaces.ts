/** `global_defs`: interfaces. */
import { flag, word } from '../forms/words.ts'
import { ACTED_ON, lacking } from '../tables/keyword-status.ts'
import type { Row } from '../tables/schema.ts'
import { dynamicInterfaces, recallDynamicInterfaces, storeDynamicInterfaces } from './dynamic-interfaces.ts'

export const INTERFACE_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'default_interface',
    field: 'defaultInterface',
    syntax: 'default_interface IFNAME',
    default: 'eth0',
    range: 'one word',
    meaning: 'Interface used by static addresses (and by VIPs of an instance without interface) when none is given.',
    form: word({ isLenient: true }),
    standard: 'eth0',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'dynamic_interfaces',
    field: 'dynamicInterfaces',
    syntax: 'dynamic_interfaces [allow_if_changes]',
    default: 'off',
    range: 'option word below',
    meaning: 'Lets the configuration name interfaces that do not exist yet or may come and go.',
    form: dynamicInterfaces(),
    store: storeDynamicInterfaces,
    recall: recallDynamicInterfaces,
    status: ACTED_ON,
    options: [
      {
        keyword: 'allow_if_changes',
        syntax: 'allow_if_changes',
        default: 'off',
        range: 'flag word',
        meaning: 'Also accepts that an interface is recreated with another type or parent.',
        note: 'Unknown words are reported',
      },
    ],
  },
  {
    kind: 'setting',
    keyword: 'disable_local_igmp',
    field: 'disableLocalIgmp',
    syntax: 'disable_local_igmp',
    default: 'off',
    range: 'flag; needs the kernel igmp_link_local_mcast_reports setting',
    meaning: 'Turns off kernel IGMP reports for link-local multicast instead of filtering them.',
    form: flag(),
    status: lacking('kernel IGMP reports are left as they are'),
  },
  {
    kind: 'setting',
    keyword: 'vmac_prefix',
    field: 'vmacPrefix',
    syntax: 'vmac_prefix STRING',
    default: 'vrrp',
    range: 'second use ignored',
    meaning: 'Start of generated VMAC interface names.',
    form: word(),
    use: 'first',
    standard: 'vrrp',
  },
  {
    kind: 'setting',
    keyword: 'vmac_addr_prefix',
    field: 'vmacAddrPrefix',
    syntax: 'vmac_addr_prefix STRING',
    default: 'value of vmac_prefix',
    range: 'second use ignored',
    meaning: 'Start of VMAC names created for addresses on other interfaces.',
    form: word(),
    use: 'first',
    isFilled: true,
  },
]
