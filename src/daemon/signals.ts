import type { Logger } from 'pino'
import type { Dumper, DumpRequest } from '../dump/dumper.ts'
import type { Reloading } from '../reload/reloading.ts'

const SIGHUP = 1
const SIGINT = 2
const SIGTERM = 15

/**
 * What signals ask to be written, as of keepalived.
 *
 * The numbers of real-time signals are those of the C library: SIGRTMIN is 34 in glibc and 35 in musl. The engine catches SIGRTMIN+2
 * under one of them, and the other one never comes.
 */
const DUMPS: ReadonlyMap<number, DumpRequest> = new Map([
  [10, 'data'], // SIGUSR1
  [12, 'stats'], // SIGUSR2
  [63, 'stats-and-zero'], // SIGRTMAX-1
  [36, 'json'], // SIGRTMIN+2, glibc
  [37, 'json'], // SIGRTMIN+2, musl
])

/** What a signal asks to be written; `undefined` where it asks for something else. */
function dumpRequestOf(signal: number): DumpRequest | undefined {
  return DUMPS.get(signal)
}

/** Who does what signals ask for. */
export interface Obedience {
  readonly stop: () => void
  readonly reloading: Pick<Reloading, 'request'>
  readonly dumper: Pick<Dumper, 'request'>
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** Begins what a signal asks for. */
export function obey(signal: number, { stop, reloading, dumper, log }: Obedience): void {
  const request = dumpRequestOf(signal)
  if (signal === SIGTERM || signal === SIGINT) {
    log.info('Stopping')
    stop()
  } else if (signal === SIGHUP) reloading.request()
  else if (request !== undefined) dumper.request(request)
  else log.warn({ signal }, 'no threads are dumped: this signal has no effect')
}
