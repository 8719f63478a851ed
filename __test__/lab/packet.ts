import type { Frame } from './pcap.ts'

interface Sighting {
  /** When the kernel saw it, in whole microseconds since 1970. */
  readonly timeUs: number
  readonly sourceMac: string
  readonly destinationMac: string
}

/** A VRRP advertisement on the wire. */
export interface Advertisement extends Sighting {
  readonly kind: 'advertisement'
  readonly source: string
  readonly destination: string
  /** TTL or hop limit. */
  readonly ttl: number
  readonly version: number
  readonly vrid: number
  readonly priority: number
  /** The interval field: seconds in version 2, centiseconds in version 3. */
  readonly interval: number
  /** How many addresses the header announces. */
  readonly count: number
  /** The addresses that follow the header. */
  readonly addresses: readonly string[]
  /** Identification of the IPv4 header; IPv6 has none. */
  readonly id?: number
}

/** An ARP request or reply. */
export interface Arp extends Sighting {
  readonly kind: 'arp'
  readonly operation: number
  readonly senderMac: string
  readonly senderAddress: string
  readonly targetAddress: string
}

/** A neighbor advertisement of IPv6. */
export interface NeighborAdvertisement extends Sighting {
  readonly kind: 'neighbor-advertisement'
  readonly source: string
  readonly destination: string
  readonly target: string
  readonly override: boolean
}

/** What a lab's captures understand; other frames are left out. */
export type Packet = Advertisement | Arp | NeighborAdvertisement

const ETHERNET_BYTES = 14
const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_ARP = 0x0806
const ETHERTYPE_IPV6 = 0x86dd
const PROTOCOL_VRRP = 112
/** The authentication header that may be in front of it over IPv4. */
const PROTOCOL_AH = 51
const AH_BYTES = 24
const PROTOCOL_ICMPV6 = 58
const NEIGHBOR_ADVERTISEMENT = 136
const OVERRIDE_FLAG = 0x20

/** Decodes one frame, or gives `undefined` for one that is none of ours. */
export function decode({ timeUs, bytes }: Frame): Packet | undefined {
  if (bytes.length < ETHERNET_BYTES) return undefined
  const sighting = { timeUs, destinationMac: mac(bytes, 0), sourceMac: mac(bytes, 6) }
  const payload = bytes.subarray(ETHERNET_BYTES)
  switch (bytes.readUInt16BE(12)) {
    case ETHERTYPE_ARP:
      return {
        ...sighting,
        kind: 'arp',
        operation: payload.readUInt16BE(6),
        senderMac: mac(payload, 8),
        senderAddress: ipv4(payload, 14),
        targetAddress: ipv4(payload, 24),
      }
    case ETHERTYPE_IPV4: {
      if (payload.length < 20) return undefined
      const headerBytes = ipv4HeaderBytes(payload)
      if (headerBytes === undefined) return undefined
      const addresses = { source: ipv4(payload, 12), destination: ipv4(payload, 16), ttl: payload.readUInt8(8) }
      const seen = advertisement(sighting, addresses, payload.subarray(headerBytes), { text: ipv4, bytes: 4 })
      return seen && { ...seen, id: payload.readUInt16BE(4) }
    }
    case ETHERTYPE_IPV6: {
      if (payload.length < 40) return undefined
      const addresses = { source: ipv6(payload, 8), destination: ipv6(payload, 24), ttl: payload.readUInt8(7) }
      const body = payload.subarray(40)
      if (payload[6] === PROTOCOL_VRRP) return advertisement(sighting, addresses, body, { text: ipv6, bytes: 16 })
      if (payload[6] !== PROTOCOL_ICMPV6 || body[0] !== NEIGHBOR_ADVERTISEMENT) return undefined
      const { source, destination } = addresses
      const override = (body.readUInt8(4) & OVERRIDE_FLAG) !== 0
      return { ...sighting, kind: 'neighbor-advertisement', source, destination, target: ipv6(body, 8), override }
    }
    default:
      return undefined
  }
}

/** The octets in front of an advertisement; `undefined` when there is none. */
function ipv4HeaderBytes(packet: Buffer): number | undefined {
  const headerBytes = (packet.readUInt8(0) & 0x0f) * 4
  if (packet[9] === PROTOCOL_VRRP) return headerBytes
  return packet[9] === PROTOCOL_AH && packet[headerBytes] === PROTOCOL_VRRP ? headerBytes + AH_BYTES : undefined
}

function advertisement(
  sighting: Sighting,
  addresses: { source: string; destination: string; ttl: number },
  body: Buffer,
  address: { text: (bytes: Buffer, offset: number) => string; bytes: number },
): Advertisement | undefined {
  if (body.length < 8) return undefined
  const version = body.readUInt8(0) >> 4
  const count = body.readUInt8(3)
  const present = Math.min(count, Math.floor((body.length - 8) / address.bytes))
  return {
    ...sighting,
    ...addresses,
    kind: 'advertisement',
    version,
    vrid: body.readUInt8(1),
    priority: body.readUInt8(2),
    count,
    addresses: Array.from({ length: present }, (_, index) => address.text(body, 8 + index * address.bytes)),
    interval: version === 2 ? body.readUInt8(5) : body.readUInt16BE(4) & 0x0fff,
  }
}

function mac(bytes: Buffer, offset: number): string {
  return [...bytes.subarray(offset, offset + 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':')
}

function ipv4(bytes: Buffer, offset: number): string {
  return bytes.subarray(offset, offset + 4).join('.')
}

/** The text of RFC 5952, which the kernel's tools print too. */
function ipv6(bytes: Buffer, offset: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(offset + index * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}
