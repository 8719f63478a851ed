import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ip, Namespace, run, UNLIMITED_REFUSALS } from './network.ts'
import { Notes } from './notes.ts'
import type { Condition, Place, Scenario, View } from './scenario.ts'
import type { Mood, RealServer } from './servers.ts'
import { type Implementation, Subject } from './subject.ts'
import { readTable } from './table.ts'

const POLL_MS = 200
/** A state that stays for so long is a resting point, if what was to happen has happened. */
const SETTLE_MS = 800
/** A limit for what is broken: servers that say nothing are found so after forty seconds. */
const DEADLINE_MS = 240_000
/** How often `ipvsadm` is asked again when it says different things of equal tables. */
const ASK_MS = 2_000

/** The network of the director's namespaces; the servers are in the first namespace. */
const GATEWAY = '10.9.0.1'

/** Where a subject runs. */
export class Slot {
  readonly implementation: Implementation
  readonly namespace: Namespace

  private constructor(implementation: Implementation, namespace: Namespace) {
    this.implementation = implementation
    this.namespace = namespace
  }

  /** Makes one; `number` is unique. */
  static async make(implementation: Implementation, number: number): Promise<Slot> {
    const name = `slot${number}`
    const namespace = await Namespace.make(name)
    await ip([`link add ${name} type veth peer name eth0 netns ${name}`, `link set ${name} master br0 up`])
    const addresses = [`addr add 10.9.1.${number}/16 dev eth0`, `addr add fd09::1:${number}/64 dev eth0 nodad`, 'link set eth0 up']
    await ip([...addresses, `route add default via ${GATEWAY}`, 'route add default via fd09::1'], name)
    return new Slot(implementation, namespace)
  }

  /** Makes the network that slots are connected to, with all addresses of real servers. */
  static async prepareNetwork(): Promise<void> {
    await run(undefined, [
      'sysctl',
      '-qw',
      'net.ipv6.ip_nonlocal_bind=1',
      'net.ipv6.conf.default.accept_dad=0',
      'net.ipv4.ping_group_range=0 0',
      ...UNLIMITED_REFUSALS,
    ])
    await ip([
      'link add br0 type bridge stp_state 0 mcast_snooping 0',
      'link set br0 up',
      `addr add ${GATEWAY}/16 dev br0`,
      'addr add fd09::1/64 dev br0 nodad',
      'route add local 10.8.0.0/16 dev lo',
      'route add local fd08::/16 dev lo',
    ])
  }
}

/** One actor of a stage. */
interface Actor {
  readonly slot: Slot
  readonly directory: string
  readonly notes: Notes
  readonly subject: Subject
  /** How many lines of its scripts and of each FIFO were compared at the latest resting point. */
  compared: { readonly scripts: number; readonly fifos: readonly number[] }
}

/** A scenario as it is played. */
export class Stage {
  readonly servers: Readonly<Record<number, RealServer>>
  readonly #scenario: Scenario
  readonly #number: number
  readonly #slots: readonly Slot[]
  readonly #shared: string
  readonly #unplugged = new Set<string>()
  readonly #actors: Actor[] = []

  /** `number` tells the addresses; it is unique among all scenarios. */
  constructor(scenario: Scenario, number: number, slots: readonly Slot[]) {
    this.#scenario = scenario
    this.#number = number
    this.#slots = slots
    this.#shared = `/run/scenario-${number}`
    mkdirSync(this.#shared)
    this.servers = scenario.servers(this.#place(''))
  }

  /** Plays it to its end. */
  async play(): Promise<void> {
    try {
      for (const server of Object.values(this.servers)) await server.become('good')
      await this.#start()
      // Servers that are good at once are found so in any order.
      await this.#rest('the start', this.#scenario.until, false)
      for (const { name, act, until } of this.#scenario.steps) {
        await act(this)
        await this.#rest(name, until, true)
      }
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      throw new Error([words, ...this.#actors.map(({ subject }) => subject.tail())].join('\n'), { cause: error })
    } finally {
      await this.#strike()
    }
  }

  async become(number: number, mood: Mood): Promise<void> {
    await this.servers[number]?.become(mood)
  }

  /** Takes a real server from the network: what is sent to it is lost. */
  async unplug(number: number): Promise<void> {
    this.#unplugged.add(this.#route(number))
    await ip([`route add ${this.#route(number)}`])
  }

  async plug(number: number): Promise<void> {
    this.#unplugged.delete(this.#route(number))
    await ip([`route del ${this.#route(number)}`])
  }

  /** Writes a file that both subjects read, within the directory that they share. */
  write(file: string, text: string): void {
    writeFileSync(`${this.#shared}/${file}`, text)
  }

  async reload(conf: (place: Place) => string): Promise<void> {
    await Promise.all(this.#actors.map(async ({ subject, directory }) => subject.reload(conf(this.#place(directory)))))
  }

  /** Gives every subject's host the address of a virtual server. */
  async addAddress(number: number): Promise<void> {
    for (const { namespace } of this.#slots) await ip([`addr add ${this.#place('').vip(number)}/32 dev lo`], namespace.name)
  }

  async removeAddress(number: number): Promise<void> {
    for (const { namespace } of this.#slots) await ip([`addr del ${this.#place('').vip(number)}/32 dev lo`], namespace.name)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#actors.map(async ({ subject }) => subject.stop()))
  }

  /** Runs `ipvsadm` for every subject, as somebody else who changes things. */
  async ipvsadm(commands: readonly string[]): Promise<void> {
    for (const { namespace } of this.#slots) await run(namespace.name, ['ipvsadm', '-R'], `${commands.join('\n')}\n`)
  }

  async #start(): Promise<void> {
    for (const [file, text] of Object.entries(this.#scenario.files ?? {})) this.write(file, text)
    const before = this.#scenario.before?.(this.#place('')) ?? []
    if (before.length > 0) await this.ipvsadm(before)
    for (const slot of this.#slots) {
      const directory = `${this.#shared}/${slot.implementation}`
      mkdirSync(directory)
      const notes = await Notes.open(directory)
      const text = this.#scenario.conf(this.#place(directory))
      const subject = Subject.start(slot.implementation, slot.namespace, directory, text, ['--log-level', 'debug'])
      this.#actors.push({ slot, directory, notes, subject, compared: { scripts: 0, fifos: [] } })
    }
    // Before that the first step would happen to one that runs and to one that starts.
    await Promise.all(this.#actors.map(async ({ subject }) => subject.started()))
  }

  /** Waits for a resting point at which what was to happen has happened, and the subjects are equal. */
  async #rest(what: string, condition: Condition, isOrdered: boolean): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS
    let last = ''
    let since = performance.now()
    for (;;) {
      const views = this.#actors.map((actor) => {
        const view = look(actor)
        return this.#emptyCount ? view : { ...view, services: view.services.filter(({ destinations }) => destinations.length > 0) }
      })
      const [first = '', ...others] = views.map((view, index) => this.#comparable(view, this.#actors[index], isOrdered))
      const signature = [first, ...others].join('\n')
      if (signature !== last) since = performance.now()
      last = signature
      const isThere = views.every((view) => condition(view))
      if (isThere && performance.now() - since >= SETTLE_MS && others.every((other) => other === first)) {
        const tables = await Promise.all(this.#actors.map(async ({ slot }) => this.#tables(slot.namespace.name)))
        if (tables.every((table) => table === tables[0])) {
          for (const [index, { scripts, fifos }] of views.entries()) {
            const actor = this.#actors[index]
            if (actor !== undefined) actor.compared = { scripts: scripts.length, fifos: fifos.map(({ length }) => length) }
          }
          return
        }
        if (performance.now() > deadline) throw new Error(`after ${what} ipvsadm says\n${tables.join('\n--- and\n')}`)
        await sleep(ASK_MS)
      }
      if (performance.now() > deadline) {
        const seen = views.map(
          (view, index) => `--- ${this.#actors[index]?.slot.implementation}${condition(view) ? '' : ' (not as expected)'}`,
        )
        throw new Error(`after ${what}:\n${seen.map((title, index) => `${title}\n${readable(views[index])}`).join('\n')}`)
      }
      await sleep(POLL_MS)
    }
  }

  /** What has to be equal, as text: the table, and the lines since the last resting point. */
  #comparable(view: View, actor: Actor | undefined, isOrdered: boolean): string {
    const ignored = (this.#scenario.allowances ?? []).flatMap(({ lines }) => (lines === undefined ? [] : [lines]))
    const counted = (lines: readonly string[], from = 0): string[] => {
      const news = lines.slice(from).filter((line) => !ignored.some((pattern) => pattern.test(line)))
      return isOrdered ? news : news.toSorted()
    }
    const table = view.services.map(({ name, settings, destinations }) => {
      const servers = destinations.map(({ server, forwarding, weight }) => `${server} ${forwarding} ${weight}`)
      return [`${name} ${settings}`, ...servers.toSorted()].join('\n  ')
    })
    return JSON.stringify({
      table: table.toSorted().join('\n'),
      scripts: byService(counted(view.scripts, actor?.compared.scripts), (line) => line.split(' ')[0]),
      fifos: view.fifos.map((lines, index) =>
        byService(counted(lines, actor?.compared.fifos[index]), (line) =>
          line
            .split(' ')
            .slice(line.startsWith('RS') ? 2 : 1, -1)
            .join(' '),
        ),
      ),
    })
  }

  /** What `ipvsadm` says of a namespace. */
  async #tables(netns: string): Promise<string> {
    const saved = await run(netns, ['ipvsadm', '-S', '-n'])
    const lines = saved.trim().split('\n').toSorted()
    for (const option of this.#scenario.lists ?? []) {
      const list = await run(netns, ['ipvsadm', '-L', '-n', option])
      lines.push(...list.trim().split('\n').toSorted())
    }
    return lines.filter((line) => this.#emptyCount || !line.startsWith('-A') || lines.some((other) => isWithin(other, line))).join('\n')
  }

  /** Whether services without a real server count. */
  get #emptyCount(): boolean {
    return this.#scenario.allowances?.some(({ emptyServices }) => emptyServices) !== true
  }

  async #strike(): Promise<void> {
    for (const { subject, notes } of this.#actors) {
      await subject.kill()
      notes.close()
    }
    for (const server of Object.values(this.servers)) await server.become('refusing')
    for (const route of this.#unplugged) await ip([`route del ${route}`])
    for (const { namespace } of this.#slots)
      await run(namespace.name, ['sh', '-c', '(ipvsadm -C; ipvsadm --stop-daemon master; ipvsadm --stop-daemon backup) 2>/dev/null; true'])
  }

  #route(number: number): string {
    return `blackhole 10.8.${this.#number}.${number}/32 table local`
  }

  #place(directory: string): Place {
    const number = this.#number
    return {
      directory,
      shared: this.#shared,
      vip: (index = 1) => `10.7.${number}.${index}`,
      vip6: (index = 1) => `fd07:${number}::${index}`,
      server: (index) => `10.8.${number}.${index}`,
      server6: (index) => `fd08:${number}::${index}`,
    }
  }
}

/** Whether one line of `ipvsadm -S` adds a real server to the service that another one adds. */
function isWithin(destination: string, service: string): boolean {
  const [, ...address] = service.split(' ', 3)
  return destination.startsWith(`-a ${address.join(' ')} `)
}

function look({ slot, notes, subject }: Actor): View {
  return { services: readTable(slot.namespace), scripts: notes.scripts(), fifos: notes.fifos(), log: subject.log }
}

/** Lines in the order of their virtual servers' names, and in their own order for each. */
function byService(lines: readonly string[], serviceOf: (line: string) => string | undefined): Record<string, string[]> {
  const groups: Record<string, string[]> = {}
  for (const line of lines.toSorted((one, other) => (serviceOf(one) ?? '').localeCompare(serviceOf(other) ?? ''))) {
    ;(groups[serviceOf(line) ?? ''] ??= []).push(line)
  }
  return groups
}

function readable(view: View | undefined): string {
  const table = view?.services.flatMap(({ name, settings, destinations }) => [
    `${name} ${settings}`,
    ...destinations.map(({ server, forwarding, weight }) => `  ${server} ${forwarding} ${weight}`),
  ])
  return [...(table ?? []), 'scripts:', ...(view?.scripts ?? []), 'FIFOs:', ...(view?.fifos.map((lines) => lines.join(', ')) ?? [])].join(
    '\n',
  )
}
