/** What the lines of a `virtual_server` do to each other while they are read, in their order. */
import type { VirtualServerDraft } from '../drafts.ts'
import { familyOf } from '../forms/addresses.ts'
import { dottedMask } from '../forms/granularity.ts'
import type { Line } from '../blocks/line.ts'
import type { Draft, ReadContext } from '../tables/schema.ts'

type IpFamily = 'inet' | 'inet6'

/** The longest prefix of IPv6. */
const IPV6_BITS = 128

/** The address family that a virtual server has so far: by its own address, by a line, or by its servers. */
export function familySoFar({ ipFamily, realServers = [] }: VirtualServerDraft): IpFamily | undefined {
  const server = ipFamily === undefined ? realServers.find(({ lvsMethod }) => lvsMethod?.method !== 'TUN') : undefined
  return server?.address === undefined ? ipFamily : ipFamilyOf(server.address)
}

/** The address family of an address, as a virtual server names it. */
export function ipFamilyOf(address: string): IpFamily {
  return familyOf(address) === 6 ? 'inet6' : 'inet'
}

/** Another family than the one that is known is ignored. */
export function storeIpFamily(draft: VirtualServerDraft, value: IpFamily, line: Line, { diagnostics }: ReadContext): void {
  const known = familySoFar(draft)
  if (known === undefined || known === value) draft.ipFamily = value
  else diagnostics.error('family-mismatch', line.wordSpan, `the servers are of family ${known} already; ${value} is ignored`)
}

/** A mask is one of IPv4, a number the length of an IPv6 prefix, unless the family is known: it decides where it is not. */
export function storeGranularity(draft: VirtualServerDraft, value: string | number, line: Line, { diagnostics }: ReadContext): void {
  const family = familySoFar(draft) ?? (typeof value === 'string' ? 'inet' : 'inet6')
  if (family === 'inet6') {
    if (typeof value !== 'number' || value < 1 || value > IPV6_BITS) {
      const message = `'${line.keyword}' of an IPv6 server is the length of a prefix; it is ignored`
      diagnostics.error('invalid-number', line.wordSpan, message, `expected a number from 1 to ${IPV6_BITS}`)
      return
    }
    draft.persistenceGranularity = value
  } else {
    const mask = dottedMask(line.octets)
    if (mask === undefined) {
      const message = `'${line.keyword}' of an IPv4 server is a mask; it is ignored`
      diagnostics.error('invalid-number', line.wordSpan, message, 'expected a mask such as 255.255.255.0')
      return
    }
    if (typeof value === 'number' && value > 0) {
      diagnostics.info('unusual-value', line.wordSpan, `this number is read as the mask ${mask}`, 'write a mask such as 255.255.255.0')
    }
    draft.persistenceGranularity = mask
  }
  draft.ipFamily ??= family
}

/** The hash schedulers alone have these flags, and only lines below theirs. */
export function storeHashFlag(field: string): (draft: Draft, value: unknown, line: Line, context: ReadContext) => void {
  return (draft, value, { keyword, span }, { diagnostics }) => {
    const { lvsSched } = draft as VirtualServerDraft
    if (lvsSched === 'sh' || lvsSched === 'mh') {
      draft[field] = value
      return
    }
    const help = 'put it below `lvs_sched sh` or `lvs_sched mh`'
    diagnostics.error('conflicting-setting', span, `'${keyword}' needs the scheduler sh or mh; it is ignored`, help)
  }
}

/** A new sorry server begins with the forwarding method that its virtual server has so far. */
export function storeSorryServer(draft: VirtualServerDraft, value: NonNullable<VirtualServerDraft['sorryServer']>): void {
  draft.sorryServer = value
  delete draft.sorryServerInhibit
  if (draft.lvsMethod === undefined) delete draft.sorryServerLvsMethod
  else draft.sorryServerLvsMethod = draft.lvsMethod
}

/** What belongs to a sorry server comes after it. */
export function hasSorryServer({ sorryServer }: VirtualServerDraft, { keyword, span }: Line, { diagnostics }: ReadContext): boolean {
  if (sorryServer !== undefined) return true
  diagnostics.error('conflicting-setting', span, `'${keyword}' is ignored: there is no 'sorry_server' above it`)
  return false
}
