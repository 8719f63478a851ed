/** Interfaces that come and go, beside the real keepalived: the same sentences about them, and the same states. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import type { Implementation } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const ADDRESS = '192.0.2.200'
// Both wait less than two seconds for their link: with an interval of one second that is the limit.
const CONF = `interface_up_down_delays {\n  eth0 1.5 0.5\n}\n${keepalivedConf({
  vrid: 51,
  priority: 100,
  version: 3,
  advertInt: 1,
  addresses: [`${ADDRESS}/24`],
  extra: ['garp_master_delay 60'],
})}`

/** What counts as too short, with a distance to the delay. */
const FLAP_LIMIT_MS = 1_000

const OF_LINKS = /Netlink reports|Interface |Entering (?:MASTER|BACKUP|FAULT) STATE/

async function start(lab: Lab<'a'>, implementation: Implementation): Promise<Child> {
  const { inside, outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, CONF)
  const command = implementation === 'keepalived' ? ['keepalived'] : [process.execPath, MAIN]
  const pidFiles = ['-p', `${inside}/keepalived.pid`, '-r', `${inside}/vrrp.pid`]
  return await lab.host('a').spawn([...command, '-n', '-P', '-D', '-l', '-G', '-f', `${inside}/keepalived.conf`, ...pidFiles])
}

type Told = Readonly<Record<string, readonly string[]>>

/** What is said of links and states in each phase. Lines of one moment come in an order of their own. @param wanted is waited for */
async function run(lab: Lab<'a'>, implementation: Implementation, wanted: Told = {}): Promise<Told> {
  const daemon = await start(lab, implementation)
  let taken = 0
  const told: Record<string, readonly string[]> = {}
  const lines = (): string[] => {
    const all = daemon.lines('stderr').map((line) => line.replace(/^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: /, ''))
    return all.filter((line) => OF_LINKS.test(line))
  }
  const take = async (phase: string, last: RegExp): Promise<void> => {
    const isSaid = (): boolean =>
      lines()
        .slice(taken)
        .some((line) => last.test(line))
    await waitFor(`${implementation} has said the last of: ${phase}`, isSaid, { seen: () => daemon.tail() })
    const enough = wanted[phase]?.length ?? 0
    await waitFor(`${implementation} has said as much of: ${phase}`, () => lines().length >= taken + enough, { seen: () => daemon.tail() })
    await lab.host('a').exec(['sleep', '0.5'])
    told[phase] = lines().slice(taken).toSorted()
    taken = lines().length
  }
  await take('start', /Entering MASTER/)
  // Too short to count, unless the machine is busy: then it is tried again.
  for (let isShort = false; !isShort;) {
    const begin = performance.now()
    await lab.flap('a')
    isShort = performance.now() - begin < FLAP_LIMIT_MS
    await lab.host('a').exec(['sleep', '2.5'])
    if (isShort) told['flap'] = lines().slice(taken)
    const state = (): string | undefined => lines().findLast((line) => line.includes('Entering'))
    await waitFor(`${implementation} is Master`, () => state()?.includes('MASTER') === true, { seen: state })
    taken = lines().length
  }
  await lab.unplug('a')
  await take('down', /Entering FAULT/)
  await lab.plug('a')
  await take('up', /Entering MASTER/)
  await lab.removeCard('a')
  await take('deleted', /Interface eth0 deleted/)
  await lab.insertCard('a')
  await take('recreated', /Entering MASTER/)
  await daemon.signal('SIGTERM')
  await daemon.exited
  return told
}

labTest(
  'short and long losses of the carrier, and a card that is taken out and put back',
  inLab(['a'], async (t, lab) => {
    const theirs = await run(lab, 'keepalived')
    const ours = await run(lab, 'ka-native', theirs)
    t.deepEqual(ours, theirs)
    t.deepEqual(ours['flap'], [])
  }),
)
