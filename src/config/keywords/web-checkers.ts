/** `HTTP_GET` and `SSL_GET`. */
import type { HttpGetDraft } from '../drafts.ts'
import { integer, UINT32_MAX } from '../forms/numbers.ts'
import { boolean, oneOf, word } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, BlockRow, Row } from '../tables/schema.ts'
import { CONNECTION_ROWS, scheduleRows } from './checker-rows.ts'
import { HTTP_URL, SSL_URL } from './web-urls.ts'

const PATH = 'virtual_server/real_server'
const HTTP_PROTOCOLS = ['1.0', '1.0C', '1.1'] as const
/** Those and their spellings. */
const HTTP_PROTOCOL_WORDS = ['1.0', '1.0C', '1.0c', '1.1'] as const

const ROWS: readonly Row[] = [
  ...CONNECTION_ROWS,
  ...scheduleRows('1', '3 s'),
  {
    kind: 'setting',
    keyword: 'nb_get_retry',
    field: 'retry',
    syntax: 'nb_get_retry COUNT',
    default: '-',
    range: '0..4294967295',
    meaning: 'Older spelling of retry.',
    note: 'Deprecated, an error is reported',
    form: integer(0, UINT32_MAX),
    deprecated: { instead: 'retry' },
  },
  {
    kind: 'setting',
    keyword: 'virtualhost',
    field: 'virtualhost',
    syntax: 'virtualhost STRING',
    default: 'setting of the real_server',
    range: 'one word',
    meaning: 'Host header.',
    form: word({ isLenient: true }),
    use: 'overwrite',
  },
  {
    kind: 'setting',
    keyword: 'http_protocol',
    field: 'httpProtocol',
    syntax: 'http_protocol 1.0|1.0C|1.1',
    default: '1.0',
    range: 'words; 1.0c equals 1.0C',
    meaning: 'HTTP version; 1.0C adds Connection: close to 1.0.',
    form: oneOf(HTTP_PROTOCOLS, { aliases: { '1.0c': '1.0C' }, isLenient: true }),
    standard: '1.0',
    options: HTTP_PROTOCOL_WORDS.map((keyword) => {
      return { keyword, syntax: keyword, default: '-', range: 'word', meaning: 'HTTP version choice.' }
    }),
  },
  {
    kind: 'setting',
    keyword: 'enable_sni',
    field: 'enableSni',
    syntax: 'enable_sni [BOOL]',
    default: 'off (true when bare)',
    range: 'BOOL',
    meaning: 'Sends the host name in the TLS handshake.',
    form: boolean(),
  },
  {
    kind: 'setting',
    keyword: 'sni_name',
    field: 'sniName',
    syntax: 'sni_name [STRING]',
    default: 'virtualhost or connection address',
    range: 'one word',
    meaning: 'Name sent in the TLS handshake; also enables SNI.',
    form: word({ bare: '' }),
    store(draft: HttpGetDraft, value: string) {
      draft.enableSni = true
      if (value !== '') draft.sniName = value
    },
  },
  {
    kind: 'setting',
    keyword: 'fast_recovery',
    field: 'fastRecovery',
    syntax: 'fast_recovery [BOOL]',
    default: 'off (true when bare)',
    range: 'BOOL',
    meaning: 'Checks all URLs back to back at start and after a failure instead of one per delay_loop.',
    form: boolean(),
  },
]

const TLS_ROW: Row = {
  kind: 'setting',
  keyword: 'tls_compliant',
  field: 'tlsCompliant',
  syntax: 'tls_compliant [BOOL]',
  default: 'off (true when bare)',
  range: 'BOOL',
  meaning: 'Sends the TLS close notification when closing.',
  form: boolean(),
}

export const HTTP_GET: Block = {
  path: `${PATH}/HTTP_GET`,
  type: 'HttpGet',
  meaning: 'Fetches URLs over HTTP.',
  header: noName('note'),
  rows: [...ROWS, urlRow(HTTP_URL)],
  status: ACTED_ON,
}

export const SSL_GET: Block = {
  path: `${PATH}/SSL_GET`,
  type: 'SslGet',
  meaning: 'Fetches URLs over TLS.',
  header: noName('note'),
  rows: [...ROWS, TLS_ROW, urlRow(SSL_URL)],
  status: ACTED_ON,
}

function urlRow(block: Block): BlockRow {
  return {
    kind: 'block',
    keyword: 'url',
    field: 'urls',
    syntax: 'url { ... }',
    default: '-',
    range: 'repeatable; at least one, else the checker is dropped',
    meaning: 'One request.',
    block,
    use: 'list',
  }
}
