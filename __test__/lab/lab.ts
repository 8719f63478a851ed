import { writeFile } from 'node:fs/promises'
import { Capture } from './capture.ts'
import type { Child } from './child.ts'
import type { Daemon } from './daemon.ts'
import { Host } from './host.ts'
import { writePcap } from './pcap.ts'
import { Sandbox } from './sandbox.ts'
import { waitFor } from './wait-for.ts'

/** The namespace that holds the bridges: the wire, seen from outside. */
const SEGMENT = 'segment'

/**
 * Hosts on one Ethernet segment: a bridge with a port for each host's `eth0`.
 *
 * Hosts have 192.0.2.N/24, 2001:db8::N/64 and a link-local address, without duplicate address detection, so that all is usable at once.
 */
export class Lab<Name extends string = string> {
  readonly #sandbox: Sandbox
  readonly #hosts: ReadonlyMap<Name, Host>
  readonly #daemons: Daemon[] = []
  #captures = 0
  #injections = 0

  private constructor(sandbox: Sandbox, hosts: ReadonlyMap<Name, Host>) {
    this.#sandbox = sandbox
    this.#hosts = hosts
  }

  static async open<Name extends string>(names: readonly Name[]): Promise<Lab<Name>> {
    const sandbox = await Sandbox.open()
    const hosts = new Map(names.map((name, index) => [name, new Host(sandbox, name, index + 1)]))
    try {
      await sandbox.exec(['sh', '-es'], { input: buildScript([...hosts.values()]) })
    } catch (error) {
      await sandbox.close()
      throw error
    }
    return new Lab(sandbox, hosts)
  }

  host(name: Name): Host {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`this lab has no host ${name}`)
    return host
  }

  get sandbox(): Sandbox {
    return this.#sandbox
  }

  /** Remembers a daemon for {@link report}. */
  register(daemon: Daemon): void {
    this.#daemons.push(daemon)
  }

  /** Pulls the cable out: the host's `eth0` loses its carrier, and its kernel knows. */
  async unplug(name: Name): Promise<void> {
    await this.#sandbox.exec(['sh', '-ec', `ip -n ${SEGMENT} link set ${port(name)} down; ${untilLink(name, 'eth0', 'DOWN')}`])
  }

  /** Puts the cable back. */
  async plug(name: Name): Promise<void> {
    await this.#sandbox.exec(['sh', '-ec', `ip -n ${SEGMENT} link set ${port(name)} up; ${untilLink(name, 'eth0', 'UP')}`])
  }

  /** Takes the carrier from a host's `eth0` for a fifth of a second. */
  async flap(name: Name): Promise<void> {
    const set = (state: string): string => `ip -n ${SEGMENT} link set ${port(name)} ${state}`
    await this.#sandbox.exec(['sh', '-ec', `${set('down')}; sleep 0.2; ${set('up')}`])
  }

  /** Splits the segment: hosts hear those of their own group alone, and nobody loses the carrier. Hosts left out form the first group. */
  async partition(...groups: readonly (readonly Name[])[]): Promise<void> {
    const commands = [...this.#hosts.keys()].map((name) => {
      const group = groups.findIndex((members) => members.includes(name))
      return `link set ${port(name)} master br${Math.max(group, 0)}`
    })
    await this.#sandbox.exec(['ip', '-n', SEGMENT, '-batch', '-'], { input: commands.join('\n') })
  }

  /** Joins the parts of the segment again. */
  async heal(): Promise<void> {
    await this.partition()
  }

  /** The hosts whose `eth0` has an address, by the kernel's word. */
  async holders(address: string): Promise<Name[]> {
    const held = await Promise.all([...this.#hosts].map(async ([name, host]) => ((await host.addresses()).has(address) ? [name] : [])))
    return held.flat()
  }

  /** Waits until exactly these hosts have an address. */
  async waitForHolders(address: string, ...names: readonly Name[]): Promise<void> {
    const wanted = names.toSorted().join()
    const seen = async (): Promise<string> => (await this.holders(address)).toSorted().join()
    await waitFor(`${address} is on [${wanted}] and nowhere else`, async () => (await seen()) === wanted, { seen })
  }

  /** Waits until `from` has the MAC of `holder` as the neighbour with this address. */
  async waitForNeighbour(from: Name, address: string, holder: Name): Promise<void> {
    const seen = async (): Promise<string | undefined> => (await this.host(from).neighbour(address))?.mac
    const { mac } = this.host(holder)
    await waitFor(`${from} has ${mac} (${holder}) as the neighbour ${address}`, async () => (await seen()) === mac, { seen })
  }

  /** Starts to record what a host's `eth0` sends and receives; returns once the recording runs. @param bufferKib for very many packets */
  async capture(name: Name, filter = '', bufferKib?: number): Promise<Capture> {
    this.#captures += 1
    return Capture.start(this.#sandbox, name, `capture-${this.#captures}.pcap`, filter, bufferKib)
  }

  /** Sends raw Ethernet frames out of a host's `eth0`, the given time apart; returns when all are sent. */
  async inject(name: Name, frames: readonly Buffer[], distanceUs: number): Promise<void> {
    await this.host(name).exec(await this.#replay(frames, distanceUs, 1))
  }

  /** Starts to send raw Ethernet frames out of a host's `eth0`, the given time apart and so many times over. */
  async stream(name: Name, frames: readonly Buffer[], distanceUs: number, times: number): Promise<Child> {
    return this.host(name).spawn(await this.#replay(frames, distanceUs, times))
  }

  async #replay(frames: readonly Buffer[], distanceUs: number, times: number): Promise<string[]> {
    this.#injections += 1
    const file = `injection-${this.#injections}.pcap`
    await writeFile(`${this.#sandbox.scratch.outside}/${file}`, writePcap(frames, distanceUs))
    return ['tcpreplay', '--quiet', '--intf1=eth0', `--loop=${times}`, `${this.#sandbox.scratch.inside}/${file}`]
  }

  /** Takes the network card out: the host's `eth0` ceases to exist, and its port with it. */
  async removeCard(name: Name): Promise<void> {
    await this.host(name).exec(['ip', 'link', 'delete', 'eth0'])
  }

  /** Puts a network card in: `eth0` as it was when the lab was opened, with a new interface index. */
  async insertCard(name: Name): Promise<void> {
    const host = this.host(name)
    const commands = [batch(SEGMENT, portCommands(host)), batch(name, cardCommands(host)), keepNeighbours(name)]
    await this.#sandbox.exec(['sh', '-es'], { input: commands.join('\n') })
  }

  /** What the daemons of this lab wrote and which addresses the hosts have: for the log of a failed test. */
  async report(): Promise<string> {
    const parts = this.#daemons.map((daemon) => `--- ${daemon.label}\n${daemon.process.tail(60)}`)
    for (const [name, host] of this.#hosts) parts.push(`--- ${name}: ${[...(await host.addresses())].join(' ')}`)
    return parts.join('\n')
  }

  async close(): Promise<void> {
    await this.#sandbox.close()
  }
}

function buildScript(hosts: readonly Host[]): string {
  const segment = [
    'link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'link add br1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'link set br0 up',
    'link set br1 up',
    ...hosts.flatMap((host) => portCommands(host)),
  ]
  return [
    `ip netns add ${SEGMENT}`,
    // The bridges carry frames and have nothing to say themselves.
    `ip netns exec ${SEGMENT} sysctl -qw net.ipv6.conf.default.disable_ipv6=1`,
    // They look into no packet either, which they do where br_netfilter is loaded; elsewhere there are no such settings.
    `ip netns exec ${SEGMENT} sysctl -qew net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0`,
    ...hosts.flatMap(({ name }) => [
      `ip netns add ${name}`,
      `ip netns exec ${name} sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.dad_transmits=0 \\
         net.ipv6.conf.default.router_solicitations=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.rp_filter=0`,
    ]),
    batch(SEGMENT, segment),
    ...hosts.flatMap((host) => [batch(host.name, ['link set lo up', ...cardCommands(host)]), keepNeighbours(host.name)]),
    // The kernel tells bridges and IPv6 of carriers a little later.
    ...hosts.flatMap(({ name }) => [
      untilLink(name, 'eth0', 'UP'),
      until(`ip -n ${SEGMENT} -d -o link show dev ${port(name)} | grep -q ' state forwarding '`),
      until(`ip -n ${name} -6 -o addr show dev eth0 scope link -tentative | grep -q inet6`),
    ]),
  ].join('\n')
}

/** Shell commands that wait until a condition holds; a limit for broken code. */
function until(condition: string): string {
  return `tries=0; until ${condition}; do tries=$((tries + 1)); [ $tries -lt 3000 ] || exit 1; sleep 0.02; done`
}

/** Shell commands that wait until the kernel of a host has an interface in a state, as daemons are told of it. */
function untilLink(host: string, device: string, state: 'UP' | 'DOWN'): string {
  // Down may be the lower layer.
  return until(`ip -n ${host} -o link show dev ${device} | grep -q ' state [A-Z]*${state} '`)
}

/** Commands of the segment that connect a host. */
function portCommands({ name, mac }: Host): string[] {
  return [
    `link add ${port(name)} type veth peer name eth0 address ${mac} netns ${name}`,
    `link set ${port(name)} master br0`,
    `link set ${port(name)} up`,
  ]
}

/** Commands of a host that set up its `eth0`. */
function cardCommands({ ipv4, ipv6 }: Host): string[] {
  return ['link set eth0 up', `addr add ${ipv4}/24 dev eth0`, `addr add ${ipv6}/64 dev eth0 nodad`]
}

/**
 * Lets a host's `eth0` keep neighbours that it has not used for a minute, of whom announcements are to tell it. The kernel counts those of all
 * namespaces together, and forgets such ones when there are more than 128.
 */
function keepNeighbours(host: string): string {
  return `ip netns exec ${host} sysctl -qw net.ipv4.neigh.eth0.gc_stale_time=3600 net.ipv6.neigh.eth0.gc_stale_time=3600`
}

/** A host's port on the bridge. */
function port(host: string): string {
  return `to-${host}`
}

function batch(netns: string, commands: readonly string[]): string {
  return `ip -n ${netns} -batch - <<'END'\n${commands.join('\n')}\nEND`
}
