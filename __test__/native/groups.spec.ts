/** Sync groups through the addon: their configuration, what is told of them, and the snapshot and description. */
import type { EngineConfig, EventKind } from '#native'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { address, engineConfig, instance } from './engine-config.ts'

/** Two instances in one group, the second of which tracks something. */
function pair(): EngineConfig {
  return {
    ...engineConfig(
      instance({ name: 'one', vrid: 1, virtualAddresses: [address('192.0.2.201')] }),
      instance({
        name: 'two',
        vrid: 2,
        virtualAddresses: [address('192.0.2.202')],
        tracks: [{ tracker: 1, weight: 0, reverse: false }],
      }),
    ),
    trackers: [{ id: 1, generation: 1, name: 'script', source: { type: 'reported', initial: 'up' } }],
    groups: [{ name: 'G', members: ['one', 'two'] }],
  }
}

async function told(program: Program): Promise<string[]> {
  const events: readonly { event: EventKind }[] = await program.run(({ engineEvents }) => engineEvents)
  return events.flatMap(({ event }) => {
    if (event.type === 'stateChanged') return [`${event.instance} ${event.to} ${event.cause.type}`]
    return event.type === 'groupStateChanged' ? [`${event.group} ${event.from} ${event.to} ${event.skipped}`] : []
  })
}

serialLabTest(
  'a group is told of behind its members, and before them when it starts',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    await program.run(async ({ engine }, wanted) => {
      await engine.apply(wanted)
    }, pair())
    const snapshot = async () => await program.run(async ({ engine }) => await engine.snapshot())
    const waitForGroup = async (state: string): Promise<void> => {
      await waitFor(`the group is ${state}`, async () => (await snapshot()).groups[0]?.state === state, { seen: snapshot })
    }
    await waitForGroup('MASTER')
    const [group] = (await snapshot()).groups
    t.like(group, { name: 'G', members: ['one', 'two'] })
    t.true(group !== undefined && group.inStateForMs >= 0 && (group.changedAtMs ?? 0) > 0)

    await program.run(({ engine }) => {
      engine.setTrack([{ tracker: 1, generation: 1, state: 'down' }])
    })
    await waitForGroup('FAULT')
    await waitFor('all is told', async () => (await told(program)).includes('G MASTER FAULT 0'), { seen: async () => await told(program) })
    const all = await told(program)
    t.deepEqual(all.slice(0, 3), ['G INIT BACKUP 0', 'one BACKUP start', 'two BACKUP start'])
    // Whichever was ready last causes it.
    const [cause, other] = all.slice(3, 5).map((line) => line.split(' '))
    t.true(['one two', 'two one'].includes(`${cause?.[0]} ${other?.[0]}`))
    t.deepEqual(
      [cause?.slice(1), other?.slice(1)],
      [
        ['MASTER', 'masterDownTimer'],
        ['MASTER', 'group'],
      ],
    )
    t.is(all[5], 'G BACKUP MASTER 0')
    t.deepEqual(all.slice(6), ['two FAULT fault', 'one FAULT fault', 'G MASTER FAULT 0'])
    const events = await program.run(({ engineEvents }) => engineEvents)
    const dragged = events
      .map(({ event }) => event)
      .find((event) => event.type === 'stateChanged' && event.instance === 'one' && event.to === 'FAULT')
    t.like(dragged, { cause: { type: 'fault', linkDown: false, noSource: false, group: true } })
  }),
)

serialLabTest(
  'a description has the groups in parts',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    const parts = await program.run(
      async ({ engine }, wanted) => {
        await engine.apply(wanted)
        const description = await engine.describe(false)
        return [description.groups(1), description.groups(8), description.groups(8)]
      },
      {
        ...pair(),
        groups: [
          { name: 'G', members: ['two'] },
          { name: 'H', members: ['one'] },
        ],
      },
    )
    t.deepEqual(
      parts.map((part) => part.map(({ name, members }) => `${name} ${members.join(' ')}`)),
      [['G two'], ['H one'], []],
    )
  }),
)

serialLabTest(
  'a group that cannot be is refused, and nothing changes',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    const refusal = async (groups: EngineConfig['groups']): Promise<unknown> =>
      await program.run(
        async ({ engine }, wanted) => {
          try {
            await engine.apply(wanted)
            return 'taken'
          } catch (error) {
            return `${(error as { code: string }).code} ${(error as Error).message}`
          }
        },
        { ...pair(), groups: groups ?? [] },
      )
    t.is(await refusal([{ name: 'G', members: [] }]), 'KA_ERR_CONFIG_UNUSABLE sync group G: it has no instance')
    t.is(
      await refusal([{ name: 'G', members: ['three'] }]),
      'KA_ERR_CONFIG_UNUSABLE sync group G: there is no instance three, or it is in a group already',
    )
    t.is(
      await refusal([
        { name: 'G', members: ['one'] },
        { name: 'H', members: ['one', 'two'] },
      ]),
      'KA_ERR_CONFIG_UNUSABLE sync group H: there is no instance one, or it is in a group already',
    )
    const { instances } = await program.run(async ({ engine }) => await engine.snapshot())
    t.deepEqual(instances, [])
  }),
)
