/** What the engine tracks by itself counts while JavaScript stands still. */
import { writeFile } from 'node:fs/promises'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { V3_IPV4 } from '../lab/protocols.ts'

labTest(
  'a file that is written and a link that fails lead to a failover while JavaScript is blocked',
  inLab(['a', 'b'], async (t, lab) => {
    const { address, router } = V3_IPV4
    const files = await lab.sandbox.makeDirectory('numbers')
    const host = lab.host('a')
    await host.exec(['ip', 'link', 'add', 'other', 'type', 'veth', 'peer', 'name', 'end'])
    for (const end of ['other', 'end']) await host.exec(['ip', 'link', 'set', end, 'up'])
    const definitions = ['judge', 'weigh'].map((name) => `track_file ${name} {\n file ${files.inside}/${name}\n}\n`)
    const extra = ['track_file {', 'judge weight 0', 'weigh weight -150', '}', 'track_interface {', 'other', '}']
    const program = await Program.start(host)
    await program.run(
      async (realm, text) => await realm.start(text, { heartbeatLimitMs: 0 }),
      `${definitions.join('')}${keepalivedConf({ ...router, priority: 200, extra })}`,
    )
    await lab.waitForHolders(address, 'a')
    await startDaemon(lab, 'b', 'ka-native', keepalivedConf({ ...router, priority: 100 }))

    // Until everything has happened, however long that takes.
    program.begin(({ block }) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      process.stdout.write('blocked\n')
      while (!existsSync('/run/lab/go')) block(50)
    })
    await program.child.waitForLine(/^blocked$/)
    const changes = [
      async (isGood: boolean) => await writeFile(`${files.outside}/judge`, isGood ? '0' : '1'),
      async (isGood: boolean) => await writeFile(`${files.outside}/weigh`, isGood ? '' : '1'),
      async (isGood: boolean) => await host.exec(['ip', 'link', 'set', 'end', isGood ? 'up' : 'down']),
    ]
    for (const change of changes) {
      await change(false)
      await lab.waitForHolders(address, 'b')
      await change(true)
      await lab.waitForHolders(address, 'a')
    }
    await lab.sandbox.exec(['touch', '/run/lab/go'])
    const status = await program.run(async ({ daemon }) => await daemon.status())
    t.deepEqual(
      status.trackers.map(({ name, kind, state: known, number, changes: count }) => [name, kind, known, number, count]),
      [
        ['other', 'interface', 'up', undefined, 2],
        ['judge', 'file', 'number', 0, 2],
        ['weigh', 'file', 'number', 0, 2],
      ],
    )
  }),
)
