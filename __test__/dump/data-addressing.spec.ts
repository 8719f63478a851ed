/** Lines about unicast, as Debian's keepalived 2.2.7 was seen to write them for the same configuration. */
import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { flagLines, unicastLines } from '../../src/dump/data-addressing.ts'

function lines(...settings: readonly string[]): { flags: readonly string[]; unicast: readonly string[] } {
  const text = `global_defs {
  dynamic_interfaces
}
vrrp_instance A {
  interface veth0
  virtual_router_id 7
  ${settings.join('\n  ')}
  virtual_ipaddress {
    192.0.2.101/24
  }
}
`
  const [instance] = loadConfig({ file: 'keepalived.conf', text }).config.vrrpInstances
  if (instance === undefined) throw new Error('there is no instance')
  return { flags: flagLines(instance), unicast: unicastLines(instance) }
}

test('an instance with peers', (t) => {
  const peers = ['unicast_peer {', '192.0.2.2', '192.0.2.3 min_ttl 254 max_ttl 255', '}']
  t.deepEqual(lines('unicast_src_ip 192.0.2.1', ...peers, 'unicast_ttl 77', 'check_unicast_src'), {
    flags: ['Flags:', '  Using unicast'],
    unicast: [
      'Unicast TTL = 77',
      'Check unicast src : yes',
      'Unicast Peer :',
      '  192.0.2.2 min_ttl 0 max_ttl 255',
      '  192.0.2.3 min_ttl 254 max_ttl 255',
      'Unicast checksum compatibility = no',
    ],
  })
  t.deepEqual(lines('unicast_peer {', '192.0.2.2', '}').unicast.slice(0, 2), ['Unicast TTL = 255', 'Check unicast src : no'])
})

test('an instance that asks for unicast and has no peers', (t) => {
  t.deepEqual(lines('unicast_fault_no_peer', 'unicast_src_ip 192.0.2.1'), {
    flags: ['Flags:', '  Unicast config option specified but using multicast', '  If unicast go to fault state if no peers'],
    unicast: [],
  })
})

test('an instance that does not', (t) => {
  t.deepEqual(lines(), { flags: [], unicast: [] })
})
