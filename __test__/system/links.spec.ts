/** Interfaces that are renamed, deleted and made anew under a running daemon, by what the kernel has. */
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { V3_IPV4 } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Router } from './router.ts'

const { router, address } = V3_IPV4

labTest(
  'a card that is renamed and back, and one that is taken out and put back, cost the daemon its state and nothing else',
  inLab(['a', 'b'], async (t, lab) => {
    const a = lab.host('a')
    const daemon = await Router.start(a, keepalivedConf({ ...router, priority: 100 }))
    await daemon.waitForState('MASTER')
    await lab.waitForHolders(address, 'a')
    const held = async (dev: string): Promise<boolean> => (await a.exec(['ip', '-o', 'addr', 'show', 'dev', dev])).includes(`${address}/`)

    await a.exec(['ip', 'link', 'set', 'eth0', 'name', 'wan0'])
    await daemon.waitForState('FAULT')
    await waitFor('the renamed one has the address no more', async () => !(await held('wan0')))
    t.true((await a.exec(['ip', '-o', 'addr', 'show', 'dev', 'wan0'])).includes(`${a.ipv4}/`), 'what is not ours stays')
    await a.exec(['ip', 'link', 'set', 'wan0', 'name', 'eth0'])
    await daemon.waitForState('MASTER')
    await lab.waitForHolders(address, 'a')

    await lab.removeCard('a')
    await daemon.waitForState('FAULT')
    // Its index is not the old one again.
    await a.exec(['ip', 'link', 'add', 'spacer0', 'type', 'veth', 'peer', 'name', 'spacer1'])
    await lab.insertCard('a')
    await daemon.waitForState('MASTER')
    await lab.waitForHolders(address, 'a')

    // The group is joined by the new index: a better router is heard.
    // Its interval, which a Backup learns from it, is so long that a busy machine does not delay it for three of them.
    const better = await Router.start(lab.host('b'), keepalivedConf({ ...router, advertInt: 1, priority: 200 }))
    await lab.waitForHolders(address, 'b')
    await daemon.waitForState('BACKUP')
    t.is((await daemon.status()).masterAddress, lab.host('b').ipv4)
    await better.stop()
    await lab.waitForHolders(address, 'a')
    const master = ['BACKUP', 'MASTER'] as const
    // What it was before anybody listened is told to nobody.
    const states = async (): Promise<string> => (await daemon.states()).join().replace(/^BACKUP,/, '')
    const wanted = ['MASTER', 'FAULT', ...master, 'FAULT', ...master, ...master].join()
    await waitFor('everything is told', async () => (await states()).length >= wanted.length, { seen: states })
    t.is(await states(), wanted)
    await daemon.stop()
    t.false(await held('eth0'))
  }),
)

labTest(
  'an advertisement for a virtual router that there is none of is told where that is asked for',
  inLab(['a', 'b'], async (t, lab) => {
    const conf = keepalivedConf({ ...router, priority: 100 })
    const other = await Router.start(lab.host('b'), keepalivedConf({ ...router, vrid: 9, priority: 100, addresses: ['192.0.2.209/24'] }))
    const daemon = await Router.start(lab.host('a'), conf)
    await daemon.waitForState('MASTER')
    t.is((await daemon.snapshot()).engine.packetsUnknown, 0)
    await daemon.reload(conf.replace('global_defs {', 'global_defs {\n  log_unknown_vrids'))
    const unknown = async (): Promise<number> => (await daemon.snapshot()).engine.packetsUnknown
    await waitFor('it is counted', async () => (await unknown()) >= 5, { seen: unknown })
    await daemon.reload(conf)
    await other.stop()
    await daemon.stop()
  }),
)
