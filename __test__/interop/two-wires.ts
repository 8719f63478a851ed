/** Hosts with a second Ethernet segment, for sync groups whose members are on different interfaces. */
import type { Lab } from '../lab/lab.ts'

/** Connects two hosts by a second wire, `eth1` at both, with an address of `198.51.100.0/24` each. */
export async function addWire<Name extends string>(lab: Lab<Name>, one: Name, other: Name): Promise<void> {
  await lab.host(one).exec(['ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', other])
  for (const [index, name] of [one, other].entries()) {
    await lab.host(name).exec(['ip', 'addr', 'add', `198.51.100.${index + 1}/24`, 'dev', 'eth1'])
    await lab.host(name).exec(['ip', 'link', 'set', 'eth1', 'up'])
  }
}

/** Takes the carrier from `eth1` of a host, at the other end of the wire, or gives it back, and waits until the host knows. */
export async function setWire<Name extends string>(lab: Lab<Name>, host: Name, other: Name, state: 'up' | 'down'): Promise<void> {
  await lab.host(other).exec(['ip', 'link', 'set', 'eth1', state])
  await lab.host(host).waitForLink('eth1', state)
}
