/** Addresses and marks that a `virtual_server_group` stands for (lvs.md §1.4). */
import { canonicalAddress, familyOf } from '../config/forms/addresses.ts'
import type { VirtualServerGroup, VirtualServerGroupMember } from '../config/model.ts'

/** What one IPVS service serves. */
export type Served =
  | { readonly address: string; readonly port: number }
  | {
      readonly mark: number
      /** Absent: that of the virtual server. */
      readonly family: 'inet' | 'inet6' | undefined
    }

/** So many services are made of a group at most: the kernel keeps each of them. */
export const MOST_SERVED = 65_536

/** Bits of an address. */
const BITS = { 4: 32, 6: 128 } as const

/** What a group stands for, in its order. @param tooMany is told when it is more than {@link MOST_SERVED}; the rest is left out */
export function servedByGroup({ members }: VirtualServerGroup, tooMany: () => void): readonly Served[] {
  const served: Served[] = []
  // As keepalived: addresses first, then marks.
  for (const member of members) {
    if (member.address !== undefined && !addAddresses(member.address, member, served)) {
      tooMany()
      return served
    }
  }
  for (const { fwmark, family } of members) if (fwmark !== undefined) served.push({ mark: fwmark, family })
  return served
}

/** @returns whether all of them found room */
function addAddresses(address: string, { rangeEnd, prefixLength, port }: VirtualServerGroupMember, served: Served[]): boolean {
  if (rangeEnd === undefined && prefixLength === undefined) {
    if (served.length >= MOST_SERVED) return false
    served.push({ address, port })
    return true
  }
  const family = familyOf(address)
  const first = numberOf(address)
  const last = rangeEnd === undefined ? first + (1n << BigInt(BITS[family] - (prefixLength ?? 0))) - 1n : numberOf(rangeEnd)
  for (let number = first; number <= last; number += 1n) {
    if (served.length >= MOST_SERVED) return false
    served.push({ address: addressOf(number, family), port })
  }
  return true
}

/** An address as one number. */
export function numberOf(address: string): bigint {
  if (familyOf(address) === 4) return address.split('.').reduce((number, octet) => number * 256n + BigInt(octet), 0n)
  return groupsOf(address).reduce((number, group) => number * 65_536n + BigInt(group), 0n)
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, embedded).split('::')
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const before = groups(head)
  if (tail === undefined) return before
  const after = groups(tail)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

/** The canonical form of some addresses ends in an IPv4 address. */
function embedded(_: string, ...octets: string[]): string {
  const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** A number as an address in canonical form. */
function addressOf(number: bigint, family: 4 | 6): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join('.')
  const text = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(112 - index * 16)) & 65_535n).toString(16)).join(':')
  return canonicalAddress(text) ?? text
}
