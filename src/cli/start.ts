import type { Logger } from 'pino'
import { DEFAULT_CONFIG_FILE, startDaemon } from '../daemon.ts'
import { KaError, exitCodeOf } from '../errors.ts'
import { createLogger } from '../log.ts'
import type { LogFormat } from '../log.ts'

/** Options of `ka-native start`. */
export interface StartOptions {
  readonly file?: string
  readonly runtimeDir?: string
  readonly logFormat?: LogFormat
}

/** Runs the daemon in the foreground until a signal ends it; the exit code. */
export async function runStart({ file, runtimeDir, logFormat }: StartOptions): Promise<number> {
  const log = createLogger(logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json'))
  try {
    const daemon = await startDaemon({
      configFile: file ?? DEFAULT_CONFIG_FILE,
      logger: log,
      signals: true,
      ...(runtimeDir === undefined ? {} : { runtimeDir }),
    })
    log.info('Startup complete')
    await daemon.stopped
    log.info('Stopped ka-native')
    return 0
  } catch (error) {
    return report(error, log)
  }
}

/** One sentence on the terminal and in the log, and the code that goes with it. */
function report(error: unknown, log: Logger): number {
  if (!(error instanceof KaError)) throw error
  log.fatal({ code: error.code }, error.message)
  return exitCodeOf(error)
}
