/** `global_defs`: how the kernel schedules the parts of the daemon (process.md §10). */
import { integer } from '../forms/numbers.ts'
import { processors, processorTime, realtimePriority } from '../forms/processes.ts'
import { flag } from '../forms/words.ts'
import { ACTED_ON, noEffect } from '../tables/keyword-status.ts'
import { camelCase } from '../tables/schema.ts'
import type { Status } from '../tables/keyword-status.ts'
import type { Row } from '../tables/schema.ts'

/** What is scheduled by itself: a process of keepalived's, a thread here. */
interface Part {
  readonly prefix: 'vrrp' | 'checker' | 'bfd'
  readonly what: string
  readonly realtimeRange: string
  readonly affinityRange: string
  readonly limitMeaning: string
  readonly status: Status
  readonly limitStatus: Status
}

const SHARED_THREAD = noEffect('BFD runs in the thread that the vrrp_ keyword concerns')

const PARTS: readonly Part[] = [
  {
    prefix: 'vrrp',
    what: 'VRRP process',
    realtimeRange: '1..99; values outside are clamped to the SCHED_RR limits with an error',
    affinityRange: 'each 0..online CPUs-1; one bad value drops the whole set',
    limitMeaning: 'CPU time limit between blocking calls under real-time scheduling.',
    status: ACTED_ON,
    limitStatus: ACTED_ON,
  },
  {
    prefix: 'checker',
    what: 'checker process',
    realtimeRange: '1..99, clamped',
    affinityRange: 'each 0..online CPUs-1',
    limitMeaning: 'CPU time limit between blocking calls for the checker.',
    status: ACTED_ON,
    limitStatus: noEffect('the kernel has one limit for the whole process, and ends a process that exceeds it'),
  },
  {
    prefix: 'bfd',
    what: 'BFD process',
    realtimeRange: '1..99, clamped',
    affinityRange: 'each 0..online CPUs-1',
    limitMeaning: 'CPU time limit between blocking calls for BFD.',
    status: SHARED_THREAD,
    limitStatus: SHARED_THREAD,
  },
]

export const SCHEDULING_ROWS: readonly Row[] = [...PARTS.flatMap(priorityRows), ...PARTS.flatMap(limitRows)]

function priorityRows({ prefix, what, realtimeRange, status }: Part): readonly Row[] {
  return [
    {
      kind: 'setting',
      keyword: `${prefix}_priority`,
      field: `${prefix}Priority`,
      syntax: `${prefix}_priority NICE`,
      default: '0',
      range: '-20..19',
      meaning: `Nice value of the ${what}.`,
      form: integer(-20, 19, { isLenient: true }),
      status,
    },
    {
      kind: 'setting',
      keyword: `${prefix}_no_swap`,
      field: `${prefix}NoSwap`,
      syntax: `${prefix}_no_swap`,
      default: 'off',
      range: 'flag',
      meaning: `Locks the ${what} in memory.`,
      form: flag(),
      status: ACTED_ON,
    },
    {
      kind: 'setting',
      keyword: `${prefix}_rt_priority`,
      field: `${prefix}RtPriority`,
      syntax: `${prefix}_rt_priority PRIO`,
      default: '0 (no real-time scheduling)',
      range: realtimeRange,
      meaning: `Real-time priority of the ${what}.`,
      form: realtimePriority(),
      standard: 0,
      status,
    },
  ]
}

function limitRows({ prefix, what, affinityRange, limitMeaning, status, limitStatus }: Part): readonly Row[] {
  const limit = `${prefix}_rlimit_rttime`
  const old = `${prefix}_rlimit_rtime`
  return [
    {
      kind: 'setting',
      keyword: `${prefix}_cpu_affinity`,
      field: `${prefix}CpuAffinity`,
      syntax: `${prefix}_cpu_affinity CPU...`,
      default: 'all CPUs',
      range: affinityRange,
      meaning: `CPUs the ${what} may run on.`,
      form: processors(),
      status,
    },
    {
      kind: 'setting',
      keyword: limit,
      field: camelCase(limit),
      syntax: `${limit} MICROSECONDS`,
      default: '10000 us',
      range: '1..4294967295; 1 is raised to 2',
      meaning: limitMeaning,
      form: processorTime(),
      status: limitStatus,
    },
    {
      kind: 'setting',
      keyword: old,
      field: camelCase(limit),
      syntax: `${old} MICROSECONDS`,
      default: '-',
      range: `as ${limit}`,
      meaning: `Older spelling of ${limit}.`,
      note: 'Deprecated February 2020',
      form: processorTime(),
      deprecated: { instead: limit, silent: true },
      status: limitStatus,
    },
  ]
}
