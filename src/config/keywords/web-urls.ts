/** `url` of `HTTP_GET` and `SSL_GET`: one request, and what its answer is to be. */
import type { HttpUrlDraft } from '../drafts.ts'
import { md5 } from '../forms/hex.ts'
import { REGEX_OPTIONS, regexOffset, regexOptions, regexPattern, regexStack } from '../forms/regex.ts'
import { statusCodes } from '../forms/status-codes.ts'
import { boolean, flag, word } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON, noEffect } from '../tables/keyword-status.ts'
import type { Block, Row } from '../tables/schema.ts'
import type { StatusRange } from '../tables/values.ts'

const PATH = 'virtual_server/real_server'
/** Statuses that are good unless others are named. */
export const GOOD_STATUSES: readonly StatusRange[] = [{ from: 200, to: 299 }]
const REGEX_NOTE = 'Only in builds with regex support'

const REGEX_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'regex',
    field: 'regex',
    syntax: 'regex STRING',
    default: 'none',
    range: 'one quoted, escaped string',
    meaning: 'Pattern the body must match (PCRE2).',
    note: REGEX_NOTE,
    form: regexPattern(),
  },
  {
    kind: 'setting',
    keyword: 'regex_no_match',
    field: 'regexNoMatch',
    syntax: 'regex_no_match',
    default: 'off',
    range: 'flag',
    meaning: 'Inverts the regex test.',
    note: REGEX_NOTE,
    form: flag(),
  },
  {
    kind: 'setting',
    keyword: 'regex_options',
    field: 'regexOptions',
    syntax: 'regex_options WORD...',
    default: 'none',
    range: 'words below; unknown words are silently ignored',
    meaning: 'PCRE2 compile options.',
    note: REGEX_NOTE,
    form: regexOptions(),
    standard: [],
    // Further lines add to it.
    store(draft: HttpUrlDraft, value: NonNullable<HttpUrlDraft['regexOptions']>) {
      draft.regexOptions = [...new Set([...(draft.regexOptions ?? []), ...value])]
    },
    options: REGEX_OPTIONS.map((keyword) => {
      return { keyword, syntax: keyword, default: 'off', range: 'option word', meaning: 'PCRE2 option of the same name.' }
    }),
  },
  {
    kind: 'setting',
    keyword: 'regex_min_offset',
    field: 'regexMinOffset',
    syntax: 'regex_min_offset BYTES',
    default: '0',
    range: 'number',
    meaning: 'Earliest start of a match.',
    note: REGEX_NOTE,
    form: regexOffset(),
    standard: 0,
  },
  {
    kind: 'setting',
    keyword: 'regex_max_offset',
    field: 'regexMaxOffset',
    syntax: 'regex_max_offset BYTES',
    default: 'none',
    range: 'number above regex_min_offset, else both are cleared',
    meaning: 'Latest start of a match.',
    note: REGEX_NOTE,
    form: regexOffset(),
  },
  {
    kind: 'setting',
    keyword: 'regex_stack',
    field: 'regexStack',
    syntax: 'regex_stack START MAX',
    default: 'library default',
    range: 'two numbers, START not above MAX; the largest values of all URLs count',
    meaning: 'JIT stack size.',
    note: REGEX_NOTE,
    form: regexStack(),
    status: noEffect('patterns are interpreted, with bounds of their own'),
  },
]

const ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'path',
    field: 'path',
    syntax: 'path STRING',
    default: 'none (mandatory)',
    range: 'a URL without path is dropped',
    meaning: 'Request path.',
    form: word({ what: 'a path' }),
    use: 'overwrite',
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'digest',
    field: 'digest',
    syntax: 'digest HEX',
    default: 'none',
    range: 'exactly 32 hex digits; second use ignored',
    meaning: 'Expected MD5 of the body.',
    form: md5(),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'status_code',
    field: 'statusCode',
    syntax: 'status_code CODE[-CODE]...',
    default: '200-299',
    range: '100..599, several words allowed; a bad word is skipped',
    meaning: 'Accepted status codes.',
    form: statusCodes(),
    standard: GOOD_STATUSES,
    // Further lines add to it.
    store(draft: HttpUrlDraft, value: readonly StatusRange[]) {
      draft.statusCode = [...(draft.statusCode ?? []), ...value]
    },
  },
  {
    kind: 'setting',
    keyword: 'virtualhost',
    field: 'virtualhost',
    syntax: 'virtualhost STRING',
    default: 'setting of the checker',
    range: 'one word',
    meaning: 'Host header of this request.',
    form: word({ isLenient: true }),
    use: 'overwrite',
  },
  ...REGEX_ROWS,
]

export const HTTP_URL: Block = {
  path: `${PATH}/HTTP_GET/url`,
  type: 'HttpUrl',
  meaning: 'One request over HTTP, and what its answer is to be.',
  header: noName('note'),
  rows: ROWS,
  status: ACTED_ON,
}

export const SSL_URL: Block = {
  path: `${PATH}/SSL_GET/url`,
  type: 'SslUrl',
  meaning: 'One request over TLS, and what its answer is to be.',
  header: noName('note'),
  rows: [
    ...ROWS,
    {
      kind: 'setting',
      keyword: 'tls_compliant',
      field: 'tlsCompliant',
      syntax: 'tls_compliant [BOOL]',
      default: 'off (true when bare)',
      range: 'BOOL',
      meaning: 'As the checker option, for this request.',
      form: boolean(),
    },
  ],
  status: ACTED_ON,
}
