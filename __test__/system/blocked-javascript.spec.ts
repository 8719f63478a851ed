import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { V3_IPV4 } from '../lab/protocols.ts'

/** Advertisements that a Backup hears: had it missed them, it would have taken over (RFC 9568 §6.1). */
const PATIENCE = 5

labTest(
  'a Master whose JavaScript is blocked stays Master and is heard as before',
  inLab(['a', 'b', 'client'], async (t, lab) => {
    const { address } = V3_IPV4
    // So long that a busy machine delays no Master for three of them.
    const router = { ...V3_IPV4.router, advertInt: 1 }
    const capture = await lab.capture('client', 'ip proto 112')
    const program = await Program.start(lab.host('a'))
    await program.run(async (realm, conf) => await realm.start(conf, { heartbeatLimitMs: 0 }), keepalivedConf({ ...router, priority: 200 }))
    await lab.waitForHolders(address, 'a')
    const b = await startDaemon(lab, 'b', 'ka-native', keepalivedConf({ ...router, priority: 100 }))
    await b.process.waitForLine(/BACKUP/)

    program.begin(({ block }) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      process.stdout.write('blocked\n')
      while (!existsSync('/run/lab/go')) block(50)
    })
    await program.child.waitForLine(/^blocked$/)
    const blockedUs = Date.now() * 1_000
    const heard = await capture.waitFor(`${PATIENCE} advertisements since then`, (packets) => {
      const later = packets.filter(({ timeUs }) => timeUs > blockedUs)
      return later.length >= PATIENCE && later
    })
    await lab.sandbox.exec(['touch', '/run/lab/go'])

    t.true(
      heard.every(({ kind, sourceMac }) => kind === 'advertisement' && sourceMac === lab.host('a').mac),
      'the Backup stays Backup',
    )
    t.true((await capture.advertisements()).every(({ source, priority }) => source === lab.host('a').ipv4 && priority === 200))
    t.false(b.process.output.some(({ text }) => text.includes('MASTER')))
    const { instances } = await program.run(async ({ daemon }) => await daemon.status())
    t.is(instances[0]?.statistics.becameMaster, 1)
  }),
)
