/** `vrrp_instance`: interfaces of its own, and beside its own. */
import { grammarForm } from '../tables/grammar.ts'
import { integer, UINT32_MAX } from '../forms/numbers.ts'
import { flag, interfaceName } from '../forms/words.ts'
import { ACTED_ON, lacking, refused } from '../tables/keyword-status.ts'
import type { Row } from '../tables/schema.ts'
import { USE_IPVLAN, USE_VMAC } from './vmac.ts'
import { storeIpvlan, storeVmac } from './vrrp-instance-store.ts'

export const LINK_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'vrf',
    field: 'vrf',
    syntax: 'vrf IFNAME',
    default: 'none',
    range: 'VRF device; only with unicast and without interface',
    meaning: 'VRF the unicast sockets are bound to.',
    form: interfaceName(),
    status: lacking('sockets are not bound to the VRF'),
  },
  {
    kind: 'setting',
    keyword: 'use_vmac',
    field: 'useVmac',
    syntax: 'use_vmac [[name] IFNAME] [MAC] [netlink_notify_msg] [group GROUP]',
    default: 'off; name vrrp.VRID; MAC 00:00:5e:00:01:VRID (IPv4) or 00:00:5e:00:02:VRID (IPv6)',
    range: 'words in any order; see rows below',
    meaning: 'Runs the instance on a macvlan with the virtual MAC.',
    form: grammarForm(USE_VMAC),
    store: storeVmac,
    status: refused('the instance would use the MAC address of its interface'),
    options: USE_VMAC.options,
  },
  {
    kind: 'setting',
    keyword: 'use_vmac_addr',
    field: 'useVmacAddr',
    syntax: 'use_vmac_addr',
    default: 'off',
    range: 'flag',
    meaning: 'Creates macvlans for addresses placed on other interfaces or of the other family.',
    form: flag(),
    status: lacking('addresses stay on their interfaces'),
  },
  {
    kind: 'setting',
    keyword: 'vmac_xmit_base',
    field: 'vmacXmitBase',
    syntax: 'vmac_xmit_base',
    default: 'off; set automatically with unicast',
    range: 'flag; refused in strict mode; needs use_vmac',
    meaning: 'Sends and receives adverts on the base interface.',
    form: flag(),
    status: lacking('it concerns use_vmac only'),
  },
  {
    kind: 'setting',
    keyword: 'use_ipvlan',
    field: 'useIpvlan',
    syntax: 'use_ipvlan [[name] IFNAME] [ADDRESS] [bridge|private|vepa] [group GROUP]',
    default: 'off; bridge',
    range: 'one use; IPv4 instances need an address',
    meaning: 'Runs the instance on an L2 ipvlan.',
    form: grammarForm(USE_IPVLAN),
    store: storeIpvlan,
    status: refused('the instance would run on its interface itself'),
    options: USE_IPVLAN.options,
  },
  {
    kind: 'setting',
    keyword: 'kernel_rx_buf_size',
    field: 'kernelRxBufSize',
    syntax: 'kernel_rx_buf_size BYTES',
    default: 'kernel default or vrrp_rx_bufs_policy',
    range: '0..4294967295; exactly one argument',
    meaning: "Receive buffer of the instance's socket.",
    form: integer(0, UINT32_MAX, { isLenient: true, isAlone: true }),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'lvs_sync_daemon_interface',
    field: 'lvsSyncDaemonInterface',
    syntax: 'lvs_sync_daemon_interface IFNAME',
    default: 'none',
    range: 'ignored when the global form was used',
    meaning: 'Ties the IPVS sync daemon to this instance.',
    note: 'Deprecated after 1.2.19, an error is reported; use global lvs_sync_daemon',
    form: interfaceName(),
    deprecated: { instead: 'lvs_sync_daemon', differs: true, help: 'write `lvs_sync_daemon IFNAME INSTANCE` in global_defs' },
    status: ACTED_ON,
  },
]
