/** `ka-native check`: reads a configuration, says what is wrong with it, and changes nothing unless asked to fix it. */
import { testExitCode } from '../config/diagnostics/exit-code.ts'
import { describeFailover, failovers } from '../config/failover.ts'
import type { Config } from '../config/model.ts'
import { printable } from '../config/diagnostics/printable.ts'
import type { Host } from '../config/host/host.ts'
import { loadConfig } from '../config/load.ts'
import type { LoadedConfig, LoadOptions } from '../config/load.ts'
import { kindOfFile, loadConfigFile } from '../config/load-file.ts'
import { counted, renderJson, renderText, summarize } from '../config/diagnostics/render.ts'
import { renderSarif } from '../config/diagnostics/sarif.ts'
import { fixFiles } from './check-fix.ts'
import type { FixReport } from './check-fix.ts'
import { version } from './version.ts'

/** What `check` is asked. */
export interface CheckOptions {
  /** Path of the configuration file. */
  readonly file: string
  readonly format?: 'text' | 'json' | 'sarif'
  /** Warnings and notes count as failures too. */
  readonly strict?: boolean
  /** Changes files where that is certain to be right, and reports what is left. */
  readonly fix?: boolean
  /** ANSI colours in text. */
  readonly color?: boolean
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host
  /** What conditional lines name; the host name up to its first dot unless given. */
  readonly configId?: string
}

/** What `check` answers. */
export interface CheckResult {
  /** To be written to standard output as it is; ends with a newline. */
  readonly output: string
  /** keepalived's status of a configuration test; 4 for a missing file. */
  readonly exitCode: number
}

/** What was to be fixed could not be written, and nothing else is wrong. */
const EXIT_UNFIXED = 1

/** Instances whose failover time is told in text; JSON has all. */
const SHOWN_INSTANCES = 20

/** Checks a configuration file of any kind: its name says which. Never throws over what a file says. */
export async function checkFile(options: CheckOptions): Promise<CheckResult> {
  if (kindOfFile(options.file) === 'conf') return runCheck(options)
  // No change in another kind of file is certain to be right.
  return reportOn(options, { fixed: [], unfixed: [], loaded: await loadConfigFile(loadOptions(options)) })
}

/** Checks a keepalived.conf. Never throws over what a file says. */
export function runCheck(options: CheckOptions): CheckResult {
  const load = (): LoadedConfig => loadConfig(loadOptions(options))
  return reportOn(options, options.fix === true ? fixFiles(load) : { fixed: [], unfixed: [], loaded: load() })
}

function loadOptions({ file, host, configId }: CheckOptions): LoadOptions {
  return { file, host, configId, lint: true }
}

function reportOn({ file, format = 'text', strict = false, fix = false, color = false }: CheckOptions, report: FixReport): CheckResult {
  const { diagnostics, files } = report.loaded
  const { refusesStart } = diagnostics
  const tested = testExitCode(diagnostics, { strict })
  const exitCode = tested === 0 && report.unfixed.length > 0 ? EXIT_UNFIXED : tested
  if (format === 'text') return { output: renderReport(file, report, exitCode, color), exitCode }
  const changes = fix ? { fixed: report.fixed, unfixed: report.unfixed } : {}
  const data =
    format === 'json'
      ? { file, exitCode, refusesStart, files, instances: failovers(report.loaded.config), ...changes, ...renderJson(diagnostics) }
      : renderSarif(diagnostics, { version: version(), files, exitCode, properties: changes })
  return { output: `${JSON.stringify(data, null, 2)}\n`, exitCode }
}

function renderReport(file: string, { fixed, unfixed, loaded }: FixReport, exitCode: number, color: boolean): string {
  const { config, diagnostics } = loaded
  const changes = [
    ...fixed.map(({ file: path, line, column, title, code }) => `fixed ${printable(`${path}:${line}:${column}: ${title}`)} [${code}]\n`),
    ...unfixed.map(({ file: path, problem }) => `not fixed ${printable(path)}: ${problem}\n`),
  ].join('')
  const found = summarize(diagnostics)
  const repaired = fixed.length === 0 ? [] : [`${fixed.length} fixed`]
  const facts = [...contentsOf(config), ...(found === '' ? [] : [found]), ...repaired].join(', ')
  const summary = `${printable(file)}: ${verdictOf(exitCode, diagnostics.refusesStart)}${facts}\n`
  return [changes, renderText(diagnostics, { color }), failoverLines(config), summary].filter((part) => part !== '').join('\n')
}

/** How much there is to run. */
function contentsOf({ vrrpInstances, virtualServers }: Config): readonly string[] {
  const instances = counted(vrrpInstances.length, 'VRRP instance')
  if (virtualServers.length === 0) return [instances]
  const servers = counted(virtualServers.length, 'virtual server')
  return vrrpInstances.length === 0 ? [servers] : [instances, servers]
}

/** How fast each instance is taken over. */
function failoverLines(config: Config): string {
  const all = failovers(config)
  const lines = all.slice(0, SHOWN_INSTANCES).map((failover) => `${printable(describeFailover(failover))}\n`)
  const hidden = all.length - lines.length
  return lines.join('') + (hidden > 0 ? `and ${counted(hidden, 'instance')} more\n` : '')
}

/** keepalived may accept what cannot be run here: that is said where the status does not. */
function verdictOf(exitCode: number, refusesStart: boolean): string {
  if (exitCode === 0) return refusesStart ? 'ok, but `start` refuses it: ' : 'ok, '
  return refusesStart ? 'not ok, and `start` refuses it: ' : 'not ok, '
}
