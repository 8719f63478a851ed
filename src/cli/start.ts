import { isatty } from 'node:tty'
import { DEFAULT_CONFIG_FILE } from '../daemon/options.ts'
import type { LogLevels } from '../log/levels.ts'
import { startLog } from '../log/log.ts'
import type { LogFormat, StartLogOptions } from '../log/log.ts'
import { readDelivery } from './delivery.ts'
import type { DeliveryFlags } from './delivery.ts'
import { runService } from './service.ts'

/** Options of `ka-native start`. */
export interface StartOptions extends DeliveryFlags {
  readonly file?: string
  /** What conditional lines name; the host name up to its first dot unless given. */
  readonly configId?: string
  readonly runtimeDir?: string
  readonly logFormat?: LogFormat
  /** File to log to in place of standard output. */
  readonly logFile?: string
  readonly logLevel?: LogLevels
  /** Pid file to hold while the daemon runs. */
  readonly pid?: string
}

/**
 * Runs the daemon in the foreground until a signal ends it; the exit code to end the process with.
 *
 * @param hungUp whether SIGHUP came before the engine could take it: the file may have changed after it was read
 */
export async function runStart(options: StartOptions, hungUp: () => boolean = () => false): Promise<number> {
  const { file, configId, runtimeDir, pid } = options
  return await runService({
    options: () => ({
      configFile: file ?? DEFAULT_CONFIG_FILE,
      ...(configId === undefined ? {} : { configId }),
      ...(runtimeDir === undefined ? {} : { runtimeDir }),
      ...(pid === undefined ? {} : { pidFiles: { main: pid } }),
      ...readDelivery(options),
    }),
    log: startLog(logOptions(options), isatty(1), process.env),
    hungUp,
  })
}

function logOptions({ logFormat, logFile, logLevel }: StartOptions): StartLogOptions {
  return {
    ...(logFormat === undefined ? {} : { format: logFormat }),
    ...(logFile === undefined ? {} : { file: logFile }),
    ...(logLevel === undefined ? {} : { levels: logLevel }),
  }
}
