/**
 * A client's traffic through a director to real servers of Debian, in one guest: every method over both families, TCP and UDP, while servers
 * end and come back. Reports what the client saw.
 *
 * Argument: the subject that is the director.
 */
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../../lab/guest-report.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { DIRECT_ADDRESS, NAT_ADDRESS, NETWORKS, PERSISTENT_ADDRESS, TUNNEL_ADDRESS } from './addresses.ts'
import { askMail, askName, askWeb, tally } from './client.ts'
import { block, conf, type VirtualServerConf } from './conf.ts'
import { ip, Namespace, run } from './network.ts'
import { installNoteScript, Notes } from './notes.ts'
import { RealHost } from './real-hosts.ts'
import type { Place } from './scenario.ts'
import { type Implementation, Subject } from './subject.ts'
import { readTable, type Service } from './table.ts'

const [implementation = 'ka-native'] = process.argv.slice(2)

const METHODS = { NAT: NAT_ADDRESS, DR: DIRECT_ADDRESS, TUN: TUNNEL_ADDRESS } as const
const DEADLINE_MS = 120_000
const DIRECTORY = '/run/director'

/** Every service that is balanced: what it is called in a report, and how it is asked. */
const SERVICES = ([4, 6] as const).flatMap((family) =>
  Object.entries(METHODS).flatMap(([method, last]) => {
    const address = `${NETWORKS[family].client}${last}`
    return [
      { name: `${method} TCP IPv${family}`, ask: async () => askWeb(address) },
      { name: `${method} UDP IPv${family}`, ask: async () => askName(address) },
    ]
  }),
)

function configuration(): string {
  const place = { directory: DIRECTORY } as Place
  const services: VirtualServerConf[] = []
  for (const family of [4, 6] as const) {
    const { client, servers } = NETWORKS[family]
    const real = (port: number, checker: string, numbers = [1, 2, 3]): VirtualServerConf['servers'] =>
      numbers.map((number) => ({ at: `${servers}${10 + number} ${port}`, lines: [checker] }))
    const web = block('HTTP_GET', [block('url', ['path /', 'status_code 200'])])
    for (const [method, last] of Object.entries(METHODS)) {
      const lines = ['delay_loop 2', `lb_algo rr`, `lb_kind ${method}`]
      services.push(
        { at: `${client}${last} 80`, lines: [...lines, 'protocol TCP', `sorry_server ${servers}14 80`], servers: real(80, web) },
        {
          at: `${client}${last} 53`,
          lines: [...lines, 'protocol UDP', ...(method === 'DR' ? ['ops'] : [])],
          servers: real(53, block('DNS_CHECK', ['type TXT', 'name who.lab', 'retry 1'])),
        },
      )
    }
    const lines = ['delay_loop 2', 'lb_algo rr', 'lb_kind NAT', 'protocol TCP']
    services.push({
      at: `${client}${PERSISTENT_ADDRESS} 80`,
      lines: [...lines, 'persistence_timeout 300'],
      servers: real(80, web),
    })
    if (family === 4) services.push({ at: `${client}${NAT_ADDRESS} 25`, lines, servers: real(25, block('SMTP_CHECK', []), [1, 2]) })
  }
  return conf(place, services)
}

await ip([
  'link add br0 type bridge stp_state 0 mcast_snooping 0',
  'link add br1 type bridge stp_state 0 mcast_snooping 0',
  'link set br0 up',
  'link set br1 up',
])
for (const { client, servers, prefix } of Object.values(NETWORKS)) {
  const nodad = prefix === 64 ? ' nodad' : ''
  await ip([`addr add ${client}2/${prefix} dev br0${nodad}`, `addr add ${servers}2/${prefix} dev br1${nodad}`])
}
const director = await Namespace.make('director', ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'])
await ip([
  'link add d0 type veth peer name eth0 netns director',
  'link add d1 type veth peer name eth1 netns director',
  'link set d0 master br0 up',
  'link set d1 master br1 up',
])
const lines = ['link set eth0 up', 'link set eth1 up']
for (const { client, servers, host, prefix } of Object.values(NETWORKS)) {
  const nodad = prefix === 64 ? ' nodad' : ''
  lines.push(`addr add ${client}1/${prefix} dev eth0${nodad}`, `addr add ${servers}1/${prefix} dev eth1${nodad}`)
  for (const last of [...Object.values(METHODS), PERSISTENT_ADDRESS]) lines.push(`addr add ${client}${last}/${host} dev eth0${nodad}`)
}
await ip(lines, 'director')
await run(undefined, ['modprobe', '-a', 'ipip', 'ip6_tunnel'])

const hosts = [
  await RealHost.make('r1', 1, ['nginx', 'dnsmasq', 'exim']),
  await RealHost.make('r2', 2, ['nginx', 'dnsmasq', 'exim']),
  await RealHost.make('r3', 3, ['haproxy', 'dnsmasq']),
] as const
const sorry = await RealHost.make('sorry', 4, ['nginx'])
for (const host of [...hosts, sorry]) host.start()
for (const host of [...hosts, sorry]) await host.answers()

installNoteScript()
mkdirSync(DIRECTORY)
const notes = await Notes.open(DIRECTORY)
const subject = Subject.start(implementation as Implementation, director, DIRECTORY, configuration())

/** Whether a service of the kernel's table is one for the web that is not persistent. */
function hasSorryServer(name: string): boolean {
  return name.endsWith(':80') && !new RegExp(`${PERSISTENT_ADDRESS}\\]?:80$`).test(name)
}

/** The kernel's table; services that are empty at any time are remembered. */
const emptied = new Set<string>()
let isWatching = false

function table(): Service[] {
  const services = readTable(director)
  if (isWatching) for (const { name, destinations } of services) if (destinations.length === 0) emptied.add(name)
  return services
}

/** Waits until every service has the real servers with these numbers, and those of the web the sorry server where these are none. */
async function settled(what: string, numbers: readonly number[]): Promise<void> {
  const isRight = ({ name, destinations }: Service): boolean => {
    const isWeb = hasSorryServer(name)
    const wanted = numbers.length === 0 && isWeb ? [4] : numbers.filter((number) => !name.endsWith(':25') || number < 3)
    const have = destinations.map(({ server }) => Number(/(\d)\]?:\d+$/.exec(server)?.[1])).toSorted((one, other) => one - other)
    return have.join() === wanted.join()
  }
  const seen = (): unknown => ({ table: table().filter((service) => !isRight(service)), log: subject.tail() })
  await waitFor(
    what,
    async () => {
      // Looked at more often than waitFor does, for what is there for moments.
      for (let look = 0; look < 20; look++) {
        table()
        await sleep(5)
      }
      const services = table()
      return services.length === SERVICES.length + 3 && services.every(isRight)
    },
    { deadlineMs: DEADLINE_MS, seen },
  )
}

/** What each service answers when it is asked so often. */
async function answers(times: number, part = ''): Promise<Record<string, Record<string, number>>> {
  const result: Record<string, Record<string, number>> = {}
  for (const { name, ask } of SERVICES.filter((service) => service.name.includes(part))) result[name] = await tally(times, ask)
  return result
}

const persistent = `${NETWORKS[4].client}${PERSISTENT_ADDRESS}`
const mail = `${NETWORKS[4].client}${NAT_ADDRESS}`

await report('balanced', async () => {
  await settled('all servers are there', [1, 2, 3])
  return { ...(await answers(6)), mail: await tally(4, async () => askMail(mail)) }
})
await report('persistence', async () => tally(6, async () => askWeb(persistent)))
await report('one killed', async () => {
  hosts[0].kill()
  await settled('1 is gone', [2, 3])
  return { ...(await answers(4)), mail: await tally(2, async () => askMail(mail)) }
})
await report('all killed', async () => {
  // From here on what is served must always be served by somebody.
  isWatching = true
  hosts[1].kill()
  hosts[2].kill()
  await settled('only the sorry server is there', [])
  return answers(2, 'TCP')
})
await report('one back', async () => {
  hosts[1].start()
  await settled('2 is back', [2])
  isWatching = false
  return answers(2)
})
await report('all back', async () => {
  hosts[0].start()
  hosts[2].start()
  await settled('all are back', [1, 2, 3])
  return answers(6)
})
await report('never empty', () => [...emptied].filter((name) => hasSorryServer(name)))
await report('scripts', async () => {
  const lines = (): string[] => notes.scripts().filter((line) => line.startsWith(`${mail}_25 `) || line.startsWith(`${mail}_80 `))
  // The kernel knows that a server is back before its script has run.
  await waitFor(
    'the script of the last server has run',
    () =>
      lines()
        .findLast((line) => line.includes('_25 '))
        ?.endsWith('.11_25 up'),
    {
      deadlineMs: DEADLINE_MS,
      seen: lines,
    },
  )
  return lines()
})
await report('stop', async () => ({ code: await subject.stop(), left: table().length }))
process.exit()
