/** The life of the daemon as a program: from its start to the status that the process ends with. */
import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import type { Logger } from 'pino'
import type { DaemonOptions } from '../daemon/options.ts'
import { startDaemon } from '../daemon/daemon.ts'
import { KaError, exitCodeOf } from '../errors.ts'
import { announcement, farewell } from '../log/announcement.ts'
import { componentLog, identOf, identitySuffix } from '../log/components.ts'
import type { LogIdentity } from '../log/components.ts'
import { openLog } from '../log/log.ts'
import type { Log, LogOptions } from '../log/log.ts'
import { allowCoreDumps } from '../process/core-dump.ts'
import type { CoreDumps } from '../process/core-dump.ts'
import { enteredNamespace, enterNamespace, leaveNamespace } from '../process/network-namespace.ts'
import type { Entered } from '../process/network-namespace.ts'
import { forgetServiceEnvironment, readServiceEnvironment } from '../service/environment.ts'
import { openServiceManager } from '../service/open-service.ts'
import { version } from './version.ts'

/** Time that the reader of the log gets at the end. */
const LOG_DEADLINE_MS = 1_000
/** A signal that came too early comes again after this long. */
const SIGNAL_AGAIN_MS = 20

/** A defect of this program (sysexits.h EX_SOFTWARE). */
const EXIT_INTERNAL = 70
const DEFECT = 'internal error'

/** What a command makes of the daemon that it runs. */
export interface Service {
  /** Reads the files that options name, too. Throws a `KaError` where they make no sense. */
  readonly options: () => Omit<DaemonOptions, 'logger' | 'signals' | 'observer'>
  readonly log: LogOptions
  /** Whether SIGHUP came before the engine could take it: the file may have changed after it was read. */
  readonly hungUp: () => boolean
  /** What is logged at the start besides. */
  readonly remarks?: readonly string[]
  /** `-m`, `-M` */
  readonly coreDumps?: CoreDumps
  /** Descriptors that the program is to keep where it is executed again. */
  readonly keptDescriptors?: readonly number[]
  /** Called once the configuration is applied. */
  readonly onUp?: () => void
  /** Called with the status and the sentence of a failure. */
  readonly onFailure?: (exitCode: number, sentence: string) => void
}

/** Runs the daemon until a signal ends it; the exit code to end the process with. */
export async function runService(service: Service): Promise<number> {
  // A configuration of thousands of instances would grow the young generation of the heap for good,
  // by tens of megabytes, for the sake of one second's work.
  setFlagsFromString('--semi-space-growth-factor=1')
  const terminals = [0, 1, 2].filter(isatty)
  const log = await openLog(service.log)
  const ending: Ending = {}
  process.on('uncaughtException', endAfterDefect(componentLog(log.log, 'process'), log.flush, ending))
  const entered = enteredNamespace()
  const exitCode = await run(service, log, entered, ending)
  // Its pid files are gone by now.
  if (entered !== undefined) await leaveNamespace(entered.name, componentLog(log.log, 'process'))
  await log.flush(LOG_DEADLINE_MS)
  closeHungUp(terminals)
  return exitCode
}

/**
 * From now on there are pid files to remove. A signal that would end the process before the engine takes it comes again, until the engine
 * does.
 */
function postponeSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, sendAgain)
}

function sendAgain(signal: NodeJS.Signals): void {
  setTimeout(() => process.kill(process.pid, signal), SIGNAL_AGAIN_MS).unref()
}

/**
 * Until the process ends: when the engine has stopped, another signal would end it (USR1 would open Node's inspector) before the last
 * notifications, the shutdown script and the pid files are done with. JavaScript cannot catch real-time signals; the engine leaves them ignored.
 */
function ignoreSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {})
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, sendAgain)
}

/** Who is told that the process ends because of a defect, as soon as there is somebody. */
interface Ending {
  tell?: () => void
}

/** Logs what nobody caught, and ends the process; its 'exit' handler resigns. */
function endAfterDefect(log: Logger, flush: Log['flush'], ending: Ending): (defect: unknown) => void {
  const state = { isEnding: false }
  return (defect) => {
    // What failed may be the log.
    if (state.isEnding) process.exit(EXIT_INTERNAL)
    state.isEnding = true
    log.fatal({ err: defect }, DEFECT)
    ending.tell?.()
    void flush(LOG_DEADLINE_MS).then(() => process.exit(EXIT_INTERNAL))
  }
}

/** Node wants to put terminals right at its end, and aborts over one that hung up. */
function closeHungUp(terminals: readonly number[]): void {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd)
}

async function run(service: Service, { log, identify, flush }: Log, entered: Entered | undefined, ending: Ending): Promise<number> {
  const processLog = componentLog(log, 'process')
  // The program that is executed again in its namespace goes on with what this one began.
  const greeting = [...announcement(version(), ['ka-native', ...process.argv.slice(2)]), ...(service.remarks ?? [])]
  if (entered === undefined) for (const line of greeting) processLog.info(line)
  const { watchdogMs, ...environment } = readServiceEnvironment(process.env)
  const manager = await openServiceManager(environment, log)
  ending.tell = () => {
    manager?.failed(DEFECT, EXIT_INTERNAL)
  }
  const enter = async (name: string | undefined): Promise<void> => {
    if (name === undefined || entered !== undefined) return
    await flush(LOG_DEADLINE_MS)
    await enterNamespace(name, service.keptDescriptors)
  }
  try {
    const options = service.options()
    const { networkNamespace } = options
    const configured = ({ netNamespace, instance }: LogIdentity): void => {
      if (networkNamespace !== undefined && netNamespace !== undefined) {
        processLog.info(`network namespace ${networkNamespace} of the command line overrides ${netNamespace}`)
      }
      const identity = { netNamespace: networkNamespace ?? netNamespace, instance }
      if (identitySuffix(identity) !== '') processLog.info(`Changing syslog ident to ${identOf('process', identity)}`)
      identify(identity)
      forgetServiceEnvironment(process.env)
      postponeSignals()
    }
    await enter(networkNamespace)
    await allowCoreDumps(service.coreDumps ?? { isAllowed: false }, processLog)
    const observer = {
      ...manager?.observer,
      read: async ({ netNamespace }: LogIdentity): Promise<void> => {
        await enter(netNamespace)
      },
      configured,
      stopping: () => {
        ignoreSignals()
        manager?.observer.stopping?.()
      },
    }
    const inherited = entered?.processEventsFd === undefined ? {} : { processEventsFd: entered.processEventsFd }
    const daemon = await startDaemon({ ...options, ...inherited, logger: log, signals: true, observer })
    processLog.info('Startup complete')
    manager?.started(daemon, watchdogMs)
    service.onUp?.()
    if (service.hungUp()) process.kill(process.pid, 'SIGHUP')
    await daemon.stopped
    processLog.info(farewell(version()))
    return 0
  } catch (error) {
    const { exitCode, sentence } = report(error, processLog)
    manager?.failed(sentence, exitCode)
    service.onFailure?.(exitCode, sentence)
    return exitCode
  }
}

/** One sentence on the terminal and in the log, and the code that goes with it. */
function report(error: unknown, log: Logger): { readonly exitCode: number; readonly sentence: string } {
  if (!(error instanceof KaError)) {
    log.fatal({ err: error }, DEFECT)
    return { exitCode: EXIT_INTERNAL, sentence: DEFECT }
  }
  if (error.code === 'KA_ERR_STOPPED') {
    // By a signal, before it had started.
    const sentence = farewell(version())
    log.info(sentence)
    return { exitCode: 0, sentence }
  }
  log.fatal({ code: error.code }, error.message)
  return { exitCode: exitCodeOf(error), sentence: error.message }
}
