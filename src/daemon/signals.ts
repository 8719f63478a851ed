import type { DumpRequest } from '../dump/dumper.ts'

export const SIGHUP = 1
export const SIGINT = 2
export const SIGTERM = 15

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
export function dumpRequestOf(signal: number): DumpRequest | undefined {
  return DUMPS.get(signal)
}
