import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { VrrpInstance } from '../../src/config/model.ts'
import { lowerEnds } from '../../src/engine/lower-unicast.ts'

function instance(globals: string, ...lines: readonly string[]): VrrpInstance {
  const text = `global_defs {\n${globals}\n}\nvrrp_instance V {\n virtual_router_id 51\n${lines.join('\n')}\n virtual_ipaddress {\n 192.0.2.200 dev eth0\n }\n}\n`
  const [found] = loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config.vrrpInstances
  if (found === undefined) throw new Error('there is no instance')
  return found
}

const PEERS = 'unicast_peer {\n 192.0.2.2\n 192.0.2.3 min_ttl 254\n}'

test('to the group, from the address of the interface or a written one', (t) => {
  t.deepEqual(lowerEnds(instance('', 'interface eth0')), { interface: 'eth0', group: '224.0.0.18' })
  t.deepEqual(lowerEnds(instance('vrrp_mcast_group4 224.0.0.99', 'interface eth0', 'mcast_src_ip 192.0.2.1', 'track_src_ip')), {
    interface: 'eth0',
    sourceAddress: '192.0.2.1',
    trackSource: true,
    group: '224.0.0.99',
  })
  t.is(lowerEnds(instance('', 'interface eth0', 'mcast_dst_ip 224.0.0.77')).group, '224.0.0.77')
})

test('to peers, with their limits, also without an interface', (t) => {
  t.deepEqual(lowerEnds(instance('', 'unicast_src_ip 192.0.2.1', PEERS, 'unicast_ttl 77')), {
    sourceAddress: '192.0.2.1',
    trackSource: false,
    group: '224.0.0.18',
    unicast: {
      peers: [
        { address: '192.0.2.2', minTtl: 0, maxTtl: 255 },
        { address: '192.0.2.3', minTtl: 254, maxTtl: 255 },
      ],
      ttl: 77,
      // A limit asks for it.
      checkSource: true,
    },
  })
})

test('senders are compared with the peers by option, global or own', (t) => {
  const peer = 'unicast_peer {\n 192.0.2.2\n}'
  const isChecked = (globals: string, ...lines: string[]): boolean | undefined =>
    lowerEnds(instance(globals, 'interface eth0', peer, ...lines)).unicast?.checkSource
  t.deepEqual([isChecked(''), isChecked('vrrp_check_unicast_src'), isChecked('', 'check_unicast_src')], [false, true, true])
})

test('a time to live of 0 is none: nothing would leave the host', (t) => {
  t.is(lowerEnds(instance('', 'interface eth0', PEERS, 'unicast_ttl 0')).unicast?.ttl, undefined)
})

test('without peers the group is used, from the written source, unless that shall be a fault', (t) => {
  const source = 'unicast_src_ip 192.0.2.1'
  t.deepEqual(lowerEnds(instance('', 'interface eth0', source)), {
    interface: 'eth0',
    sourceAddress: '192.0.2.1',
    trackSource: false,
    group: '224.0.0.18',
  })
  t.deepEqual(lowerEnds(instance('', 'interface eth0', source, 'unicast_fault_no_peer')).unicast, { peers: [], checkSource: false })
})
