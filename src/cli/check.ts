/** `ka-native check`: reads a configuration, says what is wrong with it, changes nothing. */
import { testExitCode } from '../config/exit-code.ts'
import { printable } from '../config/excerpt.ts'
import type { Host } from '../config/host.ts'
import { loadConfig } from '../config/load.ts'
import { counted, renderJson, renderText, summarize } from '../config/render.ts'

/** What `check` is asked. */
export interface CheckOptions {
  /** Path of the configuration file. */
  readonly file: string
  readonly format?: 'text' | 'json'
  /** Warnings and notes count as failures too. */
  readonly strict?: boolean
  /** ANSI colours in text. */
  readonly color?: boolean
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host
}

/** What `check` answers. */
export interface CheckResult {
  /** To be written to standard output as it is; ends with a newline. */
  readonly output: string
  /** keepalived's status of a configuration test; 4 for a missing file. */
  readonly exitCode: number
}

/** Checks a configuration. Never throws over what a file says. */
export function runCheck({ file, format = 'text', strict = false, color = false, host }: CheckOptions): CheckResult {
  const { config, diagnostics, files } = loadConfig(host === undefined ? { file } : { file, host })
  const exitCode = testExitCode(diagnostics, { strict })
  const { refusesStart } = diagnostics
  if (format === 'json') {
    return { output: `${JSON.stringify({ file, exitCode, refusesStart, files, ...renderJson(diagnostics) }, null, 2)}\n`, exitCode }
  }
  const found = summarize(diagnostics)
  const instances = counted(config.vrrpInstances.length, 'VRRP instance')
  const facts = [instances, ...(found === '' ? [] : [found])].join(', ')
  const summary = `${printable(file)}: ${verdictOf(exitCode, refusesStart)}${facts}\n`
  const text = renderText(diagnostics, { color })
  return { output: text === '' ? summary : `${text}\n${summary}`, exitCode }
}

/** keepalived may accept what cannot be run here: that is said where the status does not. */
function verdictOf(exitCode: number, refusesStart: boolean): string {
  if (exitCode === 0) return refusesStart ? 'ok, but `start` refuses it: ' : 'ok, '
  return refusesStart ? 'not ok, and `start` refuses it: ' : 'not ok, '
}
