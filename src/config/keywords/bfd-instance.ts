/** `bfd_instance`. */
import { writtenValue } from '../blocks/line-words.ts'
import type { Line } from '../blocks/line.ts'
import { address } from '../forms/addresses.ts'
import { noteLong } from '../forms/notes.ts'
import { integer, milliseconds } from '../forms/numbers.ts'
import { boolean, flag } from '../forms/words.ts'
import { uniqueName } from '../tables/headers.ts'
import { NOT_YET } from '../tables/keyword-status.ts'
import type { Form } from '../tables/form.ts'
import type { Block } from '../tables/schema.ts'
import { recallWeight, REVERSE, storeWeight, weightAndDirection } from '../forms/weight.ts'

const MAX_INTERVAL_MS = 4_294_967
/** Longer ones keepalived itself remarks on. */
const LONG_S = 10.000001
const MAX_HOPS = 255

function interval(minMs: number): Form<number> {
  return noteLong(milliseconds(minMs, MAX_INTERVAL_MS), 'unusual-value', LONG_S, (value, name) => {
    return `'${name}' of ${value} seconds is long: a failure is seen only after several of them`
  })
}

export const BFD_INSTANCE: Block = {
  path: 'bfd_instance',
  type: 'BfdInstance',
  meaning: 'A session of Bidirectional Forwarding Detection with a neighbour.',
  header: uniqueName({ longest: 31, surplus: 'note' }),
  rows: [
    {
      kind: 'setting',
      keyword: 'neighbor_ip',
      field: 'neighborIp',
      syntax: 'neighbor_ip ADDRESS',
      default: 'none (mandatory)',
      range: 'IPv4 or IPv6; a malformed one drops the instance; session address pairs must be unique',
      meaning: 'Peer of the session.',
      form: neighbor(),
      isFilled: true,
      store: storeNeighbor,
      refused: 'badNeighbor',
    },
    {
      kind: 'setting',
      keyword: 'neighbour_ip',
      field: 'neighborIp',
      syntax: 'neighbour_ip ADDRESS',
      default: '-',
      range: 'as neighbor_ip',
      meaning: 'Peer of the session.',
      note: 'British spelling of neighbor_ip',
      form: neighbor(),
      store: storeNeighbor,
      refused: 'badNeighbor',
    },
    {
      kind: 'setting',
      keyword: 'source_ip',
      field: 'sourceIp',
      syntax: 'source_ip ADDRESS',
      default: 'chosen by the kernel',
      range: 'family of the neighbour',
      meaning: 'Local address.',
      form: address({ consequence: 'the line is ignored' }),
    },
    {
      kind: 'setting',
      keyword: 'min_rx',
      field: 'minRx',
      syntax: 'min_rx MILLISECONDS',
      default: '10 ms',
      range: '1..4294967 ms, up to three decimals; above 10000 ms logs a warning',
      meaning: 'Required minimum receive interval.',
      form: interval(1),
      standard: 10_000,
    },
    {
      kind: 'setting',
      keyword: 'min_tx',
      field: 'minTx',
      syntax: 'min_tx MILLISECONDS',
      default: '10 ms',
      range: '1..4294967 ms, up to three decimals; above 10000 ms logs a warning',
      meaning: 'Desired minimum transmit interval.',
      form: interval(1),
      standard: 10_000,
    },
    {
      kind: 'setting',
      keyword: 'idle_tx',
      field: 'idleTx',
      syntax: 'idle_tx MILLISECONDS',
      default: '1000 ms',
      range: '1000..4294967 ms, up to three decimals; above 10000 ms logs a warning',
      meaning: 'Desired transmit interval while the session is down.',
      form: interval(1000),
      standard: 1_000_000,
    },
    {
      kind: 'setting',
      keyword: 'multiplier',
      field: 'multiplier',
      syntax: 'multiplier COUNT',
      default: '5',
      range: '1..255',
      meaning: 'Missed packets before the session fails.',
      form: integer(1, 255),
      standard: 5,
    },
    {
      kind: 'setting',
      keyword: 'passive',
      field: 'passive',
      syntax: 'passive',
      default: 'off',
      range: 'flag',
      meaning: 'Waits for the neighbour to start the session.',
      form: flag(),
    },
    {
      kind: 'setting',
      keyword: 'ttl',
      field: 'ttl',
      syntax: 'ttl NUMBER',
      default: '255 for IPv4, 64 for IPv6',
      range: '1..255',
      meaning: 'TTL / hop limit of sent packets.',
      form: integer(1, 255),
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'hoplimit',
      field: 'ttl',
      syntax: 'hoplimit NUMBER',
      default: 'as ttl',
      range: '1..255',
      meaning: 'TTL / hop limit of sent packets.',
      note: 'Same as ttl',
      form: integer(1, 255),
    },
    {
      kind: 'setting',
      keyword: 'max_hops',
      field: 'maxHops',
      syntax: 'max_hops NUMBER',
      default: '0',
      range: '-1..255 (-1 is stored as 255; 255 disables the check); above ttl it is reduced to ttl with an error',
      meaning: 'Hops a received packet may have crossed.',
      form: hops(),
      standard: 0,
    },
    {
      kind: 'setting',
      keyword: 'multihop',
      field: 'multihop',
      syntax: 'multihop [BOOL]',
      default: 'off (true when bare)',
      range: 'BOOL; UDP port 4784 instead of 3784',
      meaning: 'Multihop BFD (RFC 5883).',
      form: boolean(),
    },
    {
      kind: 'setting',
      keyword: 'weight',
      field: 'weight',
      syntax: 'weight NUMBER [reverse]',
      default: '0',
      range: '-253..253',
      meaning: 'Default priority change for VRRP instances tracking the session.',
      form: weightAndDirection(253),
      standard: 0,
      store: storeWeight,
      recall: recallWeight,
      options: [{ keyword: 'reverse', syntax: 'reverse', default: 'off', range: 'option word', meaning: 'Inverts the direction.' }],
    },
    {
      kind: 'setting',
      keyword: 'vrrp',
      field: 'vrrp',
      syntax: 'vrrp',
      default: 'both processes',
      range: 'flag; alone it excludes the checker',
      meaning: 'Sends events of this session to VRRP only.',
      form: flag(),
    },
    {
      kind: 'setting',
      keyword: 'checker',
      field: 'checker',
      syntax: 'checker',
      default: 'both processes',
      range: 'flag; alone it excludes VRRP',
      meaning: 'Sends events of this session to the checker only.',
      form: flag(),
    },
  ],
  derived: [REVERSE],
  scratch: [{ field: 'badNeighbor', model: 'string', meaning: 'A neighbour that is no address.' }],
  status: NOT_YET,
}

/** A malformed neighbour is a value too: the session is ignored, whatever else is written. */
function neighbor(): Form<string> {
  const form = address({ consequence: 'the session is ignored' })
  return { ...form, read: (line, context, name) => form.read(line, context, name) ?? (line.count === 0 ? undefined : '') }
}

function storeNeighbor(draft: object, value: unknown, line: Line): void {
  const session = draft as { neighborIp?: string; badNeighbor?: string }
  if (value === '') session.badNeighbor = writtenValue(line)
  else session.neighborIp = value as string
}

/** -1 stands for any number of hops, as the highest does. */
function hops(): Form<number> {
  const form = integer(-1, MAX_HOPS)
  return {
    ...form,
    read(line, context, name) {
      const value = form.read(line, context, name)
      return value === -1 ? MAX_HOPS : value
    },
  }
}
