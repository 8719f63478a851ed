/** `ka-native print-config`: what a configuration says, resolved, as another file would say it. */
import { documentText, misreadLines } from '../config/document/text.ts'
import type { TextFormat } from '../config/document/text.ts'
import { toDocument } from '../config/document/document.ts'
import { startExitCode, testExitCode } from '../config/diagnostics/exit-code.ts'
import type { Diagnostics } from '../config/diagnostics/diagnostic.ts'
import type { Host } from '../config/host/host.ts'
import { ROOT } from '../config/keywords/root.ts'
import { readConfigFile } from '../config/load-file.ts'
import { renderText } from '../config/diagnostics/render.ts'
import { linkWritten } from '../config/written.ts'

/** What `print-config` is asked. */
export interface PrintOptions {
  /** Path of the configuration file. */
  readonly file: string
  readonly format?: TextFormat
  /** What is written and nothing else: no defaults, nothing inherited. */
  readonly asWritten?: boolean
  /** Passwords and keys as they are. */
  readonly showSecrets?: boolean
  /** ANSI colours in diagnostics. */
  readonly color?: boolean
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host
  /** What conditional lines name; the host name up to its first dot unless given. */
  readonly configId?: string
}

/** What `print-config` answers. */
export interface PrintResult {
  /** The configuration; empty when it could not be read at all. */
  readonly output: string
  /** Diagnostics, for standard error. */
  readonly problems: string
  /** 0 when the configuration can be run, else the status of a check; 5 when what is printed would not be read as it is. */
  readonly exitCode: number
}

/** As of a check that finds mistakes. */
const EXIT_MISREAD = 5

/** Codes of a file of which nothing is known. */
const UNREAD: ReadonlySet<string> = new Set(['config-not-found', 'config-unreadable', 'config-syntax', 'config-failed'])

/** Prints a configuration as far as it can be read. */
export async function runPrintConfig(options: PrintOptions): Promise<PrintResult> {
  const { file, format = 'conf', asWritten = false, showSecrets = false, color = false, host, configId } = options
  const written = await readConfigFile({ file, host, configId })
  // Linking takes out of the draft what cannot stay.
  const { config, diagnostics } = linkWritten(written)
  const document = toDocument(ROOT, asWritten ? written.draft : config, { revealSecrets: showSecrets })
  const output = isRead(diagnostics) ? documentText(document, format) : ''
  const misread = format === 'conf' ? misreadLines(output) : []
  const exitCode = startExitCode(diagnostics) === 0 ? 0 : testExitCode(diagnostics) || startExitCode(diagnostics)
  return {
    output,
    problems: renderText(diagnostics, { color }) + misread.map((sentence) => `ka-native: ${sentence}\n`).join(''),
    exitCode: exitCode === 0 && misread.length > 0 ? EXIT_MISREAD : exitCode,
  }
}

/** Whether there was a configuration at all. */
export function isRead(diagnostics: Diagnostics): boolean {
  return ![...diagnostics].some(({ code }) => UNREAD.has(code))
}
