import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import type { Logger } from 'pino'
import { DEFAULT_CONFIG_FILE } from '../daemon-options.ts'
import { startDaemon } from '../daemon.ts'
import { KaError, exitCodeOf } from '../errors.ts'
import { openLog } from '../log.ts'
import type { Log, LogFormat } from '../log.ts'

/** Time that the reader of the log gets at the end. */
const LOG_DEADLINE_MS = 1_000

/** A defect of this program (sysexits.h EX_SOFTWARE). */
const EXIT_INTERNAL = 70

const STOPPED = 'Stopped ka-native'

/** Options of `ka-native start`. */
export interface StartOptions {
  readonly file?: string
  /** What conditional lines name; the host name up to its first dot unless given. */
  readonly configId?: string
  readonly runtimeDir?: string
  readonly logFormat?: LogFormat
}

/**
 * Runs the daemon in the foreground until a signal ends it; the exit code to end the process with.
 *
 * @param hungUp whether SIGHUP came before the engine could take it: the file may have changed after it was read
 */
export async function runStart(options: StartOptions, hungUp: () => boolean = () => false): Promise<number> {
  // A configuration of thousands of instances would grow the young generation of the heap for good,
  // by tens of megabytes, for the sake of one second's work.
  setFlagsFromString('--semi-space-growth-factor=1')
  const terminals = [0, 1, 2].filter(isatty)
  const { log, flush } = openLog(options.logFormat ?? (isatty(1) ? 'pretty' : 'json'))
  process.on('uncaughtException', endAfterDefect(log, flush))
  const exitCode = await run(options, log, hungUp)
  await flush(LOG_DEADLINE_MS)
  closeHungUp(terminals)
  return exitCode
}

/** Logs what nobody caught, and ends the process; its 'exit' handler resigns. */
function endAfterDefect(log: Logger, flush: Log['flush']): (defect: unknown) => void {
  const state = { isEnding: false }
  return (defect) => {
    // What failed may be the log.
    if (state.isEnding) process.exit(EXIT_INTERNAL)
    state.isEnding = true
    log.fatal({ err: defect }, 'internal error')
    void flush(LOG_DEADLINE_MS).then(() => process.exit(EXIT_INTERNAL))
  }
}

/** Node wants to put terminals right at its end, and aborts over one that hung up. */
function closeHungUp(terminals: readonly number[]): void {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd)
}

async function run({ file, configId, runtimeDir }: StartOptions, log: Logger, hungUp: () => boolean): Promise<number> {
  try {
    const daemon = await startDaemon({
      configFile: file ?? DEFAULT_CONFIG_FILE,
      logger: log,
      signals: true,
      ...(configId === undefined ? {} : { configId }),
      ...(runtimeDir === undefined ? {} : { runtimeDir }),
    })
    log.info('Startup complete')
    if (hungUp()) process.kill(process.pid, 'SIGHUP')
    await daemon.stopped
    log.info(STOPPED)
    return 0
  } catch (error) {
    return report(error, log)
  }
}

/** One sentence on the terminal and in the log, and the code that goes with it. */
function report(error: unknown, log: Logger): number {
  if (!(error instanceof KaError)) {
    log.fatal({ err: error }, 'internal error')
    return EXIT_INTERNAL
  }
  if (error.code === 'KA_ERR_STOPPED') {
    // By a signal, before it had started.
    log.info(STOPPED)
    return 0
  }
  log.fatal({ code: error.code }, error.message)
  return exitCodeOf(error)
}
