/** A question to a name server, and what of its answer is looked at (RFC 1035 §4.1). */
import { Buffer } from 'node:buffer'
import type { DnsCheck } from '../config/model.ts'

/** RFC 1035 §3.2.2, and those that came later. */
const TYPES: Readonly<Record<DnsCheck['type'], number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  RRSIG: 46,
  DNSKEY: 48,
}

/** Octets of a header. */
export const DNS_HEADER = 12
const RECURSION_DESIRED = 0x0100
const CLASS_IN = 1
const RCODE = 0x0f
/** A label has no more octets; more would be taken for a pointer. */
const MAX_LABEL = 63

/**
 * One question, with recursion desired.
 *
 * @param name with or without a dot at its end; `.` is the root. A label that is too long is cut: nobody knows such a name.
 */
export function dnsQuery(id: number, { name, type }: Pick<DnsCheck, 'name' | 'type'>): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  const parts: Buffer[] = []
  for (const label of labels) {
    const octets = Buffer.from(label).subarray(0, MAX_LABEL)
    parts.push(Buffer.of(octets.length), octets)
  }
  const header = Buffer.alloc(DNS_HEADER)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(RECURSION_DESIRED, 2)
  header.writeUInt16BE(1, 4)
  const question = Buffer.alloc(5)
  question.writeUInt16BE(TYPES[type], 1)
  question.writeUInt16BE(CLASS_IN, 3)
  return Buffer.concat([header, ...parts, question])
}

/** What tells answers to this question from all else: the id, and that it is an answer. */
export function dnsReplyPattern(id: number): { readonly pattern: Buffer; readonly mask: Buffer } {
  return { pattern: Buffer.of(id >> 8, id & 0xff, 0x80), mask: Buffer.of(0xff, 0xff, 0x80) }
}

/** The response code of an answer: 0 is none but good. */
export function dnsRcode(reply: Buffer): number {
  return (reply[3] ?? 0) & RCODE
}
