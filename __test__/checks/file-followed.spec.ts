/** The way of a number from a tracked file, which no router tracks, to its checker. */
import { writeFile } from 'node:fs/promises'
import type { EventKind } from '#native'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { engineConfig } from '../native/engine-config.ts'
import { EngineTrackers } from '../../src/track/engine-trackers.ts'
import { TrackerNumbers } from '../../src/track/trackers.ts'
import { ChecksUnderTest, load, oneServer } from './harness.ts'

serialLabTest(
  'a file that a checker alone follows is told by the engine, from the beginning on',
  inLab(['a'], async (t, lab) => {
    const { inside, outside } = await lab.sandbox.makeDirectory('numbers')
    await writeFile(`${outside}/file`, '2\n')
    const config = load(
      `track_file F {\n file ${inside}/file\n }\n${oneServer('127.0.0.1 80', 'FILE_CHECK {\n track_file F\n weight 3\n }')}`,
    )
    const { configs } = new EngineTrackers(new TrackerNumbers()).prepare(config)
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(config)
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open())
    await program.run(
      async ({ engine }, wanted) => {
        await engine.apply(wanted)
      },
      { ...engineConfig(), trackers: [...configs] },
    )
    const follow = async (weight: number): Promise<void> => {
      await waitFor(
        `the checker adds ${weight}`,
        async () => {
          const events: readonly { readonly event: EventKind }[] = await program.run(({ engineEvents }) => engineEvents.splice(0))
          for (const { event } of events) {
            if (event.type === 'trackerChanged' && event.number !== undefined) checks.checks.followFile(event.tracker, event.number)
          }
          return checks.only.weight === weight
        },
        { seen: () => checks.told },
      )
    }
    await follow(6)
    await writeFile(`${outside}/file`, '-4\n')
    await follow(-12)
    t.deepEqual(
      checks.told.map(({ what, weight }) => [what, weight]),
      [
        ['weight', 6],
        ['up', 6],
        ['weight', -12],
      ],
    )
  }),
)
