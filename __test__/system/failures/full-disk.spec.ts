/** A disk without room, for everything that the daemon writes but its log (log.spec.ts and syslog.spec.ts have that). */
import { appendFile, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import type { ExecutionContext } from 'ava'
import { keepalivedConf } from '../../lab/conf.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { ADDRESS, KEEPALIVED_WORDS, Patient, conf, startObserver, turn, type Pair } from './patient.ts'

/** A small file system. */
interface Disk {
  readonly inside: string
  readonly outside: string
  readonly fill: () => Promise<void>
  readonly empty: () => Promise<void>
  /** What is on it. */
  readonly names: () => Promise<string[]>
}

async function makeDisk(t: ExecutionContext, lab: Pair): Promise<Disk> {
  const { inside, outside } = await lab.sandbox.makeDirectory('disk')
  await lab.sandbox.exec(['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', inside])
  const filler = `${outside}/filler`
  return {
    inside,
    outside,
    fill: async () => {
      await t.throwsAsync(appendFile(filler, Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' })
    },
    empty: async () => {
      await rm(filler)
    },
    names: async () => (await readdir(outside)).filter((name) => name !== 'filler').sort(),
  }
}

const OTHER = '192.0.2.201'

/** A second router, with an address of its own, which a reload adds. */
const SECOND = keepalivedConf({ vrid: 99, version: 3, priority: 100, advertInt: 0.2, addresses: [`${OTHER}/24`] }).replace(
  /^[^]*?\n}\n/,
  '',
)

serialLabTest(
  'no room for the record of addresses: nothing is added that could not be recorded, which is said, and what is there goes on',
  inLab(['a', 'b'], async (t, lab) => {
    const disk = await makeDisk(t, lab)
    const words = ['start', '-f', 'DIRECTORY/keepalived.conf', '--runtime-dir', disk.inside]
    await disk.fill()
    const refused = await Patient.start(lab, conf([]), { words })
    t.deepEqual(await refused.process.exited, { code: 1, signal: null })
    t.regex(refused.records().at(-1)?.msg ?? '', /^write \/run\/lab\/disk\/\d+\.json\.new: No space left on device/)
    t.deepEqual(await lab.holders(ADDRESS), [])
    t.true((await disk.names()).every((name) => /^\d+\.lock$/.test(name)))

    await disk.empty()
    const a = await Patient.start(lab, conf([]), { words })
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await disk.fill()
    await a.reload(conf([]) + SECOND)
    await waitFor('the refusal is logged', () => a.records().some(({ err }) => /No space left on device/.test(err?.message ?? '')))
    await turn(lab)
    t.deepEqual(await lab.holders(OTHER), [])

    await disk.empty()
    await a.reload(conf([]) + SECOND)
    await lab.waitForHolders(OTHER, 'a')
    await disk.fill()
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
    await lab.waitForHolders(ADDRESS, 'b')
    t.deepEqual(await lab.holders(OTHER), [])
    t.true((await disk.names()).every((name) => /^\d+\.lock$/.test(name)))
  }),
)

serialLabTest(
  'no room for a pid file: the start fails with a sentence and leaves none; at a reload the file is missed and the work is done',
  inLab(['a', 'b'], async (t, lab) => {
    const disk = await makeDisk(t, lab)
    const words = KEEPALIVED_WORDS.map((word) => word.replace('DIRECTORY/keepalived.pid', `${disk.inside}/keepalived.pid`))
    await disk.fill()
    const refused = await Patient.start(lab, conf([]), { words })
    t.deepEqual(await refused.process.exited, { code: 1, signal: null })
    t.regex(refused.process.lines('stderr').join('\n'), /pid file \/run\/lab\/disk\/keepalived\.pid: write .*: No space left on device/)
    t.deepEqual(await disk.names(), [])
    t.deepEqual(await lab.holders(ADDRESS), [])

    await disk.empty()
    const late = KEEPALIVED_WORDS.map((word) => word.replace('DIRECTORY/vrrp.pid', `${disk.inside}/vrrp.pid`))
    const a = await Patient.start(lab, 'global_defs {\n}\n', { words: late })
    await a.process.waitForLine(/Startup complete/)
    await disk.fill()
    await a.reload(conf([]))
    await lab.waitForHolders(ADDRESS, 'a')
    await a.process.waitForLine(/a pid file could not be written/)
    t.deepEqual(await disk.names(), [])
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'no room for dumps, saved configurations and the log of a check: each is said, former files stay, and reloads go on',
  inLab(['a', 'b'], async (t, lab) => {
    const disk = await makeDisk(t, lab)
    const text = conf([
      `state_dump_file ${disk.inside}/`,
      `stats_dump_file ${disk.inside}/`,
      `config_save_dir ${disk.inside}/saved`,
      `reload_check_config ${disk.inside}/check.log`,
    ])
    const a = await Patient.start(lab, text)
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await a.process.signal('SIGUSR1')
    const dump = `${disk.outside}/keepalived.data`
    const former = await waitFor('the state is dumped', async () => await readFile(dump, 'utf8').catch(() => undefined))
    await waitFor('the other file of the state is there', async () => (await disk.names()).includes('keepalived_parent.data'))
    const before = await disk.names()

    await disk.fill()
    await a.process.signal('SIGUSR1')
    await a.told(/^dump not written, the former file stays: .*ENOSPC/)
    await a.process.signal('SIGUSR2')
    await waitFor('two dumps failed', () => a.records().filter(({ msg }) => msg.startsWith('dump not written')).length >= 2)
    t.is(await readFile(dump, 'utf8'), former)

    await a.reload(text + SECOND)
    await a.told(/^not saved in config_save_dir: .*ENOSPC/)
    await lab.waitForHolders(OTHER, 'a')
    await a.reload(`${text}${SECOND}no_such_keyword\n`)
    await a.told(/^reload_check_config cannot write its log: .*ENOSPC/)
    await a.told(/^New config failed validation/)
    await turn(lab)
    await lab.waitForHolders(OTHER, 'a')
    // What is empty takes no room.
    t.deepEqual(
      (await disk.names()).filter((name) => name !== 'check.log'),
      before,
    )

    await disk.empty()
    await writeFile(dump, '')
    await a.process.signal('SIGUSR1')
    await waitFor('the state is dumped again', async () => (await readFile(dump, 'utf8')).includes(OTHER))
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)
