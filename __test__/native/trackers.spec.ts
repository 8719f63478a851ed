/** What instances track, through the addon: the snapshot, `setTrack()`, and what is told of it. */
import { readFile, writeFile } from 'node:fs/promises'
import type { EngineConfig, EventKind, InstanceConfig, InstanceStatus, TrackerConfig, TrackerResult, TrackerSource } from '#native'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { engineConfig, instance } from './engine-config.ts'

type Reported = Extract<TrackerSource, { type: 'reported' }>

const tracker = (id: number, source: Partial<Reported> = {}, changes: Partial<TrackerConfig> = {}): TrackerConfig => ({
  id,
  generation: 1,
  name: `script ${id}`,
  source: { type: 'reported', initial: 'up', ...source },
  ...changes,
})

const REPORTED = { kind: 'reported', changes: 0, isGaining: false, isLosing: false, isStale: false } as const

const withTrackers = (trackers: TrackerConfig[], ...instances: readonly InstanceConfig[]): EngineConfig => ({
  ...engineConfig(...instances),
  trackers,
})

const apply = async (program: Program, config: EngineConfig): Promise<void> => {
  await program.run(async ({ engine }, wanted) => {
    await engine.apply(wanted)
  }, config)
}

const setTrack = async (program: Program, ...results: TrackerResult[]): Promise<void> => {
  await program.run(({ engine }, list) => {
    engine.setTrack(list)
  }, results)
}

async function waitForStatus(program: Program, wanted: Partial<InstanceStatus>): Promise<void> {
  const status = async (): Promise<InstanceStatus | undefined> =>
    (await program.run(async ({ engine }) => await engine.snapshot())).instances[0]
  await waitFor(
    `the instance is ${JSON.stringify(wanted)}`,
    async () => {
      const now: Readonly<Record<string, unknown>> = { ...(await status()) }
      return Object.entries(wanted).every(([key, value]) => now[key] === value)
    },
    { seen: status },
  )
}

serialLabTest(
  'results of trackers change priorities and states, and late ones nothing',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    const tracks = [
      { tracker: 1, weight: 0, reverse: false },
      { tracker: 2, weight: -30, reverse: false },
      { tracker: 4_294_967_295, weight: 20, reverse: true },
    ]
    const trackers = [tracker(2), tracker(1, { initial: 'unknown' }), tracker(4_294_967_295, {}, { generation: 7 })]
    await apply(program, withTrackers(trackers, instance({ priority: 100, tracks })))
    await waitForStatus(program, { state: 'INIT', trackersAwaited: 1, priority: 80, basePriority: 100, totalPriority: 80 })
    await setTrack(program, { tracker: 1, generation: 1, state: 'up' })
    await waitForStatus(program, { state: 'MASTER' })
    await setTrack(
      program,
      { tracker: 2, generation: 0, state: 'up' },
      { tracker: 9, generation: 1, state: 'down' },
      { tracker: 2, generation: 1, state: 'down' },
      { tracker: 1, generation: 1, state: 'down' },
    )
    await waitForStatus(program, { state: 'FAULT', trackerFaults: 1, priority: 50 })
    const snapshot = await program.run(async ({ engine }) => await engine.snapshot())
    t.deepEqual(snapshot.trackers, [
      { ...REPORTED, id: 1, generation: 1, name: 'script 1', state: 'down', changes: 2 },
      { ...REPORTED, id: 2, generation: 1, name: 'script 2', state: 'down', changes: 1 },
      { ...REPORTED, id: 4_294_967_295, generation: 7, name: 'script 4294967295', state: 'up' },
    ])
    t.is(snapshot.engine.trackerResultsDropped, 2)
    // The snapshot may be there before the event.
    const fault = await waitFor('the fault is told', async () => {
      const events = await program.run(({ engineEvents }) => engineEvents)
      return events.map(({ event }) => event).find((event) => event.type === 'stateChanged' && event.to === 'FAULT')
    })
    t.like(fault, { cause: { type: 'fault', linkDown: false, noSource: false, trackers: 1 } })
  }),
)

serialLabTest(
  'a tracker without results counts as failed, and says so',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open({ signals: false, heartbeatLimitMs: 0 }))
    const tracks = [{ tracker: 1, weight: 0, reverse: false }]
    await apply(program, withTrackers([tracker(1, { staleAfterMs: 1_000 })], instance({ tracks })))
    await waitForStatus(program, { state: 'FAULT' })
    const { trackers } = await program.run(async ({ engine }) => await engine.snapshot())
    t.deepEqual(trackers, [{ ...REPORTED, id: 1, generation: 1, name: 'script 1', state: 'down', changes: 1, isStale: true }])
    await setTrack(program, { tracker: 1, generation: 1, state: 'up' })
    const happened = async (): Promise<readonly EventKind[]> =>
      (await program.run(({ engineEvents }) => engineEvents)).map(({ event }) => event)
    // It is so for a moment, and then lacks results again.
    await waitFor(
      'the instance has been Master',
      async () => (await happened()).some((event) => event.type === 'stateChanged' && event.to === 'MASTER'),
      { seen: happened },
    )
    const told = (await happened()).filter(({ type }) => type.startsWith('tracker'))
    t.deepEqual(told.slice(0, 2), [
      { type: 'trackerStale', tracker: 'script 1' },
      { type: 'trackerFresh', tracker: 'script 1' },
    ])
  }),
)

serialLabTest(
  'interfaces, files and processes are followed by the engine itself, and told of',
  inLab(['a'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('numbers')
    await writeFile(`${outside}/file`, '5')
    await lab.host('a').exec(['ip', 'link', 'add', 'other', 'type', 'veth', 'peer', 'name', 'end'])
    await lab.host('a').exec(['ip', 'link', 'set', 'end', 'up'])
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    const sources: readonly (readonly [string, TrackerSource])[] = [
      ['other', { type: 'interface', interface: 'other' }],
      ['numbers', { type: 'file', path: `${inside}/file`, overwrite: false }],
      ['written', { type: 'file', path: `${inside}/written`, initialNumber: -3, overwrite: false }],
      [
        'sleepers',
        {
          type: 'process',
          process: 'no process is called so',
          fullCommand: false,
          parameters: [],
          quorum: 1,
          quorumMax: 0,
          forkDelayUs: 0,
          terminateDelayUs: 0,
        },
      ],
    ]
    const trackers = sources.map(([name, source], index): TrackerConfig => ({ id: index + 1, generation: 1, name, source }))
    const tracks = [10, 2, 1, 40].map((weight, index) => ({ tracker: index + 1, weight, reverse: false }))
    await apply(program, withTrackers(trackers, instance({ priority: 100, tracks })))
    await waitForStatus(program, { priority: 147 })
    t.is(await readFile(`${outside}/written`, 'utf8'), '-3\n')
    await writeFile(`${outside}/file`, '-5')
    await waitForStatus(program, { priority: 127 })
    await lab.host('a').exec(['ip', 'link', 'set', 'other', 'up'])
    await waitForStatus(program, { priority: 137 })
    const snapshot = await program.run(async ({ engine }) => await engine.snapshot())
    t.deepEqual(
      snapshot.trackers.map(({ name, kind, state, number, changes, processes }) => [name, kind, state, number, changes, processes]),
      [
        ['other', 'interface', 'up', undefined, 1, undefined],
        ['numbers', 'file', 'number', -5, 1, undefined],
        ['written', 'file', 'number', -3, 0, undefined],
        ['sleepers', 'process', 'up', undefined, 0, 0],
      ],
    )
    const toldSoFar = async (): Promise<readonly EventKind[]> => {
      const events = await program.run(({ engineEvents }) => engineEvents)
      return events.map(({ event }) => event).filter(({ type }) => type === 'trackerChanged' || type === 'trackerProblem')
    }
    const told = await waitFor('what the snapshot shows is told', async () => {
      const seen = await toldSoFar()
      return seen.filter(({ type }) => type === 'trackerChanged').length >= 6 && seen.some(({ type }) => type === 'trackerProblem') && seen
    })
    t.deepEqual(
      told.filter(({ type }) => type === 'trackerChanged'),
      [
        { type: 'trackerChanged', tracker: 'other', kind: 'interface', state: 'down', initial: true },
        { type: 'trackerChanged', tracker: 'numbers', kind: 'file', state: 'number', number: 5, initial: true },
        { type: 'trackerChanged', tracker: 'written', kind: 'file', state: 'number', number: -3, initial: true },
        { type: 'trackerChanged', tracker: 'sleepers', kind: 'process', state: 'up', initial: true },
        { type: 'trackerChanged', tracker: 'numbers', kind: 'file', state: 'number', number: -5, initial: false },
        { type: 'trackerChanged', tracker: 'other', kind: 'interface', state: 'up', initial: false },
      ],
    )
    t.like(
      told.find(({ type }) => type === 'trackerProblem'),
      { kind: 'process', tracker: '' },
      'the kernel tells of no processes in the network namespace of a host',
    )
  }),
)

serialLabTest(
  'a configuration whose trackers make no sense is refused',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    const refuse = async (config: EngineConfig, message: RegExp): Promise<void> => {
      await t.throwsAsync(apply(program, config), { code: 'KA_ERR_CONFIG_UNUSABLE', message })
    }
    const track = { tracker: 1, weight: 0, reverse: false }
    await refuse(engineConfig(instance({ tracks: [track] })), /VI_1: there is no tracker 1/)
    await refuse(withTrackers([tracker(1), tracker(1, {}, { name: 'other' })]), /tracker other has the number 1 of another one/)
    await refuse(withTrackers([tracker(-1)]), /script -1: id -1 is not an integer/)
    await refuse(withTrackers([tracker(1, { staleAfterMs: -1 })]), /script 1: staleAfterMs -1/)
    const strange = { type: 'strange' } as unknown as TrackerSource
    await refuse(withTrackers([tracker(1, {}, { source: strange })]), /script 1: source/)
    const process = { process: 'x', fullCommand: false, parameters: [], quorum: 0, forkDelayUs: 0, terminateDelayUs: 0 }
    await refuse(withTrackers([tracker(1, {}, { source: { type: 'process', ...process } })]), /script 1: quorum 0 is not an integer/)
    const file = { path: '/x', initialNumber: 2 ** 31, overwrite: false }
    await refuse(withTrackers([tracker(1, {}, { source: { type: 'file', ...file } })]), /script 1: initialNumber 2147483648/)
    await refuse(withTrackers([tracker(1)], instance({ tracks: [{ ...track, weight: -1_001 }] })), /weight -1001 is not an integer/)
    t.pass()
  }),
)

serialLabTest(
  'a description has what is tracked in parts, as the snapshot has it',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    await apply(program, withTrackers([tracker(1), tracker(2, { initial: 'down' }), tracker(3, { initial: 'unknown' })], instance()))
    const { parts, whole } = await program.run(async ({ engine }) => {
      const description = await engine.describe(false)
      const taken = [description.trackers(2), description.trackers(8), description.trackers(8)]
      return { parts: taken, whole: (await engine.snapshot()).trackers }
    })
    t.deepEqual(
      parts.map((part) => part.length),
      [2, 1, 0],
    )
    t.deepEqual(
      parts.flat().toSorted((one, other) => one.id - other.id),
      whole,
    )
  }),
)
