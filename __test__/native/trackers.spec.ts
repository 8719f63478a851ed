/** What instances track, through the addon: the snapshot, `setTrack()`, and what is told of it. */
import type { EngineConfig, InstanceConfig, InstanceStatus, TrackerConfig, TrackerResult } from '#native'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { engineConfig, instance } from './engine-config.ts'

const tracker = (id: number, changes: Partial<TrackerConfig> = {}): TrackerConfig => ({
  id,
  generation: 1,
  name: `script ${id}`,
  initial: 'up',
  ...changes,
})

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
    const trackers = [tracker(2), tracker(1, { initial: 'unknown' }), tracker(4_294_967_295, { generation: 7 })]
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
      { id: 1, generation: 1, name: 'script 1', state: 'down', isStale: false },
      { id: 2, generation: 1, name: 'script 2', state: 'down', isStale: false },
      { id: 4_294_967_295, generation: 7, name: 'script 4294967295', state: 'up', isStale: false },
    ])
    t.is(snapshot.engine.trackerResultsDropped, 2)
    const events = await program.run(({ engineEvents }) => engineEvents)
    const fault = events.map(({ event }) => event).find((event) => event.type === 'stateChanged' && event.to === 'FAULT')
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
    t.deepEqual(trackers, [{ id: 1, generation: 1, name: 'script 1', state: 'down', isStale: true }])
    await setTrack(program, { tracker: 1, generation: 1, state: 'up' })
    await waitForStatus(program, { state: 'MASTER' })
    const events = await program.run(({ engineEvents }) => engineEvents)
    const told = events.map(({ event }) => event).filter(({ type }) => type.startsWith('tracker'))
    t.deepEqual(told.slice(0, 2), [
      { type: 'trackerStale', tracker: 'script 1' },
      { type: 'trackerFresh', tracker: 'script 1' },
    ])
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
    await refuse(withTrackers([tracker(1), tracker(1, { name: 'other' })]), /tracker other has the number 1 of another one/)
    await refuse(withTrackers([tracker(-1)]), /script -1: id -1 is not an integer/)
    await refuse(withTrackers([tracker(1, { staleAfterMs: -1 })]), /script 1: staleAfterMs -1/)
    await refuse(withTrackers([tracker(1)], instance({ tracks: [{ ...track, weight: -1_001 }] })), /weight -1001 is not an integer/)
    t.pass()
  }),
)
