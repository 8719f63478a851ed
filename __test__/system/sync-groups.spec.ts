/** Two hosts with two networks and two sync groups each: what the kernel has, and what the scripts of the groups are told. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { startDaemon, type Daemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { SecondSegment } from '../lab/second-segment.ts'
import { waitFor } from '../lab/wait-for.ts'

type Host = 'a' | 'b'

/** So long that a busy machine delays no Master for three of them: a Backup would tell that it is Master. */
const ADVERT_INT_S = 1

/** Addresses on `eth0` and `eth1` of each group. */
const ADDRESSES = { ONE: ['192.0.2.101', '198.51.100.101'], TWO: ['192.0.2.102', '198.51.100.102'] } as const
type Group = keyof typeof ADDRESSES

function instance(group: Group, side: 0 | 1, priority: number): string {
  const vrid = 10 * (group === 'ONE' ? 1 : 2) + side
  return `vrrp_instance ${group}_${side} {
  interface eth${side}
  version 3
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int ${ADVERT_INT_S}
  virtual_ipaddress {
    ${ADDRESSES[group][side]}/32
  }
}
`
}

function conf(note: string, priorities: Readonly<Record<Group, number>>): string {
  const groups = (['ONE', 'TWO'] as const).map(
    (group) => `vrrp_sync_group ${group} {
  group {
    ${group}_0
    ${group}_1
  }
  notify_master "${note} own"
  notify "${note}"
}
${instance(group, 0, priorities[group])}${instance(group, 1, priorities[group])}`,
  )
  return `global_defs {\n  script_user root\n}\n${groups.join('')}`
}

/** What is told on one host. */
class Told {
  readonly #path: string
  readonly note: string

  private constructor(path: string, note: string) {
    this.#path = path
    this.note = note
  }

  static async prepare(lab: Lab<Host | 'hub'>, host: Host): Promise<Told> {
    const { inside, outside } = await lab.sandbox.makeDirectory(`told-${host}`)
    await writeFile(`${outside}/note`, `#!/bin/sh\necho "$@" >> ${inside}/told\n`)
    await chmod(`${outside}/note`, 0o755)
    return new Told(`${outside}/told`, `${inside}/note`)
  }

  async lines(): Promise<string[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '')
    return text.split('\n').slice(0, -1)
  }

  /** The states of a group, oldest first, as the general script is told them. */
  async states(group: Group): Promise<string[]> {
    const lines = await this.lines()
    return lines.flatMap((line) => (line.startsWith(`GROUP ${group} `) ? [line.replace(`GROUP ${group} `, '')] : []))
  }

  /** Waits until these states have been told from the first fault on. Before it, either may have been Master of the group of the other. */
  async waitFor(group: Group, ...states: readonly string[]): Promise<void> {
    const wanted = states.map((state) => `${state} 0`).join()
    const since = (all: readonly string[]): readonly string[] => all.slice(all.findIndex((line) => line.startsWith('FAULT')))
    const isTold = async (): Promise<boolean> => since(await this.states(group)).join() === wanted
    await waitFor(`${group} is told ${wanted}`, isTold, { seen: async () => await this.states(group) })
  }
}

serialLabTest(
  'groups of two hosts move as a whole, whichever link or host fails, and their scripts are told each state once',
  inLab(['a', 'b', 'hub'], async (t, lab) => {
    const second = await SecondSegment.connect(lab, 'hub', ['a', 'b'])
    const holds = async (group: Group, holder: Host): Promise<void> => {
      const [first, other] = ADDRESSES[group]
      await lab.waitForHolders(first, holder)
      await second.waitForHolder(other, holder, [holder === 'a' ? 'b' : 'a'])
    }
    const told = { a: await Told.prepare(lab, 'a'), b: await Told.prepare(lab, 'b') }
    const start = async (host: Host): Promise<Daemon> =>
      await startDaemon(lab, host, 'ka-native', conf(told[host].note, host === 'a' ? { ONE: 150, TWO: 100 } : { ONE: 100, TWO: 150 }))
    const a = await start('a')
    const b = await start('b')
    await holds('ONE', 'a')
    await holds('TWO', 'b')

    await second.unplug('a')
    await holds('ONE', 'b')
    await holds('TWO', 'b')
    await told.a.waitFor('TWO', 'FAULT')
    await second.plug('a')
    await holds('ONE', 'a')
    await holds('TWO', 'b')
    await told.a.waitFor('ONE', 'FAULT', 'BACKUP', 'MASTER')
    await told.a.waitFor('TWO', 'FAULT', 'BACKUP')

    await b.kill()
    const [mine] = ADDRESSES.TWO
    await waitFor('a takes over the group of the other', async () => (await lab.holders(mine)).includes('a'))
    await told.a.waitFor('TWO', 'FAULT', 'BACKUP', 'MASTER')

    const again = await start('b')
    await holds('TWO', 'b')
    await holds('ONE', 'a')
    await told.a.waitFor('TWO', 'FAULT', 'BACKUP', 'MASTER', 'BACKUP')

    t.deepEqual(await a.terminate(), { code: 0, signal: null })
    await holds('ONE', 'b')
    // A stop gives scripts a second: one that a busy machine starts later is ended, which is logged.
    const isEnded = a.process.output.some(({ text }) => text.includes('notify script did not succeed'))
    if (!isEnded) await told.a.waitFor('ONE', 'FAULT', 'BACKUP', 'MASTER', 'STOP')
    t.deepEqual(await again.terminate(), { code: 0, signal: null })
    for (const addresses of Object.values(ADDRESSES)) await lab.waitForHolders(addresses[0])
    const own = (await told.a.lines()).filter((line) => line === 'own')
    const general = (await told.a.lines()).filter((line) => line.endsWith(' MASTER 0'))
    t.is(own.length, general.length, 'a script of its own for each time that a group is Master')
  }),
)
