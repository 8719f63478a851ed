/**
 * The example `director-pair` in a guest: a client, both directors, the web servers and the sorry server with the addresses that its page
 * gives them. Reports what the client and the kernels saw.
 */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { report } from '../../lab/guest-report.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { askWeb } from './client.ts'
import { ip, Namespace, run, start } from './network.ts'
import { COMMANDS } from './real-hosts.ts'
import { Subject } from './subject.ts'
import { readTable } from './table.ts'

const VIRTUAL = '192.0.2.80'
const GATEWAY = '198.51.100.254'
const DEADLINE_MS = 120_000
/** Connections that show who serves. */
const QUESTIONS = 8

/** An IPv4 or IPv6 socket that listens at port 80, in /proc/net/tcp or tcp6. */
const LISTENS = /:0050 0+:0000 0A /

/** A host in the network of the servers, with nginx, which says its name. */
class WebHost {
  readonly name: string
  readonly directory: string
  #server: ChildProcess | undefined

  private constructor(name: string) {
    this.name = name
    this.directory = `/run/host-${name}`
  }

  /** Returns when it serves: a director that starts takes servers for good. */
  static async make(name: string, address: string): Promise<WebHost> {
    const namespace = await Namespace.make(name)
    await ip([`link add ${name} type veth peer name eth0 netns ${name}`, `link set ${name} master br1 up`])
    await ip([`addr add ${address}/24 dev eth0`, 'link set eth0 up', `route add default via ${GATEWAY}`], name)
    const host = new WebHost(name)
    mkdirSync(host.directory)
    chmodSync(host.directory, 0o777)
    host.start()
    await waitFor(`${name} serves`, () => LISTENS.test(readFileSync(namespace.file('tcp6'), 'latin1')))
    return host
  }

  start(): void {
    this.#server = start(this.name, COMMANDS.nginx(this))
  }

  kill(): void {
    this.#server?.kill('SIGKILL')
  }
}

/** A host that runs the configuration of a director. */
class Director {
  readonly name: string
  readonly #namespace: Namespace
  #subject: Subject | undefined

  private constructor(name: string, namespace: Namespace) {
    this.name = name
    this.#namespace = namespace
  }

  static async make(name: string, number: number): Promise<Director> {
    const namespace = await Namespace.make(name, ['net.ipv4.ip_forward=1'])
    await ip([
      `link add ${name}-out type veth peer name eth0 netns ${name}`,
      `link add ${name}-in type veth peer name eth1 netns ${name}`,
      `link set ${name}-out master br0 up`,
      `link set ${name}-in master br1 up`,
    ])
    const addresses = [`addr add 192.0.2.${number}/24 dev eth0`, `addr add 198.51.100.${number}/24 dev eth1`]
    await ip([...addresses, 'link set eth0 up', 'link set eth1 up'], name)
    return new Director(name, namespace)
  }

  get directory(): string {
    return `/run/director-${this.name}`
  }

  start(): void {
    const text = readFileSync(`examples/director-pair/director-${this.name}.conf`, 'utf8')
    // Here all hosts share a processor: one that is good may have to wait for it.
    const patient = text.replaceAll(/(?<=connect_timeout )\d+/g, '20')
    this.#subject = Subject.start('ka-native', this.#namespace, this.directory, patient)
  }

  /** Runs a command of ka-native's beside the daemon. */
  async command(...words: readonly string[]): Promise<string> {
    return run(this.name, ['node', 'dist/cli/main.js', ...words, '--runtime-dir', this.directory])
  }

  async holds(): Promise<string[]> {
    const text = await run(undefined, ['ip', '-n', this.name, '-o', 'addr'])
    return [VIRTUAL, GATEWAY].filter((address) => text.includes(` ${address}/`))
  }

  /** The servers that get connections, in order. */
  servers(): string[] {
    const services = readTable(this.#namespace)
    return services.flatMap(({ destinations }) => destinations.map(({ server }) => server)).toSorted()
  }

  async syncRole(): Promise<string | undefined> {
    const text = await run(this.name, ['ipvsadm', '-L', '--daemon'])
    return /^(master|backup) sync daemon \(mcast=eth1, syncid=10\b/m.exec(text)?.[1]
  }

  /** Loses its power: nobody hears of it any more. */
  async fail(): Promise<void> {
    await ip(['link set eth0 down', 'link set eth1 down'], this.name)
    await this.#subject?.kill()
  }

  async stop(): Promise<number | null> {
    return (await this.#subject?.stop()) ?? null
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
  'addr add 192.0.2.9/24 dev br0',
])
const web = [await WebHost.make('web1', '198.51.100.11'), await WebHost.make('web2', '198.51.100.12')]
await WebHost.make('sorry', '198.51.100.90')
const first = await Director.make('a', 1)
const second = await Director.make('b', 2)

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  await waitFor(what, condition, { deadlineMs: DEADLINE_MS, seen: () => [first.tail(), second.tail()].join('\n') })
}

async function untilServers(director: Director, ...wanted: readonly string[]): Promise<void> {
  await until(`${director.name} has ${wanted.join()}`, () => director.servers().join() === wanted.map((server) => `${server}:80`).join())
}

/** Who answers the client now. */
async function whoAnswers(): Promise<string[]> {
  const answers = new Set<string>()
  for (let question = 0; question < QUESTIONS; question++) answers.add(await askWeb(VIRTUAL))
  return [...answers].toSorted()
}

const BOTH = ['198.51.100.11', '198.51.100.12']

await report('start', async () => {
  first.start()
  second.start()
  await until('a has both addresses', async () => (await first.holds()).length === 2 && (await second.holds()).length === 0)
  await until('the sync daemons follow', async () => (await first.syncRole()) === 'master' && (await second.syncRole()) === 'backup')
  await untilServers(first, ...BOTH)
  await untilServers(second, ...BOTH)
  return whoAnswers()
})
await report('lvs', async () => {
  const { services } = JSON.parse(await first.command('lvs', '--json')) as { services: { isUp: boolean; servers: { state: string }[] }[] }
  return services.map(({ isUp, servers }) => [isUp, servers.map(({ state }) => state)])
})
await report('maintenance', async () => {
  await first.command('maintenance', '198.51.100.11', 'on')
  await untilServers(first, '198.51.100.12')
  const answers = await whoAnswers()
  await first.command('maintenance', '198.51.100.11', 'off')
  await untilServers(first, ...BOTH)
  return answers
})
await report('drain', async () => {
  const drained = await first.command('drain', '198.51.100.11', '--timeout', '120')
  const answers = await whoAnswers()
  await first.command('drain', '198.51.100.11', '--undo')
  return { isDrained: drained !== '', answers }
})
await report('sorry', async () => {
  for (const host of web) host.kill()
  await untilServers(first, '198.51.100.90')
  await untilServers(second, '198.51.100.90')
  return whoAnswers()
})
await report('recovery', async () => {
  for (const host of web) host.start()
  await untilServers(first, ...BOTH)
  await untilServers(second, ...BOTH)
  return whoAnswers()
})
await report('failover', async () => {
  await first.fail()
  await until('b has both addresses', async () => (await second.holds()).length === 2)
  await until('its sync daemon follows', async () => (await second.syncRole()) === 'master')
  return whoAnswers()
})
await report('stop', async () => {
  const code = await second.stop()
  // Its log says why.
  if (code !== 0) throw new Error(`it ended with ${code}\n${second.tail()}`)
  return { holds: await second.holds(), servers: second.servers() }
})
process.exit()
