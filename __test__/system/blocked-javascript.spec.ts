import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { V3_IPV4 } from '../lab/protocols.ts'

const BLOCKED_MS = 5_000
const BACKUP_PRIORITY = 100

const US_PER_S = 1_000_000

labTest(
  'a Master whose JavaScript is blocked for 5 s stays Master and is heard as before',
  inLab(['a', 'b', 'client'], async (t, lab) => {
    const { address, router } = V3_IPV4
    const capture = await lab.capture('client', 'ip proto 112')
    const program = await Program.start(lab.host('a'))
    await program.run(async (realm, conf) => await realm.start(conf), keepalivedConf({ ...router, priority: 200 }))
    await lab.waitForHolders(address, 'a')
    const b = await startDaemon(lab, 'b', 'ka-native', keepalivedConf({ ...router, priority: BACKUP_PRIORITY }))
    await b.process.waitForLine(/BACKUP/)

    const before = (await capture.advertisements()).length
    await program.run((realm, ms) => realm.block(ms), BLOCKED_MS)
    const heard = (await capture.advertisements()).slice(before)

    t.true(
      heard.every(({ source, priority }) => source === lab.host('a').ipv4 && priority === 200),
      'the Backup stays Backup',
    )
    t.false(b.process.output.some(({ text }) => text.includes('MASTER')))
    // RFC 9568 §6.1, with the three advertisements of down_timer_adverts.
    const masterDownUs = (3 + (256 - BACKUP_PRIORITY) / 256) * router.advertInt * US_PER_S
    const gapsUs = heard.slice(1).map(({ timeUs }, index) => timeUs - (heard[index]?.timeUs ?? 0))
    t.true(gapsUs.length > BLOCKED_MS / 1_000 / router.advertInt / 2, 'it advertised meanwhile')
    t.true(Math.max(...gapsUs) < masterDownUs, `the longest gap of ${Math.max(...gapsUs)} us is below ${masterDownUs} us`)
  }),
)
