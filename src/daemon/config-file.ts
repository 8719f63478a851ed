import type { Logger } from 'pino'
import type { Diagnostics } from '../config/diagnostics/diagnostic.ts'
import { startExitCode } from '../config/diagnostics/exit-code.ts'
import type { ConfigInput } from '../config/input.ts'
import { toDocument } from '../config/document/document.ts'
import { documentText } from '../config/document/text.ts'
import { ROOT } from '../config/keywords/root.ts'
import { loadDocument } from '../config/document/load-document.ts'
import { readConfigFile } from '../config/load-file.ts'
import type { Config } from '../config/model.ts'
import { placeOf } from '../config/diagnostics/render.ts'
import type { ConfigDraft } from '../config/drafts.ts'
import { linkWritten } from '../config/written.ts'
import type { LoadedConfig } from '../config/written.ts'
import { ConfigError } from '../errors.ts'
import { componentLog } from '../log/components.ts'

/** What was read, with what is written in it. */
export interface ReadConfig extends LoadedConfig {
  readonly draft: ConfigDraft
}

/** How a file is read. */
export interface Reading {
  /** What conditional lines of a keepalived.conf name; the host name up to its first dot unless given. */
  readonly configId?: string
  /** Every include problem is an error. */
  readonly allConfig?: boolean
  /** Is shown what was read, whether it can be run or not, before it is logged. */
  readonly onRead?: (read: ReadConfig) => Promise<void>
}

/**
 * Reads a configuration file of any kind and logs what is wrong with it.
 *
 * @throws {ConfigError} when it cannot be run
 */
export async function readConfig(file: string, log: Logger, reading: Reading = {}): Promise<Config> {
  const { configId, allConfig, onRead } = reading
  const written = await readConfigFile({ file, configId, allConfig })
  const loaded = linkWritten(written)
  await onRead?.({ ...loaded, draft: written.draft })
  return accept(loaded, file, log)
}

/**
 * Takes a configuration that a program made: as it is, or, where it is one to be read, read and logged like a file.
 *
 * @throws {ConfigError} when it cannot be run
 */
export function takeConfig(config: Config | ConfigInput, log: Logger): Config {
  return isLinked(config) ? config : accept(loadDocument(config), 'config', log)
}

/** Whether a configuration is complete, made by `loadConfig`: it has its durations in microseconds, and all of them. */
export function isLinked(config: object): config is Config {
  return 'childWaitTimeUs' in config
}

function accept({ config, diagnostics, files }: LoadedConfig, file: string, log: Logger): Config {
  const configLog = componentLog(log, 'config')
  logFiles(files, configLog)
  logDiagnostics(diagnostics, configLog)
  const exitCode = startExitCode(diagnostics)
  if (exitCode === 0) return config
  const [code, message] =
    exitCode === 6
      ? (['KA_ERR_CONFIG_MISSING', `no usable configuration file ${file}`] as const)
      : (['KA_ERR_CONFIG_UNUSABLE', `the configuration in ${file} cannot be run`] as const)
  throw new ConfigError(code, message, diagnostics)
}

/** As keepalived: each file when it is opened, and which one is the configuration. */
function logFiles(files: readonly string[], log: Logger): void {
  for (const [index, file] of files.entries()) {
    log.debug(`Opening file '${file}'.`)
    if (index === 0) log.info(`Configuration file ${file}`)
  }
}

function logDiagnostics(diagnostics: Diagnostics, log: Logger): void {
  for (const diagnostic of diagnostics) {
    const { severity, code, refusesStart, file, line, column, property, message, help } = diagnostic
    const level = refusesStart ? 'error' : ({ error: 'error', warning: 'warn', info: 'info' } as const)[severity]
    log[level]({ code, file, line, column, property, help }, `${placeOf(diagnostic)}: ${message}`)
  }
}

/** Logs what a configuration says, line by line as another file would say it, secrets hidden. */
export function logConfig(config: Config, log: Logger): void {
  const text = documentText(toDocument(ROOT, config, { revealSecrets: false }), 'conf')
  for (const line of text.trimEnd().split('\n')) log.info(line)
}
