/** The signals that keepalived takes, by the names that `--signum` knows (process.md §3). */
import { constants } from 'node:os'
import { libc } from '../../engine/native.ts'

/** The last real-time signal (signal(7)). */
const SIGRTMAX = 64
/** The first one that the C library leaves to programs. */
const SIGRTMIN = { glibc: 34, musl: 35 } as const

/** The number of a signal, here and now; `undefined` for an unknown name. */
export function signalNumber(name: string): number | undefined {
  const { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 } = constants.signals
  switch (name) {
    case 'STOP':
      return SIGTERM
    case 'RELOAD':
      return SIGHUP
    case 'DATA':
      return SIGUSR1
    case 'STATS':
      return SIGUSR2
    case 'STATS_CLEAR':
      return SIGRTMAX - 1
    case 'JSON':
      return SIGRTMIN[libc()] + 2
    default:
      return undefined
  }
}
