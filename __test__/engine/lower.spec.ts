import type { TrackerConfig } from '#native'
import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { lower } from '../../src/engine/lower.ts'

function load(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

/** What says nothing of interfaces. */
const NO_LINKS = {
  delayAfterBootMs: 0,
  garpPacing: { garpIntervalUs: 0, gnaIntervalUs: 0, groups: [] },
  interfaceDelays: [],
  logUnknownVrids: false,
  receiveBuffers: { bytes: 0, mtuMultiplier: 0, advertMultiplier: 0 },
} as const

test('defaults: an instance with an interface, a VRID and an address', (t) => {
  const config = load('vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.200\n }\n}\n')
  t.deepEqual(lower(config), {
    startupDelayMs: 0,
    ...NO_LINKS,
    trackers: [],
    staticObjects: { addresses: [], routes: [], rules: [] },
    instances: [
      {
        name: 'VI_1',
        interface: 'eth0',
        dynamicInterface: false,
        family: 4,
        version: 2,
        vrid: 51,
        priority: 100,
        advertIntUs: 1_000_000,
        downTimerAdverts: 3,
        preempt: true,
        preemptDelayUs: 0,
        group: '224.0.0.18',
        lowerPrioNoAdvert: false,
        higherPrioSendAdvert: false,
        ownerIgnoreAdverts: false,
        skipCheckAdvAddr: false,
        checksum: 'standard',
        oldUnicastGroup: '224.0.0.18',
        dontTrackPrimary: false,
        garp: {
          masterDelayMs: 5_000,
          masterRepeat: 5,
          masterRefreshS: 0,
          masterRefreshRepeat: 1,
          lowerPrioDelayMs: 5_000,
          lowerPrioRepeat: 5,
          extraInterfacesS: 0,
        },
        virtualAddresses: [
          {
            address: '192.0.2.200',
            prefixLength: 32,
            interface: 'eth0',
            scope: 0,
            noDad: false,
            home: false,
            manageTemporary: false,
            noPrefixRoute: false,
            autoJoin: false,
            noTrack: false,
          },
        ],
        excludedAddresses: [],
        routes: [],
        rules: [],
        resignOnLoss: false,
        promoteSecondaries: false,
        tracks: [],
      },
    ],
    groups: [],
  })
})

test('every keyword arrives in the unit of the engine', (t) => {
  const config = load(`global_defs {
  vrrp_startup_delay 2.5
  dynamic_interfaces
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  version 2
  state BACKUP
  priority 150
  advert_int 2
  down_timer_adverts 5
  preempt_delay 10
  mcast_src_ip 192.0.2.1
  mcast_dst_ip 224.0.0.99
  authentication {
    auth_type PASS
    auth_pass secret
  }
  garp_master_delay 3
  garp_master_repeat 2
  garp_master_refresh 60
  garp_master_refresh_repeat 4
  garp_lower_prio_delay 7
  garp_lower_prio_repeat 6
  lower_prio_no_advert
  higher_prio_send_advert
  skip_check_adv_addr
  dont_track_primary
  resign_on_loss
  promote_secondaries
  virtual_ipaddress {
    192.0.2.200/24 brd 192.0.2.255 dev eth1 scope link label eth1:vip noprefixroute
    198.51.100.1 peer 198.51.100.2
  }
  virtual_ipaddress_excluded {
    2001:db8::c8/64 preferred_lft 30 -nodad home mngtmpaddr
  }
}
`)
  const { startupDelayMs, instances } = lower(config)
  t.is(startupDelayMs, 2_500)
  const [instance] = instances
  t.deepEqual(instance?.authPass, new TextEncoder().encode('secret'))
  t.like(instance, {
    dynamicInterface: true,
    version: 2,
    priority: 150,
    initialState: 'BACKUP',
    advertIntUs: 2_000_000,
    downTimerAdverts: 5,
    preemptDelayUs: 10_000_000,
    sourceAddress: '192.0.2.1',
    group: '224.0.0.99',
    garp: {
      masterDelayMs: 3_000,
      masterRepeat: 2,
      masterRefreshS: 60,
      masterRefreshRepeat: 4,
      lowerPrioDelayMs: 7_000,
      lowerPrioRepeat: 6,
    },
    lowerPrioNoAdvert: true,
    higherPrioSendAdvert: true,
    skipCheckAdvAddr: true,
    dontTrackPrimary: true,
    resignOnLoss: true,
    promoteSecondaries: true,
  })
  t.deepEqual(instance?.virtualAddresses, [
    {
      address: '192.0.2.200',
      prefixLength: 24,
      interface: 'eth1',
      scope: 253,
      label: 'eth1:vip',
      broadcast: '192.0.2.255',
      noDad: false,
      home: false,
      manageTemporary: false,
      noPrefixRoute: true,
      autoJoin: false,
      noTrack: false,
    },
    {
      address: '198.51.100.1',
      prefixLength: 32,
      interface: 'eth0',
      scope: 0,
      peer: '198.51.100.2',
      noDad: false,
      home: false,
      manageTemporary: false,
      noPrefixRoute: false,
      autoJoin: false,
      noTrack: false,
    },
  ])
  t.deepEqual(instance?.excludedAddresses, [
    {
      address: '2001:db8::c8',
      prefixLength: 64,
      interface: 'eth0',
      scope: 0,
      preferredLifetimeS: 30,
      noDad: false,
      home: true,
      manageTemporary: true,
      noPrefixRoute: false,
      autoJoin: false,
      noTrack: false,
    },
  ])
})

test('version 3: hundredths of a second, its own options, IPv6', (t) => {
  const config = load(`vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 1
  version 3
  advert_int 0.05
  nopreempt
  timer_expired_backup 140
  v3_checksum_as_v2
  virtual_ipaddress {
    192.0.2.200
  }
}
vrrp_instance VI_6 {
  interface eth0
  virtual_router_id 1
  state MASTER
  priority 255
  owner_ignore_adverts
  virtual_ipaddress {
    fe80::1
  }
}
`)
  const [ipv4, ipv6] = lower(config).instances
  t.like(ipv4, { family: 4, version: 3, advertIntUs: 50_000, preempt: false, timerExpiredBackup: 140, checksum: 'no-pseudo-header' })
  t.like(ipv6, { family: 6, version: 3, group: 'ff02::12', initialState: 'MASTER', priority: 255, ownerIgnoreAdverts: true })
  t.like(ipv6?.virtualAddresses[0], { address: 'fe80::1', prefixLength: 128, noDad: true, preferredLifetimeS: 0 })
})

test('a start-up delay below a millisecond is not lost', (t) => {
  const config = load('')
  t.is(lower({ ...config, globalDefs: { ...config.globalDefs, vrrpStartupDelayUs: 100 } }).startupDelayMs, 1)
})

test('an address that is listed again keeps its place and means what the first line says', (t) => {
  const config = load(`vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    192.0.2.200/24 label eth0:vip
    192.0.2.200
    192.0.2.200 dev eth1
    192.0.2.200 dev eth0
  }
  virtual_ipaddress_excluded {
    192.0.2.200/25
  }
}
`)
  const [instance] = lower(config).instances
  const told = [...(instance?.virtualAddresses ?? []), ...(instance?.excludedAddresses ?? [])].map(
    ({ address, prefixLength, interface: device, label }) => `${address}/${prefixLength} ${device} ${label}`,
  )
  const first = '192.0.2.200/24 eth0 eth0:vip'
  t.deepEqual(told, [first, first, '192.0.2.200/32 eth1 undefined', first, first])
})

test('a repetition of no rounds is none', (t) => {
  const instance = 'vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 192.0.2.200\n }\n}\n'
  const garp = (globals: string): unknown => lower(load(`global_defs {\n${globals}\n}\n${instance}`)).instances[0]?.garp
  const minimal = {
    masterDelayMs: 0,
    masterRepeat: 1,
    masterRefreshS: 0,
    masterRefreshRepeat: 1,
    lowerPrioDelayMs: 0,
    lowerPrioRepeat: 1,
    extraInterfacesS: 0,
  }
  t.deepEqual(garp('vrrp_min_garp'), minimal)
  t.deepEqual(garp('vrrp_min_garp\nvrrp_garp_master_refresh 60'), minimal)
  t.like(garp('vrrp_min_garp\nvrrp_garp_master_refresh 60\nvrrp_garp_master_refresh_repeat 2'), {
    masterRefreshS: 60,
    masterRefreshRepeat: 2,
  })
})

test('an instance tracks what can be tracked, with the weight of its line', (t) => {
  const script = (name: string): string => `vrrp_script ${name} {\n script /bin/true\n weight 5 reverse\n}\n`
  const lines = 'track_script {\n a\n b weight -7\n c weight 3 noreverse\n}'
  const instance = `vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 192.0.2.200\n }\n ${lines}\n}\n`
  const config = load(`${script('a')}${script('b')}${script('c')}${instance}`)
  t.deepEqual(lower(config).instances[0]?.tracks, [])
  const known: TrackerConfig = { id: 9, generation: 3, name: 'a', source: { type: 'reported', initial: 'up' } }
  const numbers: Readonly<Record<string, number>> = { a: 9, c: 4 }
  const lowered = lower(config, { configs: [known], idOf: (kind, name) => (kind === 'script' ? numbers[name] : undefined) })
  t.deepEqual(lowered.trackers, [known])
  t.deepEqual(lowered.instances[0]?.tracks, [
    { tracker: 9, weight: 5, reverse: true },
    { tracker: 4, weight: 3, reverse: false },
  ])
})

test('sync groups have their members in order', (t) => {
  const instance = (name: string, vrid: number): string =>
    `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${vrid}\n virtual_ipaddress {\n 192.0.2.${vrid}\n }\n}\n`
  const config = load(`vrrp_sync_group G1 {\n group {\n VI_2\n VI_1\n }\n}\n${instance('VI_1', 1)}${instance('VI_2', 2)}`)
  t.deepEqual(lower(config).groups, [{ name: 'G1', members: ['VI_2', 'VI_1'] }])
})
