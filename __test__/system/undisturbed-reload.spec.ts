import type { InstanceStatus } from '#native'
import { Capture } from '../lab/capture.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Advertisement } from '../lab/packet.ts'
import { Router } from './router.ts'

const ADVERT_INT_S = 3
/** A VRID is one octet: the virtual routers differ by their group too. */
const GROUPS = ['224.0.0.18', '239.1.0.1', '239.1.0.2', '239.1.0.3', '239.1.0.4'] as const
const PER_GROUP = 200
const OTHERS = GROUPS.length * PER_GROUP

const instance = (group: number, vrid: number): InstanceConf => ({
  name: `V${group}_${vrid}`,
  version: 3,
  vrid,
  priority: 200,
  advertInt: ADVERT_INT_S,
  addresses: [`198.18.${group}.${vrid}/32`],
  // The second block of announcements would come at any time.
  extra: [`mcast_dst_ip ${GROUPS[group]}`, 'garp_master_delay 0', 'garp_master_repeat 1'],
})

const others = GROUPS.flatMap((_, group) => Array.from({ length: PER_GROUP }, (_, index) => instance(group, index + 1)))
const added = instance(0, PER_GROUP + 1)

serialLabTest(
  `a reload that adds one instance to ${OTHERS} disturbs none of them`,
  inLab(['a', 'client'], async (t, lab) => {
    const router = await Router.start(lab.host('a'), keepalivedConf(...others))
    const [last] = others.at(-1)?.addresses ?? []
    await lab.waitForHolders(last?.replace('/32', '') ?? '', 'a')
    const capture = await lab.capture('client', 'ip proto 112 or arp')
    const heardOfAll = (times: number) => (packets: readonly { kind: string }[]) => {
      const heard = byRouter(packets.filter((packet): packet is Advertisement => packet.kind === 'advertisement'))
      return heard.size >= OTHERS && [...heard.values()].every((of) => of.length >= times)
    }
    await capture.waitFor('two advertisements of each', heardOfAll(2))
    const before = await router.snapshot()

    const reloadedUs = Capture.nowUs()
    await router.reload(keepalivedConf(...others, added))
    await lab.waitForHolders('198.18.0.201', 'a')
    const earlier = (await capture.advertisements()).length
    await capture.waitFor('two more of each', (packets) => heardOfAll(2)(packets.slice(earlier)))

    const after = await router.snapshot()
    const routers = byRouter(await capture.advertisements())
    t.is(routers.size, OTHERS + 1)
    const known = new Map(before.instances.map((status) => [status.name, status]))
    t.is(known.size, OTHERS)
    for (const now of after.instances) {
      const then = known.get(now.name)
      if (then !== undefined) t.deepEqual(lasting(now), lasting(then), now.name)
    }
    for (const [name, advertisements] of routers) {
      if (name === key(added)) continue
      t.deepEqual(flaws(advertisements), [], name)
    }
    const announced = (await capture.packets()).flatMap((packet) =>
      packet.timeUs > reloadedUs && packet.kind === 'arp' && packet.senderMac === lab.host('a').mac ? [packet.senderAddress] : [],
    )
    t.deepEqual(
      [...new Set(announced.filter((address) => address.startsWith('198.18.')))],
      ['198.18.0.201'],
      'of the others nothing is announced',
    )
    await router.stop()
  }),
)

/** What a reload must leave as it is. */
function lasting({ name, state, priority, addressesHeld, statistics }: InstanceStatus): unknown {
  const { becameMaster, releasedMaster, priorityZeroSent } = statistics
  return { name, state, priority, addressesHeld, becameMaster, releasedMaster, priorityZeroSent }
}

/** What in a row of advertisements shows that the router was disturbed. */
function flaws(advertisements: readonly Advertisement[]): string[] {
  return advertisements.slice(1).flatMap((advertisement, index) => {
    const previous = advertisements[index]
    if (previous?.id === undefined || advertisement.id === undefined) return ['no identification']
    const found: string[] = []
    // Begins at 1 again in a router that was made anew.
    if (advertisement.id !== previous.id + 1) found.push(`identification ${advertisement.id} after ${previous.id}`)
    if (advertisement.priority !== previous.priority) found.push(`priority ${advertisement.priority}`)
    // An advertisement out of turn comes in the middle of the interval; a busy machine delays one, and the next is on time.
    if (advertisement.timeUs - previous.timeUs < (ADVERT_INT_S * 1_000_000) / 3) found.push('out of turn')
    return found
  })
}

function byRouter(advertisements: readonly Advertisement[]): Map<string, Advertisement[]> {
  const routers = new Map<string, Advertisement[]>()
  for (const advertisement of advertisements) {
    const name = `${advertisement.destination} ${advertisement.vrid}`
    const known = routers.get(name)
    if (known === undefined) routers.set(name, [advertisement])
    else known.push(advertisement)
  }
  return routers
}

function key({ vrid }: InstanceConf): string {
  return `${GROUPS[0]} ${vrid}`
}
