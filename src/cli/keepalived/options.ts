/** keepalived's own options (keepalived(8); process.md §1): how they are written, and what each does here. */
import type { KeepalivedOption } from './option.ts'
import { LOGGING_OPTIONS, PROCESS_OPTIONS } from './process-options.ts'
import { CONFIGURATION_OPTIONS, WORK_OPTIONS } from './work-options.ts'

const ACTIONS: readonly KeepalivedOption[] = [
  {
    kind: 'signal number',
    long: 'signum',
    value: 'required',
    placeholder: 'NAME',
    meaning: 'print the number of the signal STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON',
  },
  { kind: 'version', short: 'v', long: 'version', value: 'none', meaning: 'print the version' },
  { kind: 'help', short: 'h', long: 'help', value: 'none', meaning: 'print this help' },
]

/** Every option. */
export const KEEPALIVED_OPTIONS: readonly KeepalivedOption[] = [
  ...CONFIGURATION_OPTIONS,
  ...WORK_OPTIONS,
  ...LOGGING_OPTIONS,
  ...PROCESS_OPTIONS,
  ...ACTIONS,
]
