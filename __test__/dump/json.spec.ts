import test from 'ava'
import { jsonPieces } from '../../src/dump/json.ts'
import { statsPieces } from '../../src/dump/stats.ts'
import { configOf, detailsOf, stateOf } from './state.ts'

const INSTANCE = `vrrp_instance A {
  interface eth0
  virtual_router_id 7
  virtual_ipaddress {
    192.0.2.1/24
  }
`

function jsonOf(text: string): string {
  return [...jsonPieces(stateOf(configOf(text)))].join('')
}

/** The instances of version 1. */
function instancesOf(text: string): readonly Readonly<Record<'data' | 'stats', Readonly<Record<string, unknown>>>>[] {
  return JSON.parse(jsonOf(text)) as ReturnType<typeof instancesOf>
}

// As keepalived 2.4.3 was seen to write them (process.md §9.3).
const DATA_KEYS = `iname dont_track_primary skip_check_adv_addr strict_mode vmac_ifname ifp_ifname master_priority last_transition
garp_delay garp_refresh garp_rep garp_refresh_rep garp_lower_prio_delay garp_lower_prio_rep lower_prio_no_advert
higher_prio_send_advert vrid base_priority effective_priority vipset promote_secondaries adver_int master_adver_int accept
nopreempt preempt_delay state wantstate version smtp_alert notify_deleted`.split(/\s+/)
const STATS_KEYS = `advert_rcvd advert_sent become_master release_master packet_len_err advert_interval_err ip_ttl_err
invalid_type_rcvd addr_list_err invalid_authtype authtype_mismatch auth_failure auth_ext_missing auth_ext_malformed
auth_ext_unknown_key auth_ext_invalid_hmac auth_ext_stale auth_ext_replay pri_zero_rcvd pri_zero_sent`.split(/\s+/)

test('keys are those of keepalived 2.4.3 in its order, and what is not set is left out', (t) => {
  const [instance] = instancesOf(`${INSTANCE}}\n`)
  t.deepEqual(Object.keys(instance?.data ?? {}), [...DATA_KEYS, 'vips', 'auth_type'])
  t.deepEqual(Object.keys(instance?.stats ?? {}), STATS_KEYS)
  const full = `vrrp_script s {
  script "/usr/bin/env 'a b'"
}
vrrp_track_process p {
  process sshd
}
${INSTANCE}
  notify_backup /usr/bin/b
  notify_master /usr/bin/m
  notify_fault /usr/bin/f
  notify_stop /usr/bin/s
  notify_deleted /usr/bin/d
  notify /usr/bin/n
  notify_master_rx_lower_pri /usr/bin/l
  virtual_ipaddress_excluded {
    192.0.2.2/24
  }
  virtual_routes {
    198.51.100.0/24 via 192.0.2.9 dev eth0
  }
  virtual_rules {
    from 198.51.100.0/24 lookup 100 priority 7
  }
  track_interface {
    eth1
  }
  track_script {
    s
  }
  track_process {
    p
  }
  authentication {
    auth_type PASS
    auth_pass secret
  }
}
`
  const [all] = instancesOf(full)
  const scripts = ['backup', 'master', 'fault', 'stop', 'deleted'].map((name) => `script_${name}`)
  const more = ['script', 'script_master_rx_lower_pri', 'vips', 'evips', 'vroutes', 'vrules', 'track_ifp', 'track_script', 'track_process']
  t.deepEqual(Object.keys(all?.data ?? {}), [...DATA_KEYS, ...scripts, ...more, 'auth_type', 'auth_data'])
  t.like(all?.data, {
    script_master: "'/usr/bin/m'",
    script: "'/usr/bin/n'",
    track_script: ["'/usr/bin/env' 'a b'"],
    track_process: ['p'],
    track_ifp: ['eth1'],
    vrules: ['from 198.51.100.0/24 priority 7 tos 0x0 protocol 18 lookup 100'],
    auth_type: 1,
    auth_data: '********',
    notify_deleted: true,
  })
})

test('each counter is under its own key, in both dumps', (t) => {
  const [instance] = instancesOf(`${INSTANCE}}\n`)
  t.deepEqual(Object.values(instance?.stats ?? {}), [1, 2, 3, 4, 11, 70, 20, 80, 7, 40, 50, 60, 21, 22, 23, 24, 25, 26, 5, 6])
  const stats = [...statsPieces(stateOf(configOf(`${INSTANCE}}\n`)))].join('')
  t.is(
    stats,
    `VRRP Instance: A
  Advertisements:
    Received: 1
    Sent: 2
  Became master: 3
  Released master: 4
  Packet Errors:
    Length: 11
    TTL: 20
    Invalid Type: 80
    Advertisement Interval: 70
    Address List: 7
  Authentication Errors:
    Invalid Type: 40
    Type Mismatch: 50
    Failure: 60
  Authentication Extension Errors:
    Missing: 21
    Malformed: 22
    Unknown Key: 23
    Invalid HMAC: 24
    Stale: 25
    Replay: 26
  Priority Zero:
    Received: 5
    Sent: 6
`,
  )
})

test('numbers are short, slashes escaped, and all is one line', (t) => {
  const json = jsonOf(`${INSTANCE}  version 3\n  advert_int 0.5\n  nopreempt\n}\n`)
  t.regex(json, /^\[\{"data":\{"iname":"A",.*\}\]\n$/)
  t.true(json.includes('"last_transition":1767323045.678,"garp_delay":5,'))
  t.true(json.includes('"adver_int":0.5,"master_adver_int":0.5,"accept":1,"nopreempt":true,"preempt_delay":0,"state":2,"wantstate":2,'))
  t.true(json.includes(String.raw`"vips":["192.0.2.1\/24 dev eth0 scope global set"]`))
})

test('states have the numbers of keepalived, and addresses count as set where a Master holds them', (t) => {
  const config = configOf(`${INSTANCE}}\n`)
  const [instance] = config.vrrpInstances
  if (instance === undefined) throw new Error('no instance')
  const { status } = detailsOf(instance)
  for (const [state, number] of [
    ['INIT', 0],
    ['BACKUP', 1],
    ['MASTER', 2],
    ['FAULT', 3],
    ['STOP', 98],
  ] as const) {
    for (const isHeld of [true, false]) {
      const json = [...jsonPieces(stateOf(config, { status: { ...status, state }, addressesHeld: [isHeld] }))].join('')
      t.true(json.includes(`"state":${number},"wantstate":${number},`))
      t.true(json.includes(`"vipset":${state === 'MASTER' && isHeld},`))
    }
  }
})

test('version 2 puts instances and processes beside each other', (t) => {
  const two = 'global_defs {\n  json_version 2\n}\n'
  t.regex(jsonOf(`${two}${INSTANCE}}\n`), /^\{"vrrp":\[\{"data":\{.*\}\}\]\}\n$/)
  const process = 'vrrp_track_process p {\n  process sshd -D\n  quorum 2\n  delay 1.5\n}\n'
  const json = JSON.parse(jsonOf(`${two}${process}${INSTANCE}  track_process {\n    p\n  }\n}\n`)) as Record<string, unknown>
  const [known] = json['track_process'] as readonly Record<string, unknown>[]
  // In keepalived's order.
  t.deepEqual(Object.entries(known ?? {}), [
    ['process', 'sshd'],
    ['parameters', '-D'],
    ['param_match', 'exact'],
    ['min_processes', 2],
    ['current_processes', 2],
    ['have_quorum', true],
    ['weight', 0],
    ['terminate_delay', 1.5],
    ['fork_delay', 1.5],
    ['fork_delay_timer_running', false],
    ['terminate_delay_timer_running', true],
    ['full_command', true],
  ])
})
