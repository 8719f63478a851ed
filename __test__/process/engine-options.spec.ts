/** `-V` and `-a`: what the engine leaves at a stop, and what it tells of addresses, beside the real keepalived. */
import { keepalivedConf } from '../lab/conf.ts'
import type { Implementation } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ADDRESS, startAsKeepalived } from './as-keepalived.ts'

const BOTH: readonly Implementation[] = ['keepalived', 'ka-native']

for (const implementation of BOTH) {
  labTest(
    `${implementation} -V: nobody resigns, the address stays, and the next stop without it removes it`,
    inLab(['a'], async (t, lab) => {
      const capture = await lab.capture('a', 'ip proto 112')
      const kept = await startAsKeepalived(lab, implementation, { args: ['-V'] })
      await lab.waitForHolders(ADDRESS, 'a')
      await waitFor('it advertises', async () => (await capture.advertisements()).length > 3)
      await kept.signal('SIGTERM')
      t.deepEqual(await kept.exited, { code: 0, signal: null })
      t.deepEqual(await lab.holders(ADDRESS), ['a'])
      const priorities = (await capture.advertisements()).map(({ priority }) => priority)
      t.false(priorities.includes(0), priorities.join())
      const next = await startAsKeepalived(lab, implementation)
      await next.waitForLine(/Entering MASTER STATE/)
      await lab.waitForHolders(ADDRESS, 'a')
      await next.signal('SIGTERM')
      await next.exited
      await lab.waitForHolders(ADDRESS)
    }),
  )
}

labTest(
  '-a: addresses of the host that come and go are told as keepalived tells them, and our own are not',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const router = { vrid: 51, priority: 100, version: 3, advertInt: 0.1 } as const
    const conf = keepalivedConf(
      { ...router, addresses: ['192.0.2.200/24'] },
      { ...router, name: 'V6', addresses: ['fe80::c8/64', '2001:db8::c8/64'] },
    )
    const told: string[][] = []
    for (const implementation of BOTH) {
      const child = await startAsKeepalived(lab, implementation, { conf, args: ['-a'] })
      await lab.waitForHolders('192.0.2.200', 'a')
      await lab.waitForHolders('2001:db8::c8', 'a')
      for (const [address, length, device] of [
        ['198.51.100.1', 24, 'eth0'],
        ['198.51.100.2', 24, 'lo'],
        ['2001:db8:1::1', 64, 'eth0'],
      ] as const) {
        await a.exec(['ip', 'address', 'add', `${address}/${length}`, 'dev', device, 'nodad'])
        // The kernel tells of an IPv6 address a little later, and of one that is gone by then never that it came.
        await child.waitForLine(new RegExp(`IP ${address} added to ${device}`))
        await a.exec(['ip', 'address', 'del', `${address}/${length}`, 'dev', device])
      }
      await child.waitForLine(/IP 2001:db8:1::1 removed from eth0/)
      await child.signal('SIGTERM')
      await child.exited
      await lab.waitForHolders('192.0.2.200')
      told.push(child.output.map(({ text }) => /Netlink reflector reports .*/.exec(text)?.[0] ?? '').filter((text) => text !== ''))
    }
    const [theirs = [], ours = []] = told
    t.true(theirs.length > 6, theirs.join('\n'))
    // keepalived tells the IPv6 addresses that it adds itself, and those alone.
    const others = theirs.filter((line) => !/::c8 added/.test(line))
    t.deepEqual(ours.toSorted(), others.toSorted())
    // What happens while they run comes in the same order.
    t.deepEqual(ours.slice(-6), others.slice(-6))
  }),
)
