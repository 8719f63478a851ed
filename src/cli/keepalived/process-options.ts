/** keepalived's options about the log, and about the process itself. */
import { DEFAULT_LOG_FILE, parseFacility } from '../../log/settings.ts'
import type { KeepalivedOption } from './option.ts'
import type { Settings } from './settings.ts'

const DEBUGGING = 'it is for debugging keepalived itself'

export const LOGGING_OPTIONS: readonly KeepalivedOption[] = [
  {
    kind: 'setting',
    short: 'l',
    long: 'log-console',
    value: 'none',
    meaning: 'log to standard error too',
    set: ({ log }) => ({ log: { ...log, console: true } }),
  },
  {
    kind: 'setting',
    short: 'D',
    long: 'log-detail',
    value: 'none',
    meaning: 'log details; twice: more of them',
    set: ({ log }) => ({ log: { ...log, detail: log.detail === 0 ? 1 : 2 } }),
  },
  {
    kind: 'setting',
    short: 'S',
    long: 'log-facility',
    value: 'required',
    placeholder: 'FACILITY',
    meaning: 'syslog facility: 0 to 7 or local0 to local7, user, daemon (default: daemon)',
    set: setFacility,
  },
  {
    kind: 'setting',
    short: 'g',
    long: 'log-file',
    value: 'optional',
    placeholder: 'FILE',
    meaning: `log to a file too (default: ${DEFAULT_LOG_FILE} in the directory for temporary files)`,
    set: ({ log }, file) => ({ log: { ...log, file: file === undefined || file === '' ? DEFAULT_LOG_FILE : file } }),
  },
  {
    kind: 'setting',
    long: 'flush-log-file',
    value: 'none',
    meaning: 'have each line of that file on the disk at once',
    set: ({ log }) => ({ log: { ...log, flushFile: true } }),
  },
  {
    kind: 'setting',
    short: 'G',
    long: 'no-syslog',
    value: 'none',
    meaning: 'do not log to syslog',
    set: ({ log }) => ({ log: { ...log, syslog: false } }),
  },
]

export const PROCESS_OPTIONS: readonly KeepalivedOption[] = [
  {
    kind: 'setting',
    short: 'u',
    long: 'umask',
    value: 'required',
    placeholder: 'MASK',
    meaning: 'file creation mask, whatever the configuration says (default: 0177)',
    set: setUmask,
  },
  pidOption('p', 'pid', 'main', 'pid file'),
  pidOption('r', 'vrrp_pid', 'vrrp', 'pid file that is there while VRRP is configured'),
  pidOption('c', 'checkers_pid', 'checkers', 'pid file that is there while virtual servers are configured'),
  pidOption('b', 'bfd_pid', 'bfd', 'pid file that is there while BFD is configured'),
  {
    kind: 'setting',
    short: 'm',
    long: 'core-dump',
    value: 'none',
    meaning: 'allow core files of any size',
    set: () => ({ coreDump: true }),
  },
  {
    kind: 'setting',
    short: 'M',
    long: 'core-dump-pattern',
    value: 'optional',
    placeholder: 'PATTERN',
    meaning: 'name core files so until the end (default: core)',
    set: (_, pattern) => ({ corePattern: pattern === undefined || pattern === '' ? 'core' : pattern }),
  },
  { kind: 'no effect', long: 'ignore-sigint', value: 'none', reason: DEBUGGING },
  { kind: 'no effect', long: 'perf', value: 'optional', reason: DEBUGGING },
  { kind: 'no effect', long: 'debug', value: 'optional', reason: DEBUGGING },
  { kind: 'no effect', long: 'no-mem-check', value: 'none', reason: DEBUGGING },
  { kind: 'no effect', short: 'L', value: 'none', reason: DEBUGGING },
  { kind: 'no effect', short: 'O', value: 'none', reason: DEBUGGING },
]

function pidOption(short: string, long: string, name: 'main' | 'vrrp' | 'checkers' | 'bfd', meaning: string): KeepalivedOption {
  return {
    kind: 'setting',
    short,
    long,
    value: 'required',
    placeholder: 'FILE',
    meaning,
    set: ({ pidFiles }, file) => (file === undefined || file === '' ? {} : { pidFiles: { ...pidFiles, [name]: file } }),
  }
}

function setFacility({ log, mistakes }: Settings, word = ''): Partial<Settings> {
  const facility = parseFacility(word)
  return facility === undefined
    ? { mistakes: [...mistakes, { text: `Invalid log facility '${word}'`, failsTest: true }] }
    : { log: { ...log, facility } }
}

const MAX_MASK = 0o777

/** As strtol(3) with base 0 reads a number: octal behind a 0, hexadecimal behind 0x. */
function setUmask({ mistakes }: Settings, word = ''): Partial<Settings> {
  const isOctal = /^0[0-7]*$/.test(word)
  const isNumber = isOctal || /^0x[0-9a-f]+$/i.test(word) || /^[1-9]\d*$/.test(word)
  const umask = isNumber ? Number.parseInt(word, isOctal ? 8 : /^0x/i.test(word) ? 16 : 10) : Number.NaN
  return umask <= MAX_MASK ? { umask } : { mistakes: [...mistakes, { text: `Invalid --umask option ${word}`, failsTest: false }] }
}
