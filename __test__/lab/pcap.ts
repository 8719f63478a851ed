/** One captured frame. */
export interface Frame {
  /** When the kernel saw it, in whole microseconds since 1970. */
  readonly timeUs: number
  /** The Ethernet frame, without its check sequence. */
  readonly bytes: Buffer
}

/** The file header's first word when the times are in microseconds, in the writer's byte order. */
const MAGIC_US = 0xa1b2c3d4
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const LINKTYPE_ETHERNET = 1
const SNAP_BYTES = 0x40000
const US_PER_S = 1_000_000

/**
 * Reads a capture file that may still be growing: an unfinished last record is left out.
 *
 * @param linkType Ethernet, unless another one is expected.
 * @throws Error when it is no little-endian capture of that type with microseconds, which is what tcpdump writes here.
 */
export function readPcap(file: Buffer, linkType: number = LINKTYPE_ETHERNET): Frame[] {
  if (file.length < FILE_HEADER_BYTES) return []
  if (file.readUInt32LE(0) !== MAGIC_US || file.readUInt32LE(20) !== linkType) throw new Error(`not a capture of link type ${linkType}`)
  const frames: Frame[] = []
  let offset = FILE_HEADER_BYTES
  while (offset + RECORD_HEADER_BYTES <= file.length) {
    const start = offset + RECORD_HEADER_BYTES
    const end = start + file.readUInt32LE(offset + 8)
    if (end > file.length) break
    frames.push({ timeUs: file.readUInt32LE(offset) * US_PER_S + file.readUInt32LE(offset + 4), bytes: file.subarray(start, end) })
    offset = end
  }
  return frames
}

/** Writes a capture file of frames with the given distance between each two. */
export function writePcap(frames: readonly Buffer[], distanceUs = 0): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES)
  header.writeUInt32LE(MAGIC_US, 0)
  header.writeUInt16LE(2, 4) // version 2.4
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(SNAP_BYTES, 16)
  header.writeUInt32LE(LINKTYPE_ETHERNET, 20)
  const records = frames.flatMap((bytes, index) => {
    const record = Buffer.alloc(RECORD_HEADER_BYTES)
    const timeUs = index * distanceUs
    record.writeUInt32LE(Math.floor(timeUs / US_PER_S), 0)
    record.writeUInt32LE(timeUs % US_PER_S, 4)
    record.writeUInt32LE(bytes.length, 8)
    record.writeUInt32LE(bytes.length, 12)
    return [record, bytes]
  })
  return Buffer.concat([header, ...records])
}
