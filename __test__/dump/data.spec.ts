import test from 'ava'
import { dataPieces, parentPieces } from '../../src/dump/data.ts'
import { configOf, stateOf } from './state.ts'

process.env['TZ'] = 'UTC'

const CONF = `static_ipaddress {
  10.99.0.1/24 dev eth0
}
vrrp_script s1 {
  script "/usr/bin/env"
  interval 2
  weight -3 reverse
  init_fail
}
track_file f1 {
  file /run/f1
  weight 2
}
vrrp_sync_group G1 {
  group {
    B
  }
}
vrrp_instance A {
  interface eth0
  virtual_router_id 7
  version 3
  priority 90
  advert_int 0.5
  virtual_ipaddress {
    192.0.2.1/24
  }
  track_script {
    s1 weight 5
  }
  track_file {
    f1
  }
}
vrrp_instance B {
  interface eth0
  virtual_router_id 8
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    192.0.2.2/24
  }
}
`

const ETH0 = {
  name: 'eth0',
  index: 3,
  up: true,
  running: false,
  loopback: false,
  multicast: true,
  noarp: false,
  mtu: 1500,
  linkType: 1,
  mac: '02:00:00:00:00:01',
  addresses: ['10.0.0.1', '10.0.0.2', 'fe80::1'],
  instances: ['A', 'B'],
}

const CHECKSUMS = [{ address: '10.0.0.9', form: 'no-pseudo-header' as const }]
const STATE = stateOf(
  configOf(CONF),
  { sourceAddress: '10.0.0.1', timerAtMs: Date.UTC(2026, 0, 2, 3, 4, 6), joinedIfindex: 3, checksums: CHECKSUMS },
  [ETH0],
)
const DATA = [...dataPieces(STATE)].join('')

/** The lines after a heading or title, up to the next one of its depth. */
function after(title: string): string {
  const [, rest = ''] = DATA.split(`${title}\n`)
  const depth = title.search(/\S/)
  const lines = rest.split('\n')
  const end = lines.findIndex((line) => line.search(/\S/) <= depth)
  return lines.slice(0, end).join('\n')
}

test('headings come in the order of keepalived', (t) => {
  t.deepEqual(DATA.match(/^-+< .* >-+$/gm), [
    '------< Global definitions >------',
    '------< Static Addresses >------',
    '------< VRRP Topology >------',
    '------< VRRP Sockpool >------',
    '------< VRRP Sync groups >------',
    '------< VRRP Scripts >------',
    '------< VRRP Track files >------',
    '------< Interfaces >------',
  ])
  t.deepEqual([...parentPieces(STATE)].join('').match(/^-+< .* >-+$/gm), ['------< Global definitions >------'])
})

test('an instance tells its state, its times and what it tracks', (t) => {
  const text = after(' VRRP Instance = A')
  for (const line of [
    'VRRP Version = 3',
    'VRRPv3 uses VRRPv2 checksum = disabled',
    'Checksum of 10.0.0.9 = no-pseudo-header',
    'State = MASTER',
    'Number of tracker faults = 2',
    'Flags of interface faults - (none)',
    'Number of track scripts init = 1',
    'Total priority = 100',
    'Last transition = 1767323045.678000 (Fri Jan  2 03:04:05.678000 2026)',
    'Read timeout = 1767323046.000000 (Fri Jan  2 03:04:06.000000 2026)',
    'Master down timer = 3609375 usecs',
    'Using src_ip = 10.0.0.1',
    'Advert interval = 500 milli-sec',
    '  192.0.2.1/24 dev eth0 scope global set',
    '  s1 weight 5 reverse',
    '  f1, weight 2',
  ]) {
    t.true(text.split('\n').includes(`   ${line}`), `${line}\nin\n${text}`)
  }
  t.false(text.includes('Authentication'))
})

test('a fault says what is missing, and a state that never changed says so', (t) => {
  const { instances, ...state } = stateOf(configOf(CONF), { linkDown: true, noSource: true })
  for (const { details } of instances) delete details.changedAtMs
  const faulty = { ...state, instances }
  const text = [...dataPieces(faulty)].join('')
  t.regex(text, / {3}Number of tracker faults = 2\n {3}Flags of interface faults - interface down, no source address\n/)
  t.regex(text, / {3}Last transition = never\n {3}Read timeout = DISABLED\n/)
})

test('a member of a group names it, and a password is asterisks', (t) => {
  t.true(after(' VRRP Instance = B').includes('   Sync group = G1\n'))
  t.regex(after(' VRRP Instance = B'), / {3}Authentication type = SIMPLE_PASSWORD\n {3}Password = \*{8}\n/)
  t.false(DATA.includes('secret'))
})

test('scripts and files tell who tracks them', (t) => {
  t.is(
    after(' VRRP Script = s1'),
    `   Command = '/usr/bin/env'
   Interval = 2 sec
   Timeout = 0 sec
   Weight = -3 reverse
   Rise = 1
   Fall = 1
   Result = 1
   Insecure = no
   Init state = failed
   Status = BAD
   Script uid:gid = 65534:65533
   Tracking instances :
     A, weight 5 reverse`,
  )
  t.regex(after(' Track file = f1'), /^ {3}File = \/run\/f1\n {3}Status = 4\n {3}Weight = 2\n {3}Tracking instances :\n {5}A, weight 2$/)
})

test('an interface tells what the kernel says of it', (t) => {
  t.true(
    DATA.endsWith(` Name = eth0
   index = 3
   IPv4 address = 10.0.0.1
   Additional IPv4 addresses =
     10.0.0.2
   IPv6 address = fe80::1
   MAC = 02:00:00:00:00:01
   State = UP, not RUNNING
   MTU = 1500
   HW Type = ETHERNET
   NIC netlink status update
   Tracking VRRP instances :
     A, weight 0
     B, weight 0
`),
    DATA,
  )
})

test('a group tells its state, its members, what it tracks and whom it tells, as keepalived has it', (t) => {
  const group = `vrrp_sync_group G1 {
  group {
    A
    B
  }
  sync_group_tracking_weight
  smtp_alert
  notify_priority_changes
  notify_backup "/usr/bin/env backup"
  notify_master "/usr/bin/env master"
  notify_fault "/usr/bin/env fault" nobody
  notify_stop "/usr/bin/env stop"
  notify "/usr/bin/env any"
  track_interface {
    eth1 weight 5
  }
  track_script {
    s1 weight 10
  }
  track_file {
    f1 weight 3
  }
}
`
  const state = stateOf(configOf(CONF.replace(/vrrp_sync_group G1 \{\n(?:  .*\n)*\}\n/, group)))
  const text = [...dataPieces(state)].join('')
  t.is(
    /------< VRRP Sync groups >------\n([^]*?)------</.exec(text)?.[1],
    ` VRRP Sync Group = G1, MASTER
   Num member fault 2, num member init 2
   VRRP member instances :
     A
     B
   sync group tracking weight set
   Using smtp notification = yes
   Notify priority changes = yes
   Tracked interfaces :
     eth1 weight 5
   Tracked scripts :
     s1 weight 10 reverse
   Tracked files :
     f1, weight 3
   Backup state transition script = '/usr/bin/env' 'backup'
   Master state transition script = '/usr/bin/env' 'master'
   Fault state transition script = '/usr/bin/env' 'fault', user nobody
   Stop state transition script = '/usr/bin/env' 'stop'
   Generic state transition script = '/usr/bin/env' 'any'
`,
  )
})

test('processes tell how many there are, and what has yet to last', (t) => {
  const conf = `vrrp_track_process p {
  process sleep 100 200
  quorum 2
  quorum_max 5
  delay 0.5
}
vrrp_sync_group G1 {
  group {
    A
    B
  }
  track_process {
    p weight 4
  }
}
${['A', 'B'].map((name, index) => `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id ${index + 1}\n}\n`).join('')}`
  const text = [...dataPieces(stateOf(configOf(conf)))].join('')
  t.true(text.includes('   Tracked process :\n     p, weight 4\n'), 'keepalived has the singular for groups')
  t.is(
    /------< VRRP Track processes >------\n([^]*)/.exec(text)?.[1],
    ` VRRP Track process = p
   Process = sleep
   Parameters = 100 200
   Param match = exact
   Min processes = 2
   Max processes = 5
   Current processes = 2
   Have quorum = true
   Weight = 0
   Terminate delay = 0.500000s
   Fork delay = 0.500000s
   Fork delay timer not running
   Terminate delay timer running
   Full command = true
   Tracking instances :
     A, weight 4
     B, weight 4
`,
  )
})

test('an instance with unicast peers names them, with what is accepted of them; auth_hmac tells all but its keys', (t) => {
  const conf = `vrrp_instance U {
  interface eth0
  virtual_router_id 7
  version 3
  unicast_src_ip 192.0.2.1
  unicast_ttl 64
  old_unicast_checksum never
  auth_hmac {
    key 7 0123456789abcdef0123456789ABCDEF
    active_key 7
    mode permissive
  }
  unicast_peer {
    192.0.2.2 min_ttl 60
    192.0.2.3
  }
  virtual_ipaddress {
    192.0.2.9/24
  }
}
`
  const text = [...dataPieces(stateOf(configOf(conf), { sourceAddress: '192.0.2.1' }))].join('')
  for (const block of [
    'Flags:\n     Using unicast\n   Wantstate = MASTER',
    'Authentication extension = HMAC-SHA256-128\n     Keys = 1, active key id = 7\n     Mode = permissive\n     Anti replay = time, window = 5 sec',
    `Unicast TTL = 64
   Check unicast src : yes
   Unicast Peer :
     192.0.2.2 min_ttl 60 max_ttl 255
     192.0.2.3 min_ttl 0 max_ttl 255
   Unicast checksum compatibility = never`,
    'Type = Unicast\n   Address = 192.0.2.1\n   VRRP instances\n     U vrid 7',
  ]) {
    t.true(text.includes(`   ${block}\n`), `${block}\nin\n${text}`)
  }
  t.false(text.includes('Multicast address'))
  t.false(text.includes('0123456789abcdef'))
})
