import { readFile } from 'node:fs/promises'
import type { Host } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'

/** An address as `ip -j -d address` shows it; a flag that is not set is absent. */
export interface KernelAddress {
  readonly family: 'inet' | 'inet6'
  readonly local: string
  readonly prefixlen: number
  readonly scope: string
  readonly label?: string
  readonly broadcast?: string
  readonly nodad?: true
  readonly tentative?: true
  readonly deprecated?: true
  readonly noprefixroute?: true
  readonly secondary?: true
  /** Seconds, of which the greatest 32-bit number means forever. */
  readonly valid_life_time: number
  readonly preferred_life_time: number
}

/** Protocol number of keepalived in IFA_PROTO. */
export const PROTOCOL_KEEPALIVED = 18

/** The addresses of an interface, in the kernel's order. */
export async function addressesOn(host: Host, dev: string): Promise<KernelAddress[]> {
  const json = await host.exec(['ip', '-j', '-d', 'address', 'show', 'dev', dev])
  const [link] = JSON.parse(json) as { addr_info: KernelAddress[] }[]
  // Whether the kernel still looks for duplicates of an address is a matter of time.
  return (link?.addr_info ?? []).map(({ tentative: _tentative, ...address }) => address)
}

/** The multicast groups of both families that somebody listens to on `eth0`. */
export async function groupsOn(host: Host): Promise<string[]> {
  const json = await host.exec(['ip', '-j', 'maddress', 'show', 'dev', 'eth0'])
  const [link] = JSON.parse(json) as { maddr: { family?: string; address?: string }[] }[]
  return (link?.maddr ?? []).flatMap(({ address }) => address ?? []).toSorted()
}

const NLMSG_HEADER_BYTES = 16
const IFADDRMSG_BYTES = 8
const ATTRIBUTE_HEADER_BYTES = 4
const SAVE_MAGIC_BYTES = 4
const RTM_NEWADDR = 20
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_PROTO = 11

/**
 * Who added each address of a host: IFA_PROTO by the address in hexadecimal.
 *
 * `ip address show` of iproute2 before 6.3 does not tell; `ip address save` writes the kernel's own messages.
 */
export async function protocolsOf(lab: Lab, host: Host): Promise<Map<string, number>> {
  const file = `${host.name}-addresses`
  await host.exec(['sh', '-c', `ip address save > ${lab.sandbox.scratch.inside}/${file}`])
  const dump = await readFile(`${lab.sandbox.scratch.outside}/${file}`)
  const protocols = new Map<string, number>()
  for (const message of chunks(dump.subarray(SAVE_MAGIC_BYTES), (bytes) => bytes.readUInt32LE(0))) {
    if (message.readUInt16LE(4) !== RTM_NEWADDR) continue
    const attributes = new Map<number, Buffer>()
    for (const attribute of chunks(message.subarray(NLMSG_HEADER_BYTES + IFADDRMSG_BYTES), (bytes) => bytes.readUInt16LE(0))) {
      attributes.set(attribute.readUInt16LE(2), attribute.subarray(ATTRIBUTE_HEADER_BYTES))
    }
    const address = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
    if (address !== undefined) protocols.set(address.toString('hex'), attributes.get(IFA_PROTO)?.readUInt8(0) ?? 0)
  }
  return protocols
}

/** Parts that begin with their own length and are aligned to four bytes (netlink(7)). */
function chunks(bytes: Buffer, length: (bytes: Buffer) => number): Buffer[] {
  const parts: Buffer[] = []
  for (let offset = 0; offset + ATTRIBUTE_HEADER_BYTES <= bytes.length;) {
    const size = length(bytes.subarray(offset))
    parts.push(bytes.subarray(offset, offset + size))
    offset += Math.max(Math.ceil(size / 4) * 4, ATTRIBUTE_HEADER_BYTES)
  }
  return parts
}
