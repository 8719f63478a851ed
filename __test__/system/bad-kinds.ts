import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { RejectedCounts } from '#native'
import type { InstanceConf } from '../lab/conf.ts'
import { changeIpv4, encodeAdvertisement, sealIpv4, type AdvertisementFrame } from '../lab/frames.ts'
import type { Host } from '../lab/host.ts'

/** Counters of the kernel by which a packet is known to have arrived although we never see it: names of nstat(8), or a column of raw6. */
type KernelCounter =
  | 'IpInHdrErrors'
  | 'IpExtInCsumErrors'
  | 'IpExtInTruncatedPkts'
  | 'IpReasmReqds'
  | 'Ip6InHdrErrors'
  | 'Ip6InTruncatedPkts'
  | 'Ip6ReasmReqds'
  | 'raw6Drops'

/** What counts a packet: a receive check that it fails, ourselves as that of no instance or as a good one, or the kernel. */
export type Counter = keyof RejectedCounts | 'unknown' | 'received' | KernelCounter

/** One way to be wrong. */
export interface Kind {
  readonly name: string
  /** Every counter that grows by one with each packet; none for a packet that the kernel drops without a word. */
  readonly counters: readonly Counter[]
  /** The frames of one burst. They differ from those of every other kind. */
  readonly frames: readonly Buffer[]
}

/** Who is attacked, and by whom. */
export interface Attack {
  readonly instance: InstanceConf
  readonly target: Host
  readonly stranger: Host
}

/** Packets of each kind in one burst. */
export const PACKETS = 100

const AH = 51
const NEXT_HEADER_FRAGMENT = 44
const ETHERNET_BYTES = 14
const IPV4_HEADER_BYTES = 20
const IPV6_HEADER_BYTES = 40
const AH_BYTES = 24
const MORE_FRAGMENTS = 0x2000
/** Neither this nor this and padding is the length of an advertisement, whatever its address count says. */
const GARBAGE_BYTES = 33

/** An advertisement that the attacked virtual router would accept, and before which a Master would give way. */
export function rightAdvertisement({ instance, stranger }: Attack): AdvertisementFrame {
  const { version, vrid, authPass, advertInt } = instance
  const addresses = instance.addresses.map((address) => address.replace(/\/.*/, ''))
  const ipv6 = addresses.some((address) => isIPv6(address))
  const password = Buffer.concat([Buffer.from(authPass ?? '')], 8)
  return {
    sourceMac: stranger.mac,
    destinationMac: ipv6 ? '33:33:00:00:00:12' : '01:00:5e:00:00:12',
    source: ipv6 ? stranger.linkLocal : stranger.ipv4,
    destination: ipv6 ? 'ff02::12' : '224.0.0.18',
    ttl: 255,
    version,
    type: 1,
    vrid,
    priority: 250,
    addresses,
    middle: version === 2 ? (authPass === undefined ? 0 : 1 << 8) | advertInt : Math.round(advertInt * 100),
    trailer: version === 2 ? password : Buffer.alloc(0),
    checksumError: 0,
  }
}

/** Every kind of bad packet for a virtual router, and what looks bad and is not. */
export function kindsOf(attack: Attack): Kind[] {
  const right = rightAdvertisement(attack)
  const ipv6 = isIPv6(right.source)
  return [
    ...kindsOfAll(attack, right),
    ...(right.version === 2 ? kindsOfVersion2(right) : []),
    ...(ipv6 ? kindsOfIpv6 : kindsOfIpv4)(attack, right),
  ]
}

/** A burst of one packet over and over, or of a series. */
function kind(name: string, counters: readonly Counter[], frame: Buffer | ((index: number) => Buffer)): Kind {
  const at = typeof frame === 'function' ? frame : () => frame
  return { name, counters, frames: Array.from({ length: PACKETS }, (_, index) => at(index)) }
}

function kindsOfAll({ target }: Attack, right: AdvertisementFrame): Kind[] {
  const ipv6 = isIPv6(right.source)
  const wrong = (change: Partial<AdvertisementFrame>): Buffer => encodeAdvertisement({ ...right, ...change })
  const { vrid } = right
  const other = 5 - right.version
  // Whatever the attacked router speaks: VRRPv2 over IPv4 alone has something behind the addresses.
  const trailerOf = (version: number): Buffer => Buffer.alloc(version === 2 && !ipv6 ? 8 : 0)
  const allHosts = ipv6
    ? { destination: 'ff02::1', destinationMac: '33:33:00:00:00:01' }
    : { destination: '224.0.0.1', destinationMac: '01:00:5e:00:00:01' }
  return [
    kind('TTL 254', ['ttl'], wrong({ ttl: 254 })),
    kind('TTL 0', ['ttl'], wrong({ ttl: 0 })),
    kind('the other version', ['version'], wrong({ version: other, trailer: trailerOf(other) })),
    kind('the other version, too long', ['length'], wrong({ version: other, trailer: Buffer.alloc(12) })),
    kind('version 15', ['version'], wrong({ version: 15, trailer: trailerOf(15) })),
    kind('type 2', ['packetType'], wrong({ type: 2 })),
    kind('shorter than its address count', ['length'], wrong({ count: right.addresses.length + 1 })),
    kind('longer than its address count', ['length'], wrong({ count: 0 })),
    kind('sent to this host', ['unknown'], wrong({ destination: ipv6 ? target.linkLocal : target.ipv4, destinationMac: target.mac })),
    kind('sent to all hosts', ['unknown'], wrong(allHosts)),
    kind('unknown VRID', [], wrong({ vrid: vrid + 1 })),
    kind('VRID 0', [], wrong({ vrid: 0 })),
    // Over IPv6 the kernel verifies the checksum for us: it drops such packets at our socket.
    kind('wrong checksum', [ipv6 ? 'raw6Drops' : 'checksum'], wrong({ checksumError: 1 })),
  ]
}

function kindsOfVersion2(right: AdvertisementFrame): Kind[] {
  const wrong = (change: Partial<AdvertisementFrame>): Buffer => encodeAdvertisement({ ...right, ...change })
  const authType = right.middle & 0xff00
  const interval = right.middle & 0x00ff
  return [
    kind('unknown authentication type', ['authenticationTypeUnknown'], wrong({ middle: (3 << 8) | interval })),
    kind('no authentication', ['authenticationTypeMismatch'], wrong({ middle: interval })),
    kind('AH authentication type', ['authenticationTypeMismatch'], wrong({ middle: (2 << 8) | interval })),
    kind('wrong password', ['authenticationFailed'], wrong({ trailer: Buffer.from('Secret\0\0') })),
    kind('empty password', ['authenticationFailed'], wrong({ trailer: Buffer.alloc(8) })),
    kind('another interval', ['advertisementInterval'], wrong({ middle: authType | (interval + 2) })),
    kind('interval 0', ['advertisementInterval'], wrong({ middle: authType })),
    kind('no authentication data', ['length'], wrong({ trailer: Buffer.alloc(0) })),
  ]
}

function kindsOfIpv4({ target }: Attack, right: AdvertisementFrame): Kind[] {
  const good = encodeAdvertisement(right)
  // A Master answers these, and stays: they are good and of lower priority.
  const lower = encodeAdvertisement({ ...right, priority: 1 })
  const longer = (frame: Buffer, octets: number): Buffer => changeIpv4(frame, (packet) => Buffer.concat([packet, Buffer.alloc(octets)]))
  const payload = (octets: number): Buffer => changeIpv4(good, (packet) => packet.subarray(0, IPV4_HEADER_BYTES + octets))
  const stated = (difference: number): Buffer =>
    sealIpv4(
      good,
      written((packet) => packet.writeUInt16BE(packet.length + difference, 2)),
    )
  const header = (change: (packet: Buffer) => void): Buffer => sealIpv4(good, written(change))
  const fragment = (index: number, flagsAndOffset: number): Buffer =>
    header((packet) => {
      packet.writeUInt16BE(index + 1, 4) // each the part of another packet
      packet.writeUInt16BE(flagsAndOffset, 6)
    })
  return [
    ...[1, 4, 28].map((octets) => kind(`${octets} octets too long`, ['length'], longer(good, octets))),
    ...[2, 6].map((octets) => kind(`${octets} octets of padding inside`, ['received'], longer(lower, octets))),
    kind('6 octets of padding behind', ['received'], Buffer.concat([lower, Buffer.alloc(6)])),
    kind('no address', ['length'], payload(8)),
    kind('no VRRP header', ['unknown'], payload(7)),
    kind('no VRID', [], payload(1)),
    // The kernel gives us what the IP header states, and drops packets that have less than that.
    kind('total length too small', ['length'], stated(-4)),
    kind('total length too large', ['IpExtInTruncatedPkts'], stated(4)),
    kind(
      'total length below the header',
      ['IpInHdrErrors'],
      header((packet) => packet.writeUInt16BE(IPV4_HEADER_BYTES - 1, 2)),
    ),
    kind('truncated IP header', ['IpInHdrErrors'], good.subarray(0, ETHERNET_BYTES + IPV4_HEADER_BYTES - 4)),
    kind(
      'IP header of 16 octets',
      ['IpInHdrErrors'],
      header((packet) => packet.writeUInt8(0x44, 0)),
    ),
    kind(
      'IP header beyond the packet',
      ['IpInHdrErrors'],
      header((packet) => packet.writeUInt8(0x4f, 0)),
    ),
    kind(
      'IP version 5',
      ['IpInHdrErrors'],
      header((packet) => packet.writeUInt8(0x55, 0)),
    ),
    kind('wrong IP header checksum', ['IpInHdrErrors', 'IpExtInCsumErrors'], flipped(good, ETHERNET_BYTES + 10)),
    kind('first fragment', ['IpReasmReqds'], (index) => fragment(index, MORE_FRAGMENTS)),
    kind('last fragment', ['IpReasmReqds'], (index) => fragment(PACKETS + index, 1)),
    kind('garbage', ['length'], (index) =>
      changeIpv4(good, (packet) => Buffer.concat([packet.subarray(0, 20), garbage(index, right.vrid)])),
    ),
    kind('garbage of another VRID', [], (index) =>
      changeIpv4(good, (packet) => Buffer.concat([packet.subarray(0, 20), garbage(index, right.vrid + 1)])),
    ),
    kind(
      'AH',
      [],
      changeIpv4(good, (packet) =>
        Buffer.concat([
          written((ip) => ip.writeUInt8(AH, 9))(packet).subarray(0, 20),
          authenticationHeader(right.source),
          packet.subarray(20),
        ]),
      ),
    ),
    kind('our own source address', [], encodeAdvertisement({ ...right, source: target.ipv4 })),
  ]
}

function kindsOfIpv6({ instance, target }: Attack, right: AdvertisementFrame): Kind[] {
  const good = encodeAdvertisement(right)
  const wrong = (change: Partial<AdvertisementFrame>): Buffer => encodeAdvertisement({ ...right, ...change })
  const header = (change: (packet: Buffer) => void): Buffer =>
    Buffer.concat([good.subarray(0, ETHERNET_BYTES), written(change)(Buffer.from(good.subarray(ETHERNET_BYTES)))])
  const extended = (nextHeader: number, extension: Buffer): Buffer =>
    Buffer.concat([
      header((packet) => {
        packet.writeUInt16BE(packet.length - IPV6_HEADER_BYTES + extension.length, 4)
        packet.writeUInt8(nextHeader, 6)
      }).subarray(0, ETHERNET_BYTES + IPV6_HEADER_BYTES),
      extension,
      good.subarray(ETHERNET_BYTES + IPV6_HEADER_BYTES),
    ])
  const fragment = (index: number): Buffer => {
    const extension = Buffer.from([112, 0, 0, 1, 0, 0, 0, 0]) // offset 0, and more to come
    extension.writeUInt32BE(index + 1, 4)
    return extended(NEXT_HEADER_FRAGMENT, extension)
  }
  return [
    // An IPv6 packet is never so short that Ethernet pads it: 2 and 6 are too many, too.
    ...[1, 2, 4, 6, 28].map((octets) => kind(`${octets} octets too long`, ['length'], wrong({ trailer: Buffer.alloc(octets) }))),
    kind(
      'payload length too large',
      ['Ip6InTruncatedPkts'],
      header((packet) => packet.writeUInt16BE(packet.length, 4)),
    ),
    kind('truncated IP header', ['Ip6InHdrErrors'], good.subarray(0, ETHERNET_BYTES + IPV6_HEADER_BYTES - 8)),
    kind(
      'IP version 5',
      ['Ip6InHdrErrors'],
      header((packet) => packet.writeUInt8(0x50, 0)),
    ),
    kind('first fragment', ['Ip6ReasmReqds'], fragment),
    kind('garbage', ['raw6Drops'], (index) =>
      Buffer.concat([
        header((packet) => packet.writeUInt16BE(GARBAGE_BYTES, 4)).subarray(0, ETHERNET_BYTES + IPV6_HEADER_BYTES),
        garbage(index, right.vrid),
      ]),
    ),
    kind('AH', [], extended(AH, authenticationHeader(right.source))),
    // The kernel lets it pass, unlike IPv4's.
    kind('our own source address', ['received'], wrong({ source: target.linkLocal, priority: instance.priority })),
  ]
}

/** `change` as a function that returns what it has written into. */
function written(change: (packet: Buffer) => void): (packet: Buffer) => Buffer {
  return (packet) => {
    change(packet)
    return packet
  }
}

function flipped(frame: Buffer, offset: number): Buffer {
  return written((copy) => copy.writeUInt8(copy.readUInt8(offset) ^ 0xff, offset))(Buffer.from(frame))
}

/** Noise, but the same in every run, with a VRID where it belongs. */
function garbage(index: number, vrid: number): Buffer {
  const noise = createHash('sha512').update(`${index}`).digest().subarray(0, GARBAGE_BYTES)
  return written((bytes) => bytes.writeUInt8(vrid, 1))(noise)
}

/** RFC 4302 §2, with VRRP next, keepalived's length, an SPI and a sequence number, and no proof of anything. */
function authenticationHeader(source: string): Buffer {
  const header = Buffer.alloc(AH_BYTES)
  header.writeUInt8(112, 0)
  header.writeUInt8(AH_BYTES / 4 - 2, 1)
  if (!isIPv6(source)) Buffer.from(source.split('.').map(Number)).copy(header, 4)
  header.writeUInt32BE(1, 8)
  return header
}
