/** A second Ethernet segment for hosts of a lab, with a port of its own for each. */
import type { Lab } from './lab.ts'
import { waitFor } from './wait-for.ts'

/** Hosts that have an `eth1`, connected by a bridge on another host. */
export class SecondSegment<Name extends string> {
  readonly #lab: Lab<Name>
  readonly #hub: Name

  private constructor(lab: Lab<Name>, hub: Name) {
    this.#lab = lab
    this.#hub = hub
  }

  /** Connects hosts to `hub`; the first has the address `198.51.100.1`, and so on. */
  static async connect<Name extends string>(lab: Lab<Name>, hub: Name, hosts: readonly Name[]): Promise<SecondSegment<Name>> {
    const segment = new SecondSegment(lab, hub)
    await segment.#ip(hub, 'link', 'add', 'br9', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0')
    await segment.#ip(hub, 'link', 'set', 'br9', 'up')
    for (const [index, host] of hosts.entries()) {
      await segment.#ip(hub, 'link', 'add', `p-${host}`, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', host)
      await segment.#ip(hub, 'link', 'set', `p-${host}`, 'master', 'br9', 'up')
      await segment.#ip(host, 'addr', 'add', `198.51.100.${index + 1}/24`, 'dev', 'eth1')
      await segment.#ip(host, 'link', 'set', 'eth1', 'up')
      await lab.host(host).waitForLink('eth1', 'up')
    }
    return segment
  }

  /** Takes the carrier from `eth1` of a host, and waits until its kernel knows. */
  async unplug(host: Name): Promise<void> {
    await this.#ip(this.#hub, 'link', 'set', `p-${host}`, 'down')
    await this.#lab.host(host).waitForLink('eth1', 'down')
  }

  /** Gives it back. */
  async plug(host: Name): Promise<void> {
    await this.#ip(this.#hub, 'link', 'set', `p-${host}`, 'up')
    await this.#lab.host(host).waitForLink('eth1', 'up')
  }

  /** Waits until the kernel of `holder` has an address on `eth1`, and no other of these hosts has. */
  async waitForHolder(address: string, holder: Name, others: readonly Name[]): Promise<void> {
    const has = async (host: Name): Promise<boolean> => (await this.#ip(host, '-o', 'addr', 'show', 'dev', 'eth1')).includes(` ${address}/`)
    const seen = async (): Promise<Name[]> => {
      const hosts = [holder, ...others]
      const held = await Promise.all(hosts.map(has))
      return hosts.filter((_, index) => held[index])
    }
    await waitFor(`${address} is on eth1 of ${holder} and nowhere else`, async () => (await seen()).join() === holder, { seen })
  }

  async #ip(host: Name, ...args: readonly string[]): Promise<string> {
    return await this.#lab.host(host).exec(['ip', ...args])
  }
}
