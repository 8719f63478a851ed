import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import { lower } from '../../src/engine/lower.ts'
import { EngineTrackers } from '../../src/track/engine-trackers.ts'
import { impliedInterfaces } from '../../src/track/implied-interfaces.ts'
import { TrackerNumbers } from '../../src/track/trackers.ts'

const FILE = `
track_group TG {
  group { VI_2 }
}
static_ipaddress {
  10.0.1.1/24 dev eth1 track_group TG
  10.0.2.1/24 dev eth2
}
static_routes {
  198.51.1.0/24 via 10.0.3.2 dev eth3 track_group TG
}
static_rules {
  from 10.0.0.0/8 iif eth4 table 100 preference 5 track_group TG
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.0.2.200
    10.0.5.1/24 dev eth5
    10.0.6.1/24 dev eth6 no_track
  }
  virtual_ipaddress_excluded {
    10.0.7.1/24 dev eth7
  }
  virtual_routes {
    198.51.2.0/24 via 10.0.5.2 dev eth5
    198.51.3.0/24 nexthop via 10.0.8.2 dev eth8 nexthop via 192.0.2.9 dev eth0
    198.51.4.0/24 via 10.0.9.2 dev eth9 no_track
  }
  track_interface {
    eth7 weight -10
  }
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  virtual_ipaddress {
    192.0.2.201
  }
}
`

const { config } = loadConfig({ file: 'keepalived.conf', text: FILE, host: { ...localHost(), hasInterface: () => true } })

test('what is held on other interfaces makes an instance track them, and so do static objects with a track group', (t) => {
  const implied = impliedInterfaces(config)
  t.deepEqual(
    config.vrrpInstances.map((instance) => implied(instance)),
    [
      ['eth5', 'eth7'],
      ['eth1', 'eth3', 'eth4'],
    ],
  )
})

test('each is tracked once, without a weight unless a line gives it one', (t) => {
  const trackers = new EngineTrackers(new TrackerNumbers()).prepare(config)
  const names = new Map(trackers.configs.map(({ id, name }) => [id, name]))
  const tracks = lower(config, trackers).instances.map((instance) =>
    instance.tracks?.map(({ tracker, weight }) => [names.get(tracker), weight]),
  )
  t.deepEqual(tracks, [
    [
      ['eth5', 0],
      ['eth7', -10],
    ],
    [
      ['eth1', 0],
      ['eth3', 0],
      ['eth4', 0],
    ],
  ])
})
