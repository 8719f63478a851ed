import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { EngineEvent } from '../../src/engine/events.ts'
import { TrackerSentences } from '../../src/log/tracker-sentences.ts'

type Change = Extract<EngineEvent, { type: 'trackerChanged' }>

function following(...tracks: readonly string[]): (event: Partial<Change> | EngineEvent) => string[] {
  const instances = tracks.map(
    (lines, index) =>
      `vrrp_instance I${index} {\n interface eth0\n virtual_router_id ${51 + index}\n virtual_ipaddress {\n 192.0.2.9\n }\n ${lines}\n}\n`,
  )
  const text = `track_file w {\n file /run/w\n}\nvrrp_track_process p {\n process x\n}\n${instances.join('')}`
  const { config } = loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } })
  const sentences = new TrackerSentences()
  sentences.configure(config)
  return (event) => {
    const change: Change = { type: 'trackerChanged', tracker: 'w', kind: 'file', state: 'number', initial: false, atMs: 0 }
    return sentences.before('instance' in event ? event : { ...change, ...(event as Partial<Change>) }).map(({ text: line }) => line)
  }
}

const list = (keyword: string, line: string): string => `${keyword} {\n ${line}\n}\n`

const startOf = (instance: string): EngineEvent => ({
  type: 'stateChanged',
  instance,
  from: 'INIT',
  to: 'FAULT',
  cause: { type: 'fault', linkDown: false, noSource: false, trackers: 1 },
  priority: 100,
  skipped: 0,
  atMs: 0,
})

test('a file that becomes a fault, or ceases to be one, is said of each instance for which it is', (t) => {
  const tell = following(list('track_file', 'w'), list('track_file', 'w weight 0'), list('track_file', 'w weight 2 reverse'), '')
  t.deepEqual(tell({ number: 5, initial: true }), [])
  t.deepEqual(tell({ number: 127 }), ['(I2): tracked file w now FAULT state'])
  t.deepEqual(tell({ number: 126 }), ['(I2): tracked file w leaving FAULT state'])
  t.deepEqual(tell({ number: 0 }), ['(I1): tracked file w leaving FAULT state'])
  t.deepEqual(tell({ number: -254 }), ['(I0): tracked file w now FAULT state', '(I1): tracked file w now FAULT state'])
})

test('an instance that starts with a fault says what of it is one', (t) => {
  const tell = following(
    list('track_file', 'w weight 2'),
    list('track_file', 'w weight 0'),
    list('track_process', 'p'),
    list('track_process', 'p weight 0 reverse'),
    list('track_interface', 'eth1'),
    list('track_interface', 'eth1 weight 20'),
  )
  tell({ number: -130, initial: true })
  tell({ tracker: 'p', kind: 'process', state: 'down', initial: true })
  tell({ tracker: 'eth1', kind: 'interface', state: 'down', initial: true })
  t.deepEqual(
    [0, 1, 2, 3, 4, 5].map((index) => tell(startOf(`I${index}`))),
    [
      ['(I0): entering FAULT state (tracked file w has status -260)'],
      ['(I1): entering FAULT state (tracked file w has status -254)'],
      ['(I2) entering FAULT state (tracked process p quorum not achieved)'],
      [],
      ['(I4): entering FAULT state (interface eth1 down)'],
      [],
    ],
  )
  t.deepEqual(tell({ ...startOf('I0'), from: 'BACKUP' } as EngineEvent), [], 'later the file has said it itself')
})
