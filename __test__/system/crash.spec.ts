import { keepalivedConf } from '../lab/conf.ts'
import { releaseKaNative, startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { V3_IPV4, V3_IPV6 } from '../lab/protocols.ts'

for (const { name, address, router } of [V3_IPV4, V3_IPV6]) {
  labTest(
    `${name}: after kill -9 the address stays until 'ka-native release', which takes that address alone`,
    inLab(['a'], async (t, lab) => {
      const bystander = '192.0.2.77'
      await lab.host('a').exec(['ip', 'address', 'add', `${bystander}/32`, 'dev', 'eth0'])
      const before = await lab.host('a').addresses()
      const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf({ ...router, priority: 200 }))
      await lab.waitForHolders(address, 'a')

      await daemon.kill()
      t.deepEqual(await lab.holders(address), ['a'])
      await releaseKaNative(lab, 'a')
      t.deepEqual(await lab.host('a').addresses(), before)
      // Nothing is left to release: that is no mistake.
      await releaseKaNative(lab, 'a')
      t.deepEqual(await lab.host('a').addresses(), before)
    }),
  )
}
