import { isIPv6 } from 'node:net'
import type { InterfaceDetails } from '#native'
import type { DumpedInstance, DumpState } from './state.ts'

/** The hardware types (ARPHRD_*) that keepalived has names for here. */
const HARDWARE: ReadonlyMap<number, string> = new Map([
  [1, 'ETHERNET'],
  [32, 'INFINIBAND'],
  [772, 'LOOPBACK'],
])

/** Where instances are heard: one group, or one address of this host, on one interface each. */
export function* socketPieces({ instances }: DumpState): Generator<string, void, void> {
  const pool = new Map<string, DumpedInstance[]>()
  for (const instance of instances) {
    const { interface: name = '', family } = instance.config
    const key = `${name} ${family} ${heardAt(instance)}`
    const members = pool.get(key)
    if (members === undefined) pool.set(key, [instance])
    else members.push(instance)
  }
  yield '------< VRRP Sockpool >------\n'
  for (const members of pool.values()) yield socketText(members)
}

function socketText(members: readonly DumpedInstance[]): string {
  const [first] = members
  if (first === undefined) return ''
  const { config, details } = first
  const isMulticast = config.unicastPeer.length === 0
  const lines = [
    ` Interface = ${config.interface ?? '(none)'}`,
    `   Family = IPv${config.family}`,
    '   Protocol = VRRP',
    `   Type = ${isMulticast ? 'Multicast' : 'Unicast'}`,
    `   Address = ${heardAt(first)}`,
    ...(isMulticast ? [`   Joined on ifindex = ${details.joinedIfindex ?? '(none)'}`] : []),
    '   VRRP instances',
    ...members.map((member) => `     ${member.config.name} vrid ${member.config.virtualRouterId}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function heardAt({ config, details }: DumpedInstance): string {
  return config.unicastPeer.length === 0 ? config.mcastDstIp : (details.sourceAddress ?? '(none)')
}

/** An interface by what the kernel last said. */
export function interfaceText(details: InterfaceDetails): string {
  const { addresses, instances } = details
  const [first4 = '(none)', ...more4] = addresses.filter((address) => !isIPv6(address))
  const [first6 = '(none)', ...more6] = addresses.filter((address) => isIPv6(address))
  const lines = [
    ` Name = ${details.name}`,
    `   index = ${details.index ?? 0}`,
    `   IPv4 address = ${first4}`,
    ...additional('IPv4', more4),
    `   IPv6 address = ${first6}`,
    ...additional('IPv6', more6),
    ...(details.mac === undefined || details.loopback ? [] : [`   MAC = ${details.mac}`]),
    `   State = ${stateText(details)}`,
    `   MTU = ${details.mtu}`,
    `   HW Type = ${HARDWARE.get(details.linkType) ?? details.linkType}`,
    '   NIC netlink status update',
    ...(instances.length === 0 ? [] : ['   Tracking VRRP instances :', ...instances.map((name) => `     ${name}, weight 0`)]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function stateText({ index, up, running, loopback, multicast, noarp }: InterfaceDetails): string {
  if (index === undefined) return 'not existing'
  const words = [
    up ? 'UP' : 'not UP',
    running ? 'RUNNING' : 'not RUNNING',
    ...(noarp ? ['no arp'] : []),
    ...(loopback ? ['loopback'] : []),
    ...(multicast ? [] : ['no multicast']),
  ]
  return words.join(', ')
}

function additional(family: string, addresses: readonly string[]): string[] {
  return addresses.length === 0 ? [] : [`   Additional ${family} addresses =`, ...addresses.map((address) => `     ${address}`)]
}
