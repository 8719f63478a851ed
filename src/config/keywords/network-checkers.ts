/** Checkers that ask a server over the network; those of the web are in web-checkers.ts. */
import type { UdpCheckDraft } from '../drafts.ts'
import { dnsName, ROOT_NAME } from '../forms/dns-names.ts'
import { hexOctets, hexPattern } from '../forms/hex.ts'
import { integer } from '../forms/numbers.ts'
import { oneOf, word } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block } from '../tables/schema.ts'
import { CONNECTION_ROWS, scheduleRows } from './checker-rows.ts'

const PATH = 'virtual_server/real_server'
const MAX_DATAGRAM = 65_535
/** The longest reply that is good, in octets, where nothing is said. */
export const MAX_REPLY = 255
/** What a checker calls itself where nothing is said. */
export const HELO_NAME = 'smtpchecker.keepalived.org'
const NO_NAME = noName('note')

export const TCP_CHECK: Block = {
  path: `${PATH}/TCP_CHECK`,
  type: 'TcpCheck',
  meaning: 'Opens a TCP connection.',
  header: NO_NAME,
  rows: [...CONNECTION_ROWS, ...scheduleRows('1', '1 s')],
  status: ACTED_ON,
}

export const PING_CHECK: Block = {
  path: `${PATH}/PING_CHECK`,
  type: 'PingCheck',
  meaning: 'Sends an ICMP echo.',
  header: NO_NAME,
  rows: [...CONNECTION_ROWS, ...scheduleRows('1', '1 s')],
  status: ACTED_ON,
}

export const UDP_CHECK: Block = {
  path: `${PATH}/UDP_CHECK`,
  type: 'UdpCheck',
  meaning: 'Sends a UDP packet.',
  header: NO_NAME,
  rows: [
    ...CONNECTION_ROWS,
    ...scheduleRows('1', '1 s'),
    {
      kind: 'setting',
      keyword: 'payload',
      field: 'payload',
      syntax: 'payload HEX...',
      default: 'empty datagram',
      range: 'hex digits, blanks between octets allowed',
      meaning: 'Data to send.',
      form: hexOctets(),
    },
    {
      kind: 'setting',
      keyword: 'require_reply',
      field: 'requireReply',
      syntax: 'require_reply [HEX...]',
      default: 'off',
      range: 'hex digits; x or X matches any half octet',
      meaning: 'Demands an answer, optionally with this content.',
      form: hexPattern(),
      // Without a pattern it takes none away.
      store(draft: UdpCheckDraft, value: string) {
        if (value !== '' || draft.requireReply === undefined) draft.requireReply = value
      },
    },
    {
      kind: 'setting',
      keyword: 'min_reply_length',
      field: 'minReplyLength',
      syntax: 'min_reply_length BYTES',
      default: '0',
      range: '0..65535; above the maximum is reported and always fails',
      meaning: 'Shortest acceptable answer.',
      form: integer(0, MAX_DATAGRAM),
      standard: 0,
    },
    {
      kind: 'setting',
      keyword: 'max_reply_length',
      field: 'maxReplyLength',
      syntax: 'max_reply_length BYTES',
      default: '255',
      range: '0..65535',
      meaning: 'Longest acceptable answer.',
      form: integer(0, MAX_DATAGRAM),
      standard: MAX_REPLY,
    },
  ],
  status: ACTED_ON,
}

const DNS_TYPES = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA', 'RRSIG', 'DNSKEY'] as const

export const DNS_CHECK: Block = {
  path: `${PATH}/DNS_CHECK`,
  type: 'DnsCheck',
  meaning: 'Sends a DNS query.',
  header: NO_NAME,
  rows: [
    ...CONNECTION_ROWS,
    ...scheduleRows('3', 'delay_loop'),
    {
      kind: 'setting',
      keyword: 'type',
      field: 'type',
      syntax: 'type TYPE',
      default: 'SOA',
      range: 'A, NS, CNAME, SOA, MX, TXT, AAAA, RRSIG, DNSKEY in any case',
      meaning: 'Query type.',
      form: oneOf(DNS_TYPES, { anyCase: true }),
      standard: 'SOA',
      options: DNS_TYPES.map((keyword) => {
        return { keyword, syntax: keyword, default: '-', range: 'word, any case', meaning: `${keyword} query.` }
      }),
    },
    {
      kind: 'setting',
      keyword: 'name',
      field: 'name',
      syntax: 'name DOMAIN',
      default: '. (the root)',
      range: 'no empty label; second use ignored',
      meaning: 'Queried name.',
      form: dnsName(),
      use: 'first',
      standard: ROOT_NAME,
    },
  ],
  status: ACTED_ON,
}

const SMTP_HOST: Block = {
  path: `${PATH}/SMTP_CHECK/host`,
  type: 'SmtpHost',
  meaning: 'Another target of an SMTP_CHECK.',
  header: NO_NAME,
  rows: [...CONNECTION_ROWS, ...scheduleRows('1', '1 s')],
  status: ACTED_ON,
}

export const SMTP_CHECK: Block = {
  path: `${PATH}/SMTP_CHECK`,
  type: 'SmtpCheck',
  meaning: 'Speaks SMTP up to the greeting.',
  header: NO_NAME,
  rows: [
    ...CONNECTION_ROWS,
    ...scheduleRows('1', '1 s'),
    {
      kind: 'setting',
      keyword: 'helo_name',
      field: 'heloName',
      syntax: 'helo_name STRING',
      default: 'smtpchecker.keepalived.org',
      range: 'one word; a repeat overwrites with an error',
      meaning: 'Name in the greeting.',
      form: word({ isLenient: true }),
      use: 'overwrite',
      standard: HELO_NAME,
    },
    {
      kind: 'block',
      keyword: 'host',
      field: 'hosts',
      syntax: 'host { ... }',
      default: '-',
      range: 'repeatable block of connection options',
      meaning: 'Extra target probed as a checker of its own.',
      note: 'Deprecated, only in builds with host entries; a notice is logged',
      deprecated: { instead: 'SMTP_CHECK', silent: true, differs: true, help: 'write a second `SMTP_CHECK` for each `host`' },
      block: SMTP_HOST,
      use: 'list',
    },
  ],
  status: ACTED_ON,
}
