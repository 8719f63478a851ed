import { isIPv6 } from 'node:net'
import type { Child } from './child.ts'
import type { CommandOptions, CommandResult, Sandbox } from './sandbox.ts'
import { waitFor } from './wait-for.ts'

/** An entry of a neighbour table that has a link-layer address. */
export interface Neighbour {
  readonly mac: string
  /** REACHABLE, STALE, … */
  readonly state: readonly string[]
}

/** One machine of a lab: a network namespace with `eth0` on the segment. */
export class Host {
  readonly name: string
  readonly mac: string
  readonly ipv4: string
  readonly ipv6: string
  readonly linkLocal: string
  readonly #sandbox: Sandbox

  /** `index` is the host's number on the segment, 1 to 99, and the last part of all its addresses. */
  constructor(sandbox: Sandbox, name: string, index: number) {
    const hex = index.toString(16).padStart(2, '0')
    this.#sandbox = sandbox
    this.name = name
    this.mac = `02:00:00:00:00:${hex}`
    this.ipv4 = `192.0.2.${index}`
    this.ipv6 = `2001:db8::${index}`
    this.linkLocal = `fe80::ff:fe00:${index.toString(16)}`
  }

  /** Runs a command here that must succeed; its standard output. */
  async exec(command: readonly string[], options: Omit<CommandOptions, 'netns'> = {}): Promise<string> {
    return this.#sandbox.exec(command, { ...options, netns: this.name })
  }

  /** Runs a command here, whatever its exit code. */
  async run(command: readonly string[], options: Omit<CommandOptions, 'netns'> = {}): Promise<CommandResult> {
    return this.#sandbox.run(command, { ...options, netns: this.name })
  }

  /** Starts a command here. */
  async spawn(command: readonly string[], options: Omit<CommandOptions, 'netns'> = {}): Promise<Child> {
    return this.#sandbox.spawn(command, { ...options, netns: this.name })
  }

  /** The addresses of `eth0` as the kernel has them, without prefix lengths. */
  async addresses(): Promise<ReadonlySet<string>> {
    const json = await this.#sandbox.exec(['ip', '-n', this.name, '-j', 'addr', 'show', 'dev', 'eth0'])
    const [link] = JSON.parse(json) as { addr_info: { local: string }[] }[]
    return new Set(link?.addr_info.map((address) => address.local))
  }

  /** Waits until the kernel has an interface up or down, as daemons are told of it. */
  async waitForLink(device: string, state: 'up' | 'down'): Promise<void> {
    const look = async (): Promise<string> => await this.exec(['ip', '-o', 'link', 'show', 'dev', device])
    // Not LOWER_UP: it may change before daemons are told so.
    const wanted = state === 'up' ? / state UP / : / state (?:LOWERLAYER)?DOWN /
    await waitFor(`${device} of ${this.name} is ${state}`, async () => wanted.test(await look()), { seen: look })
  }

  /** What the kernel knows of a neighbour, if anything. */
  async neighbour(address: string): Promise<Neighbour | undefined> {
    const json = await this.#sandbox.exec(['ip', '-n', this.name, '-j', 'neigh', 'show', 'to', address, 'dev', 'eth0'])
    const [entry] = JSON.parse(json) as { lladdr?: string; state: string[] }[]
    return entry?.lladdr === undefined ? undefined : { mac: entry.lladdr, state: entry.state }
  }

  /** Whether one echo request to an address is answered within a second. */
  async reaches(address: string): Promise<boolean> {
    const family = isIPv6(address) ? '-6' : '-4'
    const { code } = await this.run(['ping', family, '-n', '-q', '-c', '1', '-W', '1', address])
    return code === 0
  }

  /** Waits until {@link reaches} is true. */
  async waitUntilReaches(address: string): Promise<void> {
    await waitFor(`${this.name} reaches ${address}`, async () => this.reaches(address))
  }

  /** Makes this host ask after a second whether a neighbour that it uses is still there; by default that is half a minute. */
  async doubtNeighboursQuickly(): Promise<void> {
    const settings = ['ipv4', 'ipv6'].flatMap((family) => [
      `net.${family}.neigh.eth0.base_reachable_time_ms=1000`,
      `net.${family}.neigh.eth0.delay_first_probe_time=1`,
    ])
    await this.exec(['sysctl', '-qw', ...settings])
  }
}
