/** `real_server`: one server behind a virtual one. */
import { FORWARDING_METHOD, storeMethod } from '../forms/forwarding.ts'
import { INT32_MAX, integer, UINT32_MAX } from '../forms/numbers.ts'
import { script } from '../forms/scripts.ts'
import { boolean } from '../forms/words.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, BlockRow, Row } from '../tables/schema.ts'
import { CONNECT_TIMEOUT, DELAY, DELAY_LOOP } from './checker-rows.ts'
import { BFD_CHECK, FILE_CHECK, MISC_CHECK } from './local-checkers.ts'
import { DNS_CHECK, PING_CHECK, SMTP_CHECK, TCP_CHECK, UDP_CHECK } from './network-checkers.ts'
import { REAL_SERVER_HEADER } from './server-headers.ts'
import { HTTP_GET, SSL_GET } from './web-checkers.ts'
import { nameRows } from './server-names.ts'

const ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'weight',
    field: 'weight',
    syntax: 'weight NUMBER',
    default: 'weight of the virtual_server',
    range: '0..2147483647',
    meaning: 'IPVS weight.',
    form: integer(0, INT32_MAX),
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'lvs_method',
    field: 'lvsMethod',
    syntax: 'lvs_method NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]',
    default: 'method of the virtual_server',
    range: 'as in virtual_server',
    meaning: 'Forwarding method.',
    form: FORWARDING_METHOD,
    options: [],
    isFilled: true,
    store: storeMethod('lvsMethod'),
  },
  {
    kind: 'setting',
    keyword: 'uthreshold',
    field: 'uthreshold',
    syntax: 'uthreshold NUMBER',
    default: '0 (none)',
    range: '0..4294967295',
    meaning: 'Upper connection limit.',
    form: integer(0, UINT32_MAX),
    standard: 0,
  },
  {
    kind: 'setting',
    keyword: 'lthreshold',
    field: 'lthreshold',
    syntax: 'lthreshold NUMBER',
    default: '0 (none)',
    range: '0..4294967295',
    meaning: 'Lower connection limit.',
    form: integer(0, UINT32_MAX),
    standard: 0,
  },
  {
    kind: 'setting',
    keyword: 'inhibit_on_failure',
    field: 'inhibitOnFailure',
    syntax: 'inhibit_on_failure [BOOL]',
    default: 'setting of the virtual_server (true when bare)',
    range: 'BOOL',
    meaning: 'Sets weight 0 instead of removing the failed server.',
    form: boolean(),
  },
  {
    kind: 'setting',
    keyword: 'notify_up',
    field: 'notifyUp',
    syntax: 'notify_up SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script; second use ignored',
    meaning: 'Runs when the server comes up.',
    form: script(),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'notify_down',
    field: 'notifyDown',
    syntax: 'notify_down SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script; second use ignored',
    meaning: 'Runs when the server goes down.',
    form: script(),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'alpha',
    field: 'alpha',
    syntax: 'alpha [BOOL]',
    default: 'setting of the virtual_server (true when bare)',
    range: 'BOOL',
    meaning: 'Starts down until a check succeeds.',
    form: boolean(),
  },
  {
    kind: 'setting',
    keyword: 'retry',
    field: 'retry',
    syntax: 'retry COUNT',
    default: 'setting of the virtual_server',
    range: '1..4294967295',
    meaning: 'Default retries for this server.',
    form: integer(1, UINT32_MAX),
  },
  {
    kind: 'setting',
    keyword: 'delay_before_retry',
    field: 'delayBeforeRetry',
    syntax: 'delay_before_retry SECONDS',
    default: 'setting of the virtual_server',
    range: '0 and up, microseconds',
    meaning: 'Default pause between retries.',
    form: DELAY,
  },
  {
    kind: 'setting',
    keyword: 'warmup',
    field: 'warmup',
    syntax: 'warmup SECONDS',
    default: 'setting of the virtual_server',
    range: '0 and up, microseconds',
    meaning: 'Upper bound of the random start delay.',
    form: DELAY,
  },
  {
    kind: 'setting',
    keyword: 'connect_timeout',
    field: 'connectTimeout',
    syntax: 'connect_timeout SECONDS',
    default: 'setting of the virtual_server',
    range: '0.000001..4294.967295 s',
    meaning: 'Default connection timeout.',
    form: CONNECT_TIMEOUT,
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'delay_loop',
    field: 'delayLoop',
    syntax: 'delay_loop SECONDS',
    default: 'setting of the virtual_server',
    range: '0.000001 s and up',
    meaning: 'Default check period.',
    form: DELAY_LOOP,
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'smtp_alert',
    field: 'smtpAlert',
    syntax: 'smtp_alert [BOOL]',
    default: 'smtp_alert_checker, then smtp_alert, then on',
    range: 'BOOL',
    meaning: 'Mails on server changes.',
    note: 'Differs from other blocks: on when nothing is set',
    form: boolean(),
  },
  ...nameRows('setting of the virtual_server', 'one word', 'Default Host header.'),
]

export const REAL_SERVER: Block = {
  path: 'virtual_server/real_server',
  type: 'RealServer',
  meaning: 'One server behind a virtual one.',
  header: REAL_SERVER_HEADER,
  rows: [
    ...ROWS,
    checkerRow('HTTP_GET', 'httpGets', HTTP_GET, 'Fetches URLs over HTTP.'),
    checkerRow('SSL_GET', 'sslGets', SSL_GET, 'Fetches URLs over TLS.'),
    checkerRow('TCP_CHECK', 'tcpChecks', TCP_CHECK, 'Opens a TCP connection.'),
    checkerRow('SMTP_CHECK', 'smtpChecks', SMTP_CHECK, 'Speaks SMTP up to the greeting.'),
    checkerRow('DNS_CHECK', 'dnsChecks', DNS_CHECK, 'Sends a DNS query.'),
    checkerRow('MISC_CHECK', 'miscChecks', MISC_CHECK, 'Runs a script.'),
    checkerRow('BFD_CHECK', 'bfdChecks', BFD_CHECK, 'Follows a BFD session.'),
    checkerRow('UDP_CHECK', 'udpChecks', UDP_CHECK, 'Sends a UDP packet.'),
    checkerRow('PING_CHECK', 'pingChecks', PING_CHECK, 'Sends an ICMP echo.'),
    checkerRow('FILE_CHECK', 'fileChecks', FILE_CHECK, 'Follows a tracked file.'),
  ],
  status: ACTED_ON,
}

function checkerRow(keyword: string, field: string, block: Block, meaning: string): BlockRow {
  const syntax = `${keyword} { ... }`
  return { kind: 'block', keyword, field, syntax, default: '-', range: 'repeatable checker block', meaning, block, use: 'list' }
}
