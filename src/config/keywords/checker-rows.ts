/** Keywords that most checkers of a real server share. */
import type { RealServerDraft } from '../drafts.ts'
import { address, familyOf, port } from '../forms/addresses.ts'
import { integer, MAX_DELAY_S, seconds, UINT32_MAX } from '../forms/numbers.ts'
import { boolean, interfaceName } from '../forms/words.ts'
import type { Line } from '../blocks/line.ts'
import type { Form } from '../tables/form.ts'
import type { Draft, OpenDraft, ReadContext, Row } from '../tables/schema.ts'

/** keepalived keeps these in 64 bits of microseconds. */
const MAX_TIMER_S = 18_446_744_073_709.55
const MICROSECOND_S = 0.000_001

/** Of `connect_timeout`. */
export const CONNECT_TIMEOUT: Form<number> = seconds(MICROSECOND_S, MAX_DELAY_S)
/** Of `delay_loop`. */
export const DELAY_LOOP: Form<number> = seconds(MICROSECOND_S, MAX_TIMER_S)
/** Of `delay_before_retry` and `warmup`. */
export const DELAY: Form<number> = seconds(0, MAX_TIMER_S)

const COUNT = integer(0, UINT32_MAX)
const MARK = integer(0, UINT32_MAX)
const PORT = port()
const ADDRESS = address()
const SWITCH = boolean()
const INTERFACE = interfaceName()

/** From where and to where a checker connects. */
export const CONNECTION_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'connect_ip',
    field: 'connectIp',
    syntax: 'connect_ip ADDRESS',
    default: 'address of the real server',
    range: 'family must match bindto',
    meaning: 'Address to probe.',
    form: ADDRESS,
    isFilled: true,
    store(draft: Draft, value, line, context) {
      if (agree(value, draft['bindto'], 'bindto', line, context)) draft['connectIp'] = value
    },
  },
  {
    kind: 'setting',
    keyword: 'connect_port',
    field: 'connectPort',
    syntax: 'connect_port NUMBER',
    default: 'port of the real server',
    range: '1..65535',
    meaning: 'Port to probe.',
    form: PORT,
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'bindto',
    field: 'bindto',
    syntax: 'bindto ADDRESS',
    default: 'chosen by the kernel',
    range: 'family must match connect_ip',
    meaning: 'Local address of probes.',
    form: ADDRESS,
    store(draft: Draft, value, line, context, block) {
      const target = draft['connectIp'] ?? realServerOf(block)?.address
      if (agree(value, target, 'connect_ip', line, context)) draft['bindto'] = value
    },
  },
  {
    kind: 'setting',
    keyword: 'bind_port',
    field: 'bindPort',
    syntax: 'bind_port NUMBER',
    default: 'any',
    range: '1..65535',
    meaning: 'Local port of probes.',
    form: PORT,
  },
  {
    kind: 'setting',
    keyword: 'bind_if',
    field: 'bindIf',
    syntax: 'bind_if IFNAME',
    default: 'none',
    range: 'at most 15 characters; mandatory for link-local targets, else the checker is dropped',
    meaning: 'Interface of probes.',
    form: INTERFACE,
  },
  {
    kind: 'setting',
    keyword: 'connect_timeout',
    field: 'connectTimeout',
    syntax: 'connect_timeout SECONDS',
    default: 'setting of the real_server',
    range: '0.000001..4294.967295 s',
    meaning: 'Connection timeout.',
    form: CONNECT_TIMEOUT,
    isFilled: true,
  },
  {
    kind: 'setting',
    keyword: 'fwmark',
    field: 'fwmark',
    syntax: 'fwmark NUMBER',
    default: '0 (none)',
    range: '0..4294967295',
    meaning: 'Firewall mark put on probe packets.',
    form: MARK,
    standard: 0,
  },
]

/** When a checker runs. @param retry and @param delay what counts where nobody says anything, for the documentation */
export function scheduleRows(retry: string, delay: string): readonly Row[] {
  return [
    {
      kind: 'setting',
      keyword: 'retry',
      field: 'retry',
      syntax: 'retry COUNT',
      default: `setting of the real_server, else ${retry}`,
      range: '0..4294967295',
      meaning: 'Extra attempts before failing.',
      form: COUNT,
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'delay_before_retry',
      field: 'delayBeforeRetry',
      syntax: 'delay_before_retry SECONDS',
      default: `setting of the real_server, else ${delay}`,
      range: '0 and up, microseconds',
      meaning: 'Pause between attempts.',
      form: DELAY,
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'warmup',
      field: 'warmup',
      syntax: 'warmup SECONDS',
      default: 'setting of the real_server, else delay_loop',
      range: '0 and up, microseconds',
      meaning: 'Upper bound of the random start delay.',
      form: DELAY,
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'delay_loop',
      field: 'delayLoop',
      syntax: 'delay_loop SECONDS',
      default: 'setting of the real_server',
      range: '0.000001 s and up',
      meaning: 'Period.',
      form: DELAY_LOOP,
      isFilled: true,
    },
    alphaRow('check succeeds'),
    {
      kind: 'setting',
      keyword: 'log_all_failures',
      field: 'logAllFailures',
      syntax: 'log_all_failures [BOOL]',
      default: 'checker_log_all_failures (true when bare)',
      range: 'BOOL',
      meaning: 'Logs every failure.',
      form: SWITCH,
    },
  ]
}

/** `alpha` of a checker. @param end what ends the time of being down */
export function alphaRow(end: string): Row {
  return {
    kind: 'setting',
    keyword: 'alpha',
    field: 'alpha',
    syntax: 'alpha [BOOL]',
    default: 'setting of the real_server (true when bare)',
    range: 'BOOL',
    meaning: `Starts down until the ${end}.`,
    form: SWITCH,
  }
}

/** The real server that a checker, or a target of it, belongs to. */
function realServerOf({ draft, around }: OpenDraft): RealServerDraft | undefined {
  const parent: Draft | undefined = around?.draft
  if (around === undefined || parent === draft) return undefined
  return parent?.['address'] === undefined ? realServerOf(around) : parent
}

/** Both ends of a connection are of one address family: what is said second is ignored. */
function agree(value: unknown, other: unknown, otherKeyword: string, line: Line, { diagnostics }: ReadContext): boolean {
  if (typeof value !== 'string' || typeof other !== 'string' || familyOf(value) === familyOf(other)) return true
  const message = `'${line.keyword}' is not of the address family of '${otherKeyword}', ${other}; it is ignored`
  diagnostics.error('family-mismatch', line.wordSpan, message)
  return false
}
