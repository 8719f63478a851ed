import type { Logger } from 'pino'
import type { Diagnostics } from './config/diagnostic.ts'
import { startExitCode } from './config/exit-code.ts'
import { loadConfig } from './config/load.ts'
import type { Config } from './config/model.ts'
import { ConfigError } from './errors.ts'

/**
 * Reads a configuration file and logs what is wrong with it.
 *
 * @throws {ConfigError} when it cannot be run
 */
export function readConfig(file: string, log: Logger): Config {
  const { config, diagnostics } = loadConfig({ file })
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
  for (const { severity, code, refusesStart, file, line, column, message, help } of diagnostics) {
    const level = refusesStart ? 'error' : ({ error: 'error', warning: 'warn', info: 'info' } as const)[severity]
    const where = line === undefined ? file : `${file}:${line}:${column}`
    log[level]({ code, file, line, column, help }, `${where}: ${message}`)
  }
}
