/** The dumps of both daemons, of one configuration after the same events: what operators' tools read of them. */
import { readFile } from 'node:fs/promises'
import type { ExecutionContext } from 'ava'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { isJson } from './counters.ts'

// A busy machine is to delay no advertisement for three intervals: B stays Backup throughout.
const PEER = `vrrp_instance B {
  interface eth0
  virtual_router_id 8
  version 3
  priority 200
  advert_int 2
  virtual_ipaddress {
    192.0.2.108
  }
}
`

const CONF = `global_defs {
  router_id lab
  vrrp_garp_master_delay 3
}
static_ipaddress {
  198.51.100.77/24 dev eth0
}
static_routes {
  10.9.0.0/16 via 192.0.2.9 dev eth0 metric 5
  prohibit 10.8.0.0/16
}
static_rules {
  from 10.9.0.0/16 table 77 priority 900
}
vrrp_script s1 {
  script "/usr/bin/true 'a b'"
  interval 2
  rise 2
  fall 3
}
vrrp_sync_group G1 {
  group {
    A
    C
  }
  smtp_alert
  notify_priority_changes
  notify_master "/usr/bin/true 'a b'"
  notify_fault /usr/bin/true
  notify /usr/bin/true
  sync_group_tracking_weight
  track_script {
    s1 weight 4
  }
  track_interface {
    lo weight 3
  }
}
vrrp_instance A {
  state MASTER
  interface eth0
  virtual_router_id 7
  priority 100
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    192.0.2.101/24
    192.0.2.102/32 brd 192.0.2.255 scope link label eth0:x
    192.0.2.103
  }
  virtual_ipaddress_excluded {
    198.51.100.1/24
    2001:db8:5::1/64
    2001:db8:5::2
  }
  virtual_routes {
    10.1.0.0/16 via 192.0.2.9 dev eth0 metric 7
    10.3.0.0/16 dev eth0 scope link src 192.0.2.101 table 100
    blackhole 10.2.0.0/16
  }
  virtual_rules {
    from 10.1.0.0/16 table 100 priority 500
    to 10.4.0.0/16 iif eth0 fwmark 5 table 100 priority 501 no_track
  }
  notify_master "/usr/bin/true 'a b' c"
  notify /usr/bin/true
  garp_master_refresh 60
}
vrrp_instance B {
  interface eth0
  virtual_router_id 8
  version 3
  priority 90
  advert_int 2
  nopreempt
  virtual_ipaddress {
    192.0.2.108
  }
}
vrrp_instance C {
  interface eth0
  virtual_router_id 9
  priority 90
  preempt_delay 5
  virtual_ipaddress {
    fe80::55
    2001:db8::99/64
  }
}
`

/** Of `A`: its own, and the weights of what its group tracks. */
const TRACKED_PRIORITY = 100 + 4 + 3

/** SIGRTMIN+2. */
const DUMP_JSON = 36
const JSON_FILE = 'keepalived.json'

interface Dumps {
  readonly json: string
  readonly stats: string
  readonly data: string
  /** Before and after the counters were zeroed. */
  readonly zeroed: readonly [string, string]
}

type JsonInstance = Readonly<Record<'data' | 'stats', Readonly<Record<string, unknown>>>>

/** What differs for a reason: docs/compatibility.md, "Dumps". */
const ONLY_IN_24 = /^auth_ext_/
/** Of its own run. */
const OF_THE_RUN = new Set(['last_transition', 'advert_sent', 'advert_rcvd'])

/** By heading; the reasons are in docs/compatibility.md, "Dumps". Names end before the first digit. */
const DIFFERENCES: Readonly<Record<string, { readonly missing?: readonly string[]; readonly added?: readonly string[] }>> = {
  'Global definitions': {
    missing: [
      // What is not acted on, and accounts by number.
      'nftables without counters',
      'libnftnl version',
      'Gratuitous ARP for each secondary VMAC',
      'rx_bufs_multiples',
      'SNMP vrrp disabled',
      'SNMP checker disabled',
      'SNMP RFCv',
      'SNMP traps disabled',
      'SNMP socket',
      'DBus disabled',
      'DBus service name =',
      'Default script uid:gid',
      ...['process priority', "don't swap", 'realtime priority', 'realtime limit'].map((what) => `BFD ${what}`),
      ...['vrrp_netlink_cmd', 'vrrp_netlink_monitor', 'process_monitor', 'lvs_netlink_cmd', 'lvs_netlink_monitor'].flatMap((socket) => [
        `${socket}_rcv_bufs`,
        `${socket}_rcv_bufs_force`,
      ]),
    ],
    added: ['Json version'],
  },
  'VRRP Topology': {
    missing: ['Flags: none', 'Flags:', 'Number of config faults', 'Number of interface and track script faults', 'fd_in'],
    // All but the last two as 2.4 has them.
    added: ['Number of tracker faults', 'Flags of interface faults -', 'Last advert sent', 'VRRPv', 'Initial state', 'Checksum of'],
  },
  'VRRP Sockpool': { missing: ['fd_in', 'Rx buf size'], added: ['Address', 'Joined on ifindex'] },
  'VRRP Scripts': { missing: ['State', 'VRRP instances :'] },
  Interfaces: {
    // Static addresses are such as advertisements could come from.
    added: ['Additional IPv'],
    missing: [
      'Seen up',
      'Delayed state change running',
      'Up debounce timer',
      'Down debounce timer',
      'MAC broadcast',
      'Not IPv',
      'Reset ARP config counter',
      'Original arp_ignore',
      'Original arp_filter',
      'Original promote_secondaries',
      'Reset promote_secondaries counter',
    ],
  },
}

serialLabTest(
  'JSON and statistics of both daemons have the same keys, types and values',
  inLab(['host', 'peer'], async (t, lab) => {
    const dumps = await dumpsOfBoth(lab)
    const [theirs, ours] = [parse(dumps.keepalived.json), parse(dumps['ka-native'].json)]
    t.deepEqual(
      ours.map(({ data }) => data['iname']),
      theirs.map(({ data }) => data['iname']),
    )
    for (const [index, their] of theirs.entries()) compareInstance(t, their, ours[index])
    t.regex(dumps['ka-native'].json, /^\[\{"data":\{.*\\\/24 dev eth0.*\}\]\n$/, 'one line, slashes escaped')
    t.is(dumps['ka-native'].json.includes('secret'), false)

    t.deepEqual(statLines(withoutExtension(dumps['ka-native'].stats)), statLines(dumps.keepalived.stats))
    t.regex(dumps['ka-native'].stats, /  Authentication Extension Errors:\n    Missing: 0\n/)
    for (const implementation of ['keepalived', 'ka-native'] as const) {
      const [before, after] = dumps[implementation].zeroed
      t.regex(before, /^VRRP Instance: A\n(?:.*\n){2}    Sent: \d+\n  Became master: 1\n/, implementation)
      t.regex(after, /^VRRP Instance: A\n(?:.*\n){2}    Sent: \d+\n  Became master: 0\n/, implementation)
    }
  }),
)

serialLabTest(
  'the state for people has the headings and keys of keepalived, but for a list of differences',
  inLab(['host', 'peer'], async (t, lab) => {
    const dumps = await dumpsOfBoth(lab)
    const [theirs, ours] = [sections(dumps.keepalived.data), sections(dumps['ka-native'].data)]
    t.deepEqual([...ours.keys()], [...theirs.keys()], 'the same headings in the same order')
    for (const [heading, their] of theirs) {
      const our = ours.get(heading) ?? new Set()
      const { missing = [], added = [] } = DIFFERENCES[heading] ?? {}
      const lacking = [...their].filter((key) => !our.has(key)).toSorted()
      const more = [...our].filter((key) => !their.has(key)).toSorted()
      t.deepEqual(lacking, missing.toSorted(), `${heading}: what keepalived has alone`)
      t.deepEqual(more, added.toSorted(), `${heading}: what ka-native has alone`)
    }
    t.is(dumps['ka-native'].data.includes('secret'), false)
    t.regex(dumps['ka-native'].data, /Password = \*{8}\n/)
    t.deepEqual(held(dumps['ka-native'].data), held(dumps.keepalived.data))
    t.deepEqual(groups(dumps['ka-native'].data), groups(dumps.keepalived.data))
    for (const heading of ['Static Addresses', 'Static Routes', 'Static Rules']) {
      t.deepEqual(section(dumps['ka-native'].data, heading), section(dumps.keepalived.data, heading), heading)
    }
    t.true(groups(dumps['ka-native'].data).includes(' VRRP Sync Group = G1, MASTER'))
  }),
)

async function dumpsOfBoth(lab: Lab<'host' | 'peer'>): Promise<Record<Implementation, Dumps>> {
  const peer = await startDaemon(lab, 'peer', 'keepalived', PEER)
  await lab.waitForHolders('192.0.2.108', 'peer')
  const keepalived = await dumpsOf(lab, 'keepalived')
  const kaNative = await dumpsOf(lab, 'ka-native')
  await peer.terminate()
  return { keepalived, 'ka-native': kaNative }
}

async function dumpsOf(lab: Lab<'host' | 'peer'>, implementation: Implementation): Promise<Dumps> {
  const directory = await lab.sandbox.makeDirectory('host')
  const daemon = await startDaemon(lab, 'host', implementation, CONF, { env: { TMPDIR: directory.inside } })
  const request = async (signal: number, file: string): Promise<string> => {
    const path = `${directory.outside}/${file}`
    await lab.host('host').exec(['rm', '-f', `${directory.inside}/${file}`])
    await kill(lab, daemon, signal)
    const text = async (): Promise<string | undefined> => await readFile(path, 'utf8').catch(() => undefined)
    // keepalived writes it where it is read.
    const isWhole = async (): Promise<boolean> => (file === JSON_FILE ? isJson((await text()) ?? '') : (await text()) !== undefined)
    await waitFor(`${implementation} writes ${file}`, isWhole)
    // Dumps are written one after the other: once the next one is there, this one is whole.
    if (file !== JSON_FILE) await request(DUMP_JSON, JSON_FILE)
    return (await text()) ?? ''
  }
  await lab.waitForHolders('192.0.2.101', 'host')
  await lab.waitForHolders('198.51.100.1', 'host')
  await lab.waitForHolders('2001:db8::99', 'host')
  const json = await waitFor(`${implementation} hears the peer, and its script has run`, async () => {
    const text = await request(DUMP_JSON, JSON_FILE)
    const [a, b] = parse(text)
    return b?.data['master_priority'] === 200 && a?.data['effective_priority'] === TRACKED_PRIORITY && text
  })
  const stats = await request(12, 'keepalived.stats')
  const data = await request(10, 'keepalived.data')
  const before = await request(63, 'keepalived.stats')
  const after = await request(12, 'keepalived.stats')
  await daemon.terminate()
  return { json, stats, data, zeroed: [before, after] }
}

async function kill(lab: Lab<'host' | 'peer'>, daemon: Daemon, signal: number): Promise<void> {
  await lab.host('host').exec(['sh', '-c', `kill -${signal} ${daemon.process.pid}`])
}

function parse(json: string): JsonInstance[] {
  return JSON.parse(json) as JsonInstance[]
}

function compareInstance(t: ExecutionContext, theirs: JsonInstance, ours: JsonInstance | undefined): void {
  for (const part of ['data', 'stats'] as const) {
    const [their, our] = [theirs[part], ours?.[part] ?? {}]
    const name = `${String(theirs.data['iname'])} ${part}`
    const known = Object.keys(our).filter((key) => !ONLY_IN_24.test(key))
    t.deepEqual(known, Object.keys(their), `${name}: keys in order`)
    for (const [key, value] of Object.entries(their)) {
      if (OF_THE_RUN.has(key)) t.is(typeof our[key], typeof value, `${name}: ${key}`)
      // keepalived 2.2.7 still tells the password.
      else if (key === 'auth_data') t.is(our[key], '********')
      else t.deepEqual(our[key], value, `${name}: ${key}`)
    }
  }
}

/** The lines without what the time of a run makes of them. */
function statLines(stats: string): string[] {
  return stats.split('\n').map((line) => line.replace(/^( {4}(?:Sent|Received): )\d+$/, '$1N'))
}

function withoutExtension(stats: string): string {
  return stats.replaceAll(/  Authentication Extension Errors:\n(?: {4}.*\n){6}/g, '')
}

/** The keys of each section; a line without `=` is one by its first words, and values of lists are none. */
function sections(data: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const current = { keys: new Set<string>() }
  for (const line of data.split('\n')) {
    const heading = line.match(/^-+< (.*) >-+$/)?.[1]
    if (heading !== undefined) {
      current.keys = new Set()
      found.set(heading, current.keys)
      continue
    }
    const isItem = /^ {5}/.test(line) && !line.includes(' = ')
    if (line.trim() === '' || isItem) continue
    const [before = ''] = line.trim().split(' = ')
    const [name = ''] = before.split(/[\d(]/)
    current.keys.add(name.trim())
  }
  return found
}

/** The addresses with the word that says that they are there. */
function held(data: string): string[] {
  return data.split('\n').filter((line) => / scope .* set$/.test(line))
}

/** The lines below a heading. */
function section(data: string, heading: string): string[] {
  const [, rest = ''] = data.split(`------< ${heading} >------\n`)
  return (rest.split('------<')[0] ?? '').trimEnd().split('\n')
}

/** The sync groups, without the accounts of their scripts. */
function groups(data: string): string[] {
  // keepalived follows links to programs.
  return section(data, 'VRRP Sync groups').map((line) =>
    line.replace(/, uid:gid \d+:\d+$/, '').replace(/'[^']*\/(?:coreutils|true)'/, "'true'"),
  )
}
