import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { lower } from '../../src/engine/lower.ts'
import { lowerLinks } from '../../src/engine/lower-links.ts'

function load(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

function instance(name: string, vrid: number, lines = ''): string {
  return `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${vrid}\n ${lines}\n virtual_ipaddress {\n 192.0.2.${vrid}\n }\n}\n`
}

test('limits of announcements: the global ones, and groups with their own and no others', (t) => {
  const config = load(`global_defs {
  vrrp_garp_interval 0.001
  vrrp_gna_interval 0.000001
}
garp_group {
  garp_interval 0.5
  interfaces {
    eth0
    eth1
  }
}
garp_group {
  gna_interval 0.25
  interface eth2
}
`)
  t.deepEqual(lowerLinks(config).garpPacing, {
    garpIntervalUs: 1_000,
    gnaIntervalUs: 1,
    groups: [
      { interfaces: ['eth0', 'eth1'], garpIntervalUs: 500_000, gnaIntervalUs: 0 },
      { interfaces: ['eth2'], garpIntervalUs: 0, gnaIntervalUs: 250_000 },
    ],
  })
})

test('extra interfaces are those that are no VMAC only where all are meant', (t) => {
  const period = (text: string): number | undefined => lower(load(text)).instances[0]?.garp.extraInterfacesS
  t.is(period(instance('VI_1', 1, 'garp_extra_if all 10')), 10)
  t.is(period(instance('VI_1', 1, 'garp_extra_if 10')), 0)
  t.is(period(`global_defs {\n vrrp_garp_extra_if all 20\n}\n${instance('VI_1', 1)}`), 20)
})

test('delays, the time after a boot and unknown VRIDs', (t) => {
  const config = load(`global_defs {
  vrrp_delay_after_boot 60.5
  log_unknown_vrids
}
interface_up_down_delays {
  eth0 1.5 0.25
  eth1 2
}
`)
  const { delayAfterBootMs, interfaceDelays, logUnknownVrids } = lowerLinks(config)
  t.is(delayAfterBootMs, 60_500)
  t.true(logUnknownVrids)
  t.deepEqual(interfaceDelays, [
    { interface: 'eth0', downUs: 1_500_000, upUs: 250_000 },
    { interface: 'eth1', downUs: 2_000_000, upUs: 0 },
  ])
})

test('receive buffers: what all instances want together', (t) => {
  const buffers = (globals: string, text: string): unknown => lowerLinks(load(`global_defs {\n ${globals}\n}\n${text}`)).receiveBuffers
  const two = instance('VI_1', 1) + instance('VI_2', 2)
  t.deepEqual(buffers('vrrp_rx_bufs_policy 65536', two), { bytes: 131_072, mtuMultiplier: 0, advertMultiplier: 0 })
  t.deepEqual(buffers('vrrp_rx_bufs_policy MTU\n vrrp_rx_bufs_multiplier 7', two), { bytes: 0, mtuMultiplier: 7, advertMultiplier: 0 })
  t.deepEqual(buffers('vrrp_rx_bufs_policy ADVERT', two), { bytes: 0, mtuMultiplier: 0, advertMultiplier: 3 })
  const own = instance('VI_1', 1, 'kernel_rx_buf_size 1000') + instance('VI_2', 2)
  t.deepEqual(buffers('vrrp_rx_bufs_policy 500', own), { bytes: 1_500, mtuMultiplier: 0, advertMultiplier: 0 })
  t.deepEqual(buffers('vrrp_rx_bufs_policy 4294967295', two), { bytes: 4_294_967_295, mtuMultiplier: 0, advertMultiplier: 0 })
})
