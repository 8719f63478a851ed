import pino from 'pino'
import type { Logger } from 'pino'
import { loadNative } from '../engine/native.ts'
import type { LogIdentity } from './components.ts'
import { JOURNAL_SOCKET, isUnderJournal } from './journal.ts'
import { DEFAULT_LEVELS, levelOf, levelsOfDetail } from './levels.ts'
import type { LogLevels } from './levels.ts'
import { parseRecord } from './record.ts'
import { DEFAULT_LOG_SETTINGS } from './settings.ts'
import type { LogSettings } from './settings.ts'
import { SYSLOG_SOCKET } from './syslog.ts'
import { fileTarget, journalTarget, streamTarget, syslogTarget } from './targets.ts'
import type { LogTarget, TextFormat } from './targets.ts'

/** How log records are written. */
export type LogFormat = 'json' | 'pretty' | 'syslog' | 'journald'

/** The root logger of the command line. */
export interface Log {
  readonly log: Logger
  /** Waits until what was logged is written, at most `limitMs`: its reader may never read again. */
  readonly flush: (limitMs: number) => Promise<void>
  /** What tells this daemon apart from others, once the configuration has said it; for what is logged from then on. */
  readonly identify: (identity: LogIdentity) => void
}

/** Where the log goes. */
export type LogOutput =
  | { readonly kind: 'stream'; readonly fd: 1 | 2; readonly format: TextFormat }
  | { readonly kind: 'file'; readonly path: string; readonly format: TextFormat; readonly isSynchronous: boolean }
  | { readonly kind: 'syslog' | 'journal'; readonly facility: number }

/** Where the log goes, and from which level on. */
export interface LogOptions {
  readonly outputs: readonly LogOutput[]
  readonly levels: LogLevels
}

type Environment = Readonly<Record<string, string | undefined>>

/** What keepalived's own options ask for. The syslog of a machine is its journal, where that is what reads our output. */
export function keepalivedLog(settings: LogSettings, env: Environment = process.env): LogOptions {
  const { console: hasConsole, detail, facility, file, flushFile = false, syslog } = settings
  const outputs: LogOutput[] = []
  if (syslog) outputs.push({ kind: isUnderJournal(env) ? 'journal' : 'syslog', facility })
  if (hasConsole) outputs.push({ kind: 'stream', fd: 2, format: 'keepalived' })
  if (file !== undefined) outputs.push({ kind: 'file', path: file, format: 'keepalived', isSynchronous: flushFile })
  return { outputs, levels: levelsOfDetail(detail) }
}

/** What the options of `ka-native start` ask for. */
export interface StartLogOptions {
  /** How; unless given, as the place asks for it. */
  readonly format?: LogFormat
  /** A file in place of standard output; in addition to syslog and the journal. */
  readonly file?: string
  readonly levels?: LogLevels
}

/** Where and how `ka-native start` logs. */
export function startLog({ format, file, levels = DEFAULT_LEVELS }: StartLogOptions, isTerminal: boolean, env: Environment): LogOptions {
  const { facility } = DEFAULT_LOG_SETTINGS
  const isText = format === 'json' || format === 'pretty'
  const outputs: LogOutput[] = []
  if (format === 'syslog') outputs.push({ kind: 'syslog', facility })
  if (format === 'journald' || (format === undefined && file === undefined && isUnderJournal(env)))
    outputs.push({ kind: 'journal', facility })
  if (file !== undefined) outputs.push({ kind: 'file', path: file, format: isText ? format : 'json', isSynchronous: false })
  else if (outputs.length === 0) outputs.push({ kind: 'stream', fd: 1, format: isText ? format : isTerminal ? 'pretty' : 'json' })
  return { outputs, levels }
}

/**
 * Opens the log. A line never holds up JavaScript, which the engine would take for dead.
 *
 * Without the addon, syslog and the journal cannot be reached: what they would get goes to standard error.
 */
export async function openLog({ outputs, levels }: LogOptions): Promise<Log> {
  const targets = await Promise.all(outputs.map(openTarget))
  const log = pino(
    {
      base: null,
      level: levels.root,
      timestamp: timeOfTurn(),
      onChild: (child) => {
        child.level = levelOf(levels, child.bindings()['component'])
      },
    },
    {
      write(line: string): void {
        const record = parseRecord(line)
        for (const target of targets) target.write(record)
      },
    },
  )
  return {
    log,
    flush: async (limitMs) => {
      await Promise.all(
        targets.map(async (target) => {
          await target.flush(limitMs)
        }),
      )
    },
    identify: (identity) => {
      for (const target of targets) target.identify(identity)
    },
  }
}

/** The time of a record, for pino. Thousands of lines come in one turn of JavaScript, and have one: the clock of some machines is slow. */
function timeOfTurn(): () => string {
  const turn: { text?: string | undefined } = {}
  const end = (): void => {
    turn.text = undefined
  }
  return () => {
    if (turn.text === undefined) {
      turn.text = `,"time":${Date.now()}`
      queueMicrotask(end)
    }
    return turn.text
  }
}

async function openTarget(output: LogOutput): Promise<LogTarget> {
  switch (output.kind) {
    case 'stream':
      return streamTarget(output.fd, output.format)
    case 'file':
      return fileTarget(output.path, output.format, output.isSynchronous)
    case 'syslog':
    case 'journal':
      return await openDatagramTarget(output.kind, output.facility)
  }
}

async function openDatagramTarget(kind: 'syslog' | 'journal', facility: number): Promise<LogTarget> {
  try {
    const { DatagramSender } = await loadNative()
    if (kind === 'syslog') return syslogTarget(new DatagramSender(SYSLOG_SOCKET), facility)
    return journalTarget(new DatagramSender(JOURNAL_SOCKET), facility)
  } catch {
    return streamTarget(2, 'keepalived') // what then uses the addon says why there is none
  }
}
