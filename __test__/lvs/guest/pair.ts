/**
 * Two directors in one guest, with a virtual router and a sync daemon that follows it: one loses its power under load and comes back.
 * Reports what the client and the kernels saw.
 *
 * Argument: the subject that both directors are.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../../lab/guest-report.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { DIRECT_ADDRESS, NETWORKS } from './addresses.ts'
import { askWeb, MailSession } from './client.ts'
import { block, conf } from './conf.ts'
import { ip, Namespace, run } from './network.ts'
import { installNoteScript } from './notes.ts'
import { RealHost } from './real-hosts.ts'
import type { Place } from './scenario.ts'
import { type Implementation, Subject } from './subject.ts'
import { readTable } from './table.ts'

const [implementation = 'ka-native'] = process.argv.slice(2)

const { client, servers } = NETWORKS[4]
const VIRTUAL = `${client}${DIRECT_ADDRESS}`
const DEADLINE_MS = 120_000
const SYNC_ID = 7
/** A connection is told to the Backup with every fifth of its packets, where the kernel's own choice is every fiftieth. */
const SYNC_OFTEN = 'net.ipv4.vs.sync_threshold=1 5'
const REMARKS = 6
const CLIENTS = 3

/** A host with a director. */
class Director {
  readonly name: string
  readonly namespace: Namespace
  readonly #priority: number
  #subject: Subject | undefined

  private constructor(name: string, namespace: Namespace, priority: number) {
    this.name = name
    this.namespace = namespace
    this.#priority = priority
  }

  static async make(name: string, index: number, priority: number): Promise<Director> {
    const namespace = await Namespace.make(name, ['net.ipv4.ip_forward=1', SYNC_OFTEN])
    await ip([
      `link add ${name}c type veth peer name eth0 netns ${name}`,
      `link add ${name}s type veth peer name eth1 netns ${name}`,
      `link set ${name}c master br0 up`,
      `link set ${name}s master br1 up`,
    ])
    const addresses = [`addr add ${client}${10 + index}/24 dev eth0`, `addr add ${servers}${20 + index}/24 dev eth1`]
    await ip(['link set eth0 up', 'link set eth1 up', ...addresses], name)
    return new Director(name, namespace, priority)
  }

  start(): void {
    const real = (port: number, checker: string): { at: string; lines: string[] }[] =>
      [1, 2].map((number) => ({ at: `${servers}${10 + number} ${port}`, lines: [checker] }))
    const lines = ['delay_loop 2', 'lb_algo rr', 'lb_kind DR', 'protocol TCP']
    const services = [
      { at: `${VIRTUAL} 80`, lines, servers: real(80, block('HTTP_GET', [block('url', ['path /', 'status_code 200'])])) },
      { at: `${VIRTUAL} 25`, lines, servers: real(25, block('SMTP_CHECK', [])) },
    ]
    const instance = block('vrrp_instance VI_1', [
      'interface eth0',
      'version 3',
      'virtual_router_id 51',
      `priority ${this.#priority}`,
      'advert_int 1',
      block('virtual_ipaddress', [`${VIRTUAL}/32`]),
    ])
    const directory = `/run/${this.name}`
    const text = conf({ directory } as Place, services, [`lvs_sync_daemon eth1 inst VI_1 id ${SYNC_ID}`])
    this.#subject = Subject.start(implementation as Implementation, this.namespace, directory, `${instance}\n${text}`)
  }

  /** Loses its power: nobody hears of it any more. */
  async fail(): Promise<void> {
    await ip(['link set eth0 down', 'link set eth1 down'], this.name)
    await this.#subject?.kill()
  }

  /** Comes back, with what its kernel still has. */
  async recover(): Promise<void> {
    await ip(['link set eth0 up', 'link set eth1 up'], this.name)
    this.start()
  }

  async stop(): Promise<number | null> {
    return (await this.#subject?.stop()) ?? null
  }

  async isMaster(): Promise<boolean> {
    return (await run(undefined, ['ip', '-n', this.name, 'addr', 'show', 'dev', 'eth0'])).includes(`${VIRTUAL}/`)
  }

  /** Every service has both real servers. */
  isReady(): boolean {
    const services = readTable(this.namespace)
    return services.length === 2 && services.every(({ destinations }) => destinations.length === 2)
  }

  /** The roles of the sync daemons that its kernel runs. */
  async syncRoles(): Promise<string[]> {
    const text = await run(this.name, ['ipvsadm', '-L', '--daemon'])
    return [...text.matchAll(/^(master|backup) sync daemon \(mcast=eth1, syncid=7\b/gm)].map(([, role = '']) => role)
  }

  /** The state of a connection from this port of the client, as its kernel has it. */
  async connection(port: number): Promise<string | undefined> {
    const text = await run(this.name, ['ipvsadm', '-L', '-n', '-c'])
    return new RegExp(`(\\w+) +${client}2:${port} `).exec(text)?.[1]
  }

  tail(): string {
    return `${this.name}: ${this.#subject?.tail()}`
  }
}

await ip([
  'link add br0 type bridge stp_state 0 mcast_snooping 0',
  'link add br1 type bridge stp_state 0 mcast_snooping 0',
  'link set br0 up',
  'link set br1 up',
  `addr add ${client}2/24 dev br0`,
  `addr add ${servers}2/24 dev br1`,
])
await run(undefined, ['modprobe', '-a', 'ipip', 'ip6_tunnel'])
const hosts = [await RealHost.make('r1', 1, ['nginx', 'exim']), await RealHost.make('r2', 2, ['nginx', 'exim'])]
for (const host of hosts) host.start()
for (const host of hosts) await host.answers()

installNoteScript()
const first = await Director.make('d1', 1, 200)
const second = await Director.make('d2', 2, 100)

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  await waitFor(what, condition, { deadlineMs: DEADLINE_MS, seen: () => [first, second].map((director) => director.tail()).join('\n') })
}

async function roles(): Promise<Record<string, string[]>> {
  return { d1: await first.syncRoles(), d2: await second.syncRoles() }
}

const ROLES = { d1: ['master'], d2: ['backup'] }

/** Clients that ask one after the other, while what happens happens. */
const answers: { answer: string; atMs: number }[] = []
const load = { isOn: true }

async function keepAsking(): Promise<void> {
  while (load.isOn) {
    const atMs = performance.now()
    answers.push({ answer: await askWeb(VIRTUAL), atMs })
    await sleep(50)
  }
}

/** Who answered questions that were asked from now on, by name. */
async function whoAnswersNow(): Promise<string[]> {
  const nowMs = performance.now()
  const since = (): typeof answers => answers.filter(({ atMs }) => atMs > nowMs)
  await until('clients are answered', () => since().length >= 20)
  return [...new Set(since().map(({ answer }) => answer))].toSorted()
}

const opened: { session?: MailSession } = {}

/** A connection that goes on through all of it. */
async function remarks(): Promise<string> {
  if (opened.session === undefined) throw new Error('there is no connection')
  for (let remark = 0; remark < REMARKS; remark++) await opened.session.remark()
  return 'answered'
}

/** What the directors know of connections. */
async function connections(): Promise<string> {
  const lists = [await run('d1', ['ipvsadm', '-L', '-n', '-c']), await run('d2', ['ipvsadm', '-L', '-n', '-c'])]
  return [...lists, await run(undefined, ['ip', 'neigh']), await run(undefined, ['ss', '-tn'])].join('\n')
}

await report('start', async () => {
  first.start()
  second.start()
  await until('the first is Master and both have all servers', async () => {
    return (await first.isMaster()) && !(await second.isMaster()) && first.isReady() && second.isReady()
  })
  // A Master has its address before its sync daemon has its role.
  await until('the roles of sync daemons are there', async () => JSON.stringify(await roles()) === JSON.stringify(ROLES))
  return roles()
})
await report('synchronised', async () => {
  const session = await MailSession.open(VIRTUAL).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await connections()}`)
  })
  opened.session = session
  const { port } = session
  await remarks()
  await until('the Backup knows the connection', async () => {
    await session.remark()
    return (await second.connection(port)) !== undefined
  })
  return second.connection(port)
})
const clients = Array.from({ length: CLIENTS }, async () => keepAsking())
await report('failover', async () => {
  await whoAnswersNow()
  await first.fail()
  await until('the second is Master', async () => second.isMaster())
  const answer = await remarks()
  const web = await whoAnswersNow()
  await until('its sync daemon is one of a Master', async () => (await second.syncRoles()).join() === 'master')
  return { session: answer, web }
})
await report('recovery', async () => {
  await first.recover()
  await until('the first is Master again', async () => (await first.isMaster()) && !(await second.isMaster()) && first.isReady())
  const answer = await remarks()
  const web = await whoAnswersNow()
  await until('the roles are as before', async () => JSON.stringify(await roles()) === JSON.stringify(ROLES))
  return { session: answer, web }
})
load.isOn = false
await Promise.all(clients)
opened.session?.close()
await report('stop', async () => {
  const codes = [await first.stop(), await second.stop()]
  return { codes, services: [first, second].map(({ namespace }) => readTable(namespace).length), roles: await roles() }
})
process.exit()
