import { isIPv6 } from 'node:net'

/** An advertisement to be put on the wire, right or wrong: what is written here is sent as it stands. */
export interface AdvertisementFrame {
  readonly sourceMac: string
  readonly destinationMac: string
  readonly source: string
  readonly destination: string
  /** TTL or hop limit. */
  readonly ttl: number
  readonly version: number
  readonly type: number
  readonly vrid: number
  readonly priority: number
  readonly addresses: readonly string[]
  /** The address count, where it is not that of `addresses`. */
  readonly count?: number
  /** Octets 4 and 5: authentication type and seconds in version 2, centiseconds in version 3. */
  readonly middle: number
  /** What follows the addresses, such as the authentication data. */
  readonly trailer: Buffer
  /** Added to the right checksum. */
  readonly checksumError: number
}

const ETHERNET_BYTES = 14
const IPV4_HEADER_BYTES = 20
const PROTOCOL_VRRP = 112
const TRAFFIC_CLASS = 0xc0 // CS6

/** Encodes an Ethernet frame with an advertisement. */
export function encodeAdvertisement(frame: AdvertisementFrame): Buffer {
  const { source, destination, version, addresses, checksumError } = frame
  const head = Buffer.from([
    (version << 4) | frame.type,
    frame.vrid,
    frame.priority,
    frame.count ?? addresses.length,
    frame.middle >> 8,
    frame.middle & 0xff,
    0,
    0,
  ])
  const message = Buffer.concat([head, ...addresses.map(addressBytes), frame.trailer])
  // Version 2 over IPv4 alone has no pseudo-header.
  const covered = version === 2 && !isIPv6(source) ? message : Buffer.concat([pseudoHeader(source, destination, message.length), message])
  message.writeUInt16BE((onesComplement(covered) + checksumError) & 0xffff, 6)
  const header = isIPv6(source) ? ipv6Header(frame, message.length) : ipv4Header(frame, message.length)
  const etherType = isIPv6(source) ? [0x86, 0xdd] : [0x08, 0x00]
  return Buffer.concat([macBytes(frame.destinationMac), macBytes(frame.sourceMac), Buffer.from(etherType), header, message])
}

/** A copy of an Ethernet frame whose IPv4 packet is changed; the header's checksum and the total length then fit the result. */
export function changeIpv4(frame: Buffer, change: (packet: Buffer) => Buffer): Buffer {
  return sealIpv4(frame, (packet) => {
    const changed = change(packet)
    changed.writeUInt16BE(changed.length, 2)
    return changed
  })
}

/** A copy of an Ethernet frame whose IPv4 packet is changed; the header's checksum alone then fits the result. */
export function sealIpv4(frame: Buffer, change: (packet: Buffer) => Buffer): Buffer {
  const packet = change(Buffer.from(frame.subarray(ETHERNET_BYTES)))
  packet.writeUInt16BE(0, 10)
  packet.writeUInt16BE(onesComplement(packet.subarray(0, IPV4_HEADER_BYTES)), 10)
  return Buffer.concat([frame.subarray(0, ETHERNET_BYTES), packet])
}

function ipv4Header({ source, destination, ttl }: AdvertisementFrame, payloadBytes: number): Buffer {
  const header = Buffer.alloc(IPV4_HEADER_BYTES)
  header.writeUInt8(0x45, 0)
  header.writeUInt8(TRAFFIC_CLASS, 1)
  header.writeUInt16BE(header.length + payloadBytes, 2)
  header.writeUInt8(ttl, 8)
  header.writeUInt8(PROTOCOL_VRRP, 9)
  addressBytes(source).copy(header, 12)
  addressBytes(destination).copy(header, 16)
  header.writeUInt16BE(onesComplement(header), 10)
  return header
}

function ipv6Header({ source, destination, ttl }: AdvertisementFrame, payloadBytes: number): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt16BE(0x6000 | (TRAFFIC_CLASS << 4), 0)
  header.writeUInt16BE(payloadBytes, 4)
  header.writeUInt8(PROTOCOL_VRRP, 6)
  header.writeUInt8(ttl, 7)
  addressBytes(source).copy(header, 8)
  addressBytes(destination).copy(header, 24)
  return header
}

function pseudoHeader(source: string, destination: string, payloadBytes: number): Buffer {
  const end = isIPv6(source)
    ? Buffer.from([0, 0, payloadBytes >> 8, payloadBytes, 0, 0, 0, PROTOCOL_VRRP])
    : Buffer.from([0, PROTOCOL_VRRP, payloadBytes >> 8, payloadBytes])
  return Buffer.concat([addressBytes(source), addressBytes(destination), end])
}

/** RFC 1071. A last byte without a partner is left out: it is 0 in every frame made here. */
function onesComplement(bytes: Buffer): number {
  const words = Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => bytes.readUInt16BE(index * 2))
  const sum = words.reduce((total, word) => total + word, 0)
  const folded = (sum & 0xffff) + (sum >>> 16)
  return ~((folded & 0xffff) + (folded >>> 16)) & 0xffff
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

/** An address of either family in network byte order. */
export function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  const [left = '', right] = address.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const tail = groups(right ?? '')
  const head = groups(left)
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
