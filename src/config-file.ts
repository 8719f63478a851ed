import type { Logger } from 'pino'
import type { Diagnostics } from './config/diagnostics/diagnostic.ts'
import { startExitCode } from './config/diagnostics/exit-code.ts'
import type { ConfigInput } from './config/input.ts'
import { loadDocument } from './config/document/load-document.ts'
import { loadConfigFile } from './config/load-file.ts'
import type { Config } from './config/model.ts'
import { placeOf } from './config/diagnostics/render.ts'
import type { LoadedConfig } from './config/written.ts'
import { isLinked } from './daemon-options.ts'
import { ConfigError } from './errors.ts'

/**
 * Reads a configuration file of any kind and logs what is wrong with it.
 *
 * @param configId what conditional lines of a keepalived.conf name; the host name up to its first dot unless given
 * @throws {ConfigError} when it cannot be run
 */
export async function readConfig(file: string, log: Logger, configId?: string): Promise<Config> {
  return accept(await loadConfigFile({ file, configId }), file, log)
}

/**
 * Takes a configuration that a program made: as it is, or, where it is one to be read, read and logged like a file.
 *
 * @throws {ConfigError} when it cannot be run
 */
export function takeConfig(config: Config | ConfigInput, log: Logger): Config {
  return isLinked(config) ? config : accept(loadDocument(config), 'config', log)
}

function accept({ config, diagnostics }: LoadedConfig, file: string, log: Logger): Config {
  logDiagnostics(diagnostics, log)
  const exitCode = startExitCode(diagnostics)
  if (exitCode === 0) return config
  const [code, message] =
    exitCode === 6
      ? (['KA_ERR_CONFIG_MISSING', `no usable configuration file ${file}`] as const)
      : (['KA_ERR_CONFIG_UNUSABLE', `the configuration in ${file} cannot be run`] as const)
  throw new ConfigError(code, message, diagnostics)
}

function logDiagnostics(diagnostics: Diagnostics, log: Logger): void {
  for (const diagnostic of diagnostics) {
    const { severity, code, refusesStart, file, line, column, property, message, help } = diagnostic
    const level = refusesStart ? 'error' : ({ error: 'error', warning: 'warn', info: 'info' } as const)[severity]
    log[level]({ code, file, line, column, property, help }, `${placeOf(diagnostic)}: ${message}`)
  }
}
