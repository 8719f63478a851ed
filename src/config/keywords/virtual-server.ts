/** `virtual_server`: one IPVS service. */
import { boolean, flag } from '../forms/words.ts'
import { integer, UINT32_MAX } from '../forms/numbers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, Row } from '../tables/schema.ts'
import { CONNECT_TIMEOUT, DELAY, DELAY_LOOP } from './checker-rows.ts'
import { REAL_SERVER } from './real-server.ts'
import { VIRTUAL_SERVER_HEADER } from './server-headers.ts'
import { BALANCING_ROWS, FAMILY_ROW } from './virtual-server-balancing.ts'
import { QUORUM_ROWS } from './virtual-server-quorum.ts'
import { nameRows } from './server-names.ts'

/** What its checkers inherit. */
const CHECK_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'retry',
    field: 'retry',
    syntax: 'retry COUNT',
    default: 'per checker (1; HTTP_GET, SSL_GET, TCP, SMTP, UDP, PING 1; DNS_CHECK 3; MISC_CHECK 0)',
    range: '1..4294967295',
    meaning: 'Default retries before a server fails.',
    form: integer(1, UINT32_MAX),
  },
  {
    kind: 'setting',
    keyword: 'delay_before_retry',
    field: 'delayBeforeRetry',
    syntax: 'delay_before_retry SECONDS',
    default: 'per checker (1 s; HTTP_GET and SSL_GET 3 s; DNS_CHECK delay_loop)',
    range: '0 and up, microseconds',
    meaning: 'Default pause between retries.',
    form: DELAY,
  },
  {
    kind: 'setting',
    keyword: 'warmup',
    field: 'warmup',
    syntax: 'warmup SECONDS',
    default: 'delay_loop',
    range: '0 and up, microseconds',
    meaning: 'Upper bound of the random start delay of checkers.',
    form: DELAY,
  },
  {
    kind: 'setting',
    keyword: 'connect_timeout',
    field: 'connectTimeout',
    syntax: 'connect_timeout SECONDS',
    default: '5 s',
    range: '0.000001..4294.967295 s',
    meaning: 'Default connection timeout of checkers.',
    form: CONNECT_TIMEOUT,
    standard: 5_000_000,
  },
  {
    kind: 'setting',
    keyword: 'delay_loop',
    field: 'delayLoop',
    syntax: 'delay_loop SECONDS',
    default: '60 s',
    range: '0.000001 s and up',
    meaning: 'Default period of checkers.',
    form: DELAY_LOOP,
    standard: 60_000_000,
  },
  {
    kind: 'setting',
    keyword: 'inhibit_on_failure',
    field: 'inhibitOnFailure',
    syntax: 'inhibit_on_failure',
    default: 'off',
    range: 'flag',
    meaning: 'Sets weight 0 on failed servers instead of removing them.',
    form: flag(),
  },
]

const NAME_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'ha_suspend',
    field: 'haSuspend',
    syntax: 'ha_suspend',
    default: 'off',
    range: 'flag; cleared for mark services',
    meaning: 'Runs checkers only while the virtual address is present on the machine.',
    form: flag(),
  },
  {
    kind: 'setting',
    keyword: 'smtp_alert',
    field: 'smtpAlert',
    syntax: 'smtp_alert [BOOL]',
    default: 'smtp_alert_checker, then smtp_alert, then off',
    range: 'BOOL',
    meaning: 'Mails when quorum changes.',
    form: boolean(),
  },
  ...nameRows('none', 'one word; a repeat overwrites with an error', 'Default Host header of HTTP_GET and SSL_GET.'),
]

export const VIRTUAL_SERVER: Block = {
  path: 'virtual_server',
  type: 'VirtualServer',
  meaning: 'One IPVS service with its real servers.',
  header: VIRTUAL_SERVER_HEADER,
  rows: [
    FAMILY_ROW,
    ...CHECK_ROWS,
    ...BALANCING_ROWS,
    ...NAME_ROWS,
    ...QUORUM_ROWS,
    {
      kind: 'block',
      keyword: 'real_server',
      field: 'realServers',
      syntax: 'real_server ADDRESS [PORT] { ... }',
      default: 'PORT 0 (the service port)',
      range: 'PORT 1..65535 or zeros; a bad address skips the block; duplicates removed; family must match unless tunnelled',
      meaning: 'One backend.',
      note: 'A virtual_server without real_server is dropped',
      block: REAL_SERVER,
      use: 'list',
    },
  ],
  status: ACTED_ON,
}
