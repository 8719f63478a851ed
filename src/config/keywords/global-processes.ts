/** `global_defs`: what processes are called, and when they raise their own priority (process.md §10). */
import { integer, microseconds } from '../forms/numbers.ts'
import { MAX_RT_PRIORITY } from '../forms/processes.ts'
import { flag, word } from '../forms/words.ts'
import { ACTED_ON, noEffect } from '../tables/keyword-status.ts'
import type { Row } from '../tables/schema.ts'

const ONE_PROCESS = noEffect('one process does all the work')
/** Longer names are cut by the kernel. */
const NAME = word({ longest: 15, tooLong: 'cut' })

export const PROCESS_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'process_names',
    field: 'processNames',
    syntax: 'process_names',
    default: 'off (all processes show as keepalived)',
    range: 'flag',
    meaning: 'Gives the child processes the names keepalived_vrrp, keepalived_lvs and keepalived_bfd.',
    form: flag(),
    status: ONE_PROCESS,
  },
  {
    kind: 'setting',
    keyword: 'process_name',
    field: 'processName',
    syntax: 'process_name NAME',
    default: 'keepalived',
    range: 'at most 15 characters, longer is truncated',
    meaning: 'Name shown for the parent process.',
    form: NAME,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_process_name',
    field: 'vrrpProcessName',
    syntax: 'vrrp_process_name NAME',
    default: 'none (keepalived_vrrp with process_names)',
    range: 'at most 15 characters, longer is truncated',
    meaning: 'Name shown for the VRRP process.',
    form: NAME,
    status: ONE_PROCESS,
  },
  {
    kind: 'setting',
    keyword: 'checker_process_name',
    field: 'checkerProcessName',
    syntax: 'checker_process_name NAME',
    default: 'none (keepalived_lvs with process_names)',
    range: 'at most 15 characters, longer is truncated',
    meaning: 'Name shown for the health-checker process.',
    form: NAME,
    status: ONE_PROCESS,
  },
  {
    kind: 'setting',
    keyword: 'lvs_process_name',
    field: 'checkerProcessName',
    syntax: 'lvs_process_name NAME',
    default: '-',
    range: 'as checker_process_name',
    meaning: 'Older spelling of checker_process_name.',
    note: 'Deprecated since July 2020; use checker_process_name',
    form: NAME,
    deprecated: { instead: 'checker_process_name', silent: true },
    status: ONE_PROCESS,
  },
  {
    kind: 'setting',
    keyword: 'bfd_process_name',
    field: 'bfdProcessName',
    syntax: 'bfd_process_name NAME',
    default: 'none (keepalived_bfd with process_names)',
    range: 'at most 15 characters, longer is truncated',
    meaning: 'Name shown for the BFD process.',
    form: NAME,
    status: ONE_PROCESS,
  },
  {
    kind: 'setting',
    keyword: 'max_auto_priority',
    field: 'maxAutoPriority',
    syntax: 'max_auto_priority [NUMBER]',
    default: '0 (feature off; a start-up hint is logged)',
    range: '-1..99 (the upper bound is the SCHED_RR maximum); -1 disables and silences the hint; bare means the maximum',
    meaning: 'Highest real-time priority the daemon may raise itself to when it is scheduled late.',
    form: integer(-1, MAX_RT_PRIORITY, { bare: MAX_RT_PRIORITY }),
    standard: 0,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'min_auto_priority_delay',
    field: 'minAutoPriorityDelay',
    syntax: 'min_auto_priority_delay MICROSECONDS',
    default: '1000000 us',
    range: '1..10000000',
    meaning: 'Scheduling delay that triggers an automatic priority increase.',
    form: microseconds(1, 10_000_000, { isLenient: true }),
    standard: 1_000_000,
    status: ACTED_ON,
  },
]
