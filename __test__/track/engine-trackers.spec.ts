import test from 'ava'
import type { TrackerConfig } from '#native'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { lower } from '../../src/engine/lower.ts'
import { EngineTrackers } from '../../src/track/engine-trackers.ts'
import { TrackerNumbers } from '../../src/track/trackers.ts'

function load(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } }).config
}

const instance = (name: string, vrid: number, tracks: string): string =>
  `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${vrid}\n virtual_ipaddress {\n 192.0.2.${vrid}\n }\n ${tracks}\n}\n`

const file = (name: string, lines = ''): string => `track_file ${name} {\n file /run/${name}\n ${lines}\n}\n`

const list = (keyword: string, ...lines: readonly string[]): string => ` ${keyword} {\n${lines.join('\n')}\n}\n`

function prepare(trackers: EngineTrackers, text: string): readonly TrackerConfig[] {
  const prepared = trackers.prepare(load(text))
  trackers.commit(prepared)
  return prepared.configs
}

test('what instances and groups track is told once, and what nobody tracks is not', (t) => {
  const trackers = new EngineTrackers(new TrackerNumbers())
  const text = [
    file('a', 'init_file 7 overwrite'),
    file('b'),
    file('unused'),
    'vrrp_track_process p {\n process "/usr/bin/x" "a b"\n param_match initial\n quorum 2\n quorum_max 3\n delay 0.5\n terminate_delay 2\n}\n',
    'vrrp_sync_group G {\n group {\n I1\n I2\n }\n',
    list('track_file', 'b weight 2'),
    list('track_interface', 'eth1'),
    '}\n',
    instance('I1', 51, `${list('track_file', 'a weight 0')}${list('track_process', 'p weight 0')}${list('track_interface', 'eth2')}`),
    instance('I2', 52, list('track_file', 'a weight 0')),
  ].join('')
  const config = load(text)
  const prepared = trackers.prepare(config)
  t.deepEqual(
    prepared.configs.map(({ id, generation, name, source }) => [id, generation, name, source]),
    [
      [1, 1, 'eth2', { type: 'interface', interface: 'eth2' }],
      [2, 1, 'eth1', { type: 'interface', interface: 'eth1' }],
      [3, 1, 'a', { type: 'file', path: '/run/a', initialNumber: 7, overwrite: true }],
      [4, 1, 'b', { type: 'file', path: '/run/b', overwrite: false }],
      [
        5,
        1,
        'p',
        {
          type: 'process',
          process: '/usr/bin/x',
          fullCommand: true,
          parameters: ['a b'],
          parameterMatch: 'initial',
          quorum: 2,
          quorumMax: 3,
          forkDelayUs: 500_000,
          terminateDelayUs: 2_000_000,
        },
      ],
    ],
  )
  const tracks = lower(config, prepared).instances.map((one) => one.tracks)
  const [eth2, eth1, a, b, p] = [1, 2, 3, 4, 5].map((tracker) => ({ tracker, weight: 0, reverse: false }))
  t.deepEqual(tracks, [
    [eth2, a, p, eth1, { ...b, weight: 2 }],
    [a, eth1, { ...b, weight: 2 }],
  ])
})

test('the weight of a group counts for its members, but for a member for which it is a fault', (t) => {
  const trackers = new EngineTrackers(new TrackerNumbers())
  const group = `vrrp_sync_group G {\n group {\n I1\n I2\n I3\n }\n sync_group_tracking_weight\n${list('track_file', 'a weight 2 reverse')}}\n`
  const text = [
    file('a'),
    group,
    instance('I1', 51, list('track_file', 'a weight 0')),
    instance('I2', 52, list('track_file', 'a weight 9')),
    instance('I3', 53, ''),
  ].join('')
  const config = load(text)
  const tracks = lower(config, trackers.prepare(config)).instances.map((one) => one.tracks)
  const ofGroup = { tracker: 1, weight: 2, reverse: true }
  t.deepEqual(tracks, [[{ tracker: 1, weight: 0, reverse: false }], [ofGroup], [ofGroup]])
})

test('a file gets its first number at the start alone, and what a reload keeps has its number', (t) => {
  const trackers = new EngineTrackers(new TrackerNumbers())
  const text = (path: string, tracked = 'a'): string =>
    `track_file a {\n file ${path}\n init_file\n}\n${file('b')}${instance('I1', 51, list('track_file', tracked))}`
  const sourceOf = (configs: readonly TrackerConfig[]): unknown => configs.map(({ id, generation, source }) => [id, generation, source])
  const source = (path: string, first?: number): unknown => ({
    type: 'file',
    path,
    overwrite: false,
    ...(first === undefined ? {} : { initialNumber: first }),
  })
  // A configuration that the engine refused leaves the start to come.
  trackers.prepare(load(text('/run/a')))
  t.deepEqual(sourceOf(prepare(trackers, text('/run/a'))), [[2, 1, source('/run/a', 0)]])
  t.deepEqual(sourceOf(prepare(trackers, text('/run/a'))), [[2, 2, source('/run/a')]])
  t.deepEqual(sourceOf(prepare(trackers, text('/run/a'))), [[2, 2, source('/run/a')]])
  t.deepEqual(sourceOf(prepare(trackers, text('/run/other'))), [[2, 3, source('/run/other')]])
  t.deepEqual(sourceOf(prepare(trackers, text('/run/a', 'b'))), [[3, 1, source('/run/b')]])
  t.deepEqual(sourceOf(prepare(trackers, text('/run/a'))), [[4, 1, source('/run/a')]])
})

test('the buffer for what the kernel tells of processes is told where it is configured', (t) => {
  const config = load(`global_defs {\n process_monitor_rcv_bufs 300000\n process_monitor_rcv_bufs_force\n}\n${instance('I1', 51, '')}`)
  t.like(lower(config), { processReceiveBuffer: 300_000, processReceiveBufferForce: true })
})

test('a file that a checker alone follows is told too', (t) => {
  const server = 'virtual_server 192.0.2.1 80 {\n real_server 192.0.2.2 80 {\n FILE_CHECK {\n track_file c\n }\n }\n}\n'
  const configs = prepare(new EngineTrackers(new TrackerNumbers()), `${file('c')}${file('unused')}${server}`)
  t.deepEqual(
    configs.map(({ name, source }) => [name, source]),
    [['c', { type: 'file', path: '/run/c', overwrite: false }]],
  )
})
