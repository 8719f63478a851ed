import { startDaemon } from '../../__test__/lab/daemon.ts'
import type { Daemon } from '../../__test__/lab/daemon.ts'
import { peerConf } from './configuration.ts'
import type { SoakedDaemon } from './daemon.ts'

/** How much more often than usual everything happens. */
const RATE = 100

const S = 1_000
const MINUTE = 60 * S

/** Something that happens again and again. */
export interface SoakEvent {
  readonly name: string
  /** Time from one to the next. */
  readonly everyMs: number
  /** Makes it happen; `turn` counts from 0. */
  readonly happen: (turn: number) => Promise<void>
}

/**
 * All that happens to the daemon. The times are those of a busy site, divided by {@link RATE}; periodic scripts are in the configuration: about 25
 * runs a second, where one each four seconds is usual.
 */
export function eventsOf(daemon: SoakedDaemon): readonly SoakEvent[] {
  const { lab } = daemon
  const peer: { running: Daemon | undefined } = { running: undefined }
  const event = (name: string, usualMs: number, happen: SoakEvent['happen']): SoakEvent => ({ name, everyMs: usualMs / RATE, happen })
  return [
    event('peer comes or goes', 10 * MINUTE, async () => {
      const { running } = peer
      peer.running = running === undefined ? await startDaemon(lab, 'b', 'keepalived', peerConf()) : undefined
      await running?.terminate()
    }),
    event('cable out or in', 15 * MINUTE, async (turn) => {
      await (turn % 2 === 0 ? lab.unplug('a') : lab.plug('a'))
    }),
    event('weight comes or goes', 5 * MINUTE, async (turn) => {
      await daemon.flag('flag-weight', turn % 2 === 0)
    }),
    event('fault of a script comes or goes', 8 * MINUTE, async (turn) => {
      await daemon.flag('flag-fault', turn % 2 === 0)
    }),
    event('script vanishes or is back', 20 * MINUTE, async (turn) => {
      await daemon.takeAway(turn % 2 === 0)
    }),
    event('reload', 10 * MINUTE, async (turn) => {
      // Every second one changes something.
      if (turn % 2 === 1) await daemon.configure(turn % 4 === 1 ? 1 : 0)
      await daemon.signal(SIGHUP)
    }),
    event('dump', 2 * MINUTE, async (turn) => {
      await daemon.signal(DUMPS[turn % DUMPS.length] ?? SIGUSR1)
    }),
    event('rotation of the log', 60 * MINUTE, async () => {
      await daemon.rotateLog()
    }),
  ]
}

const SIGHUP = 1
const SIGUSR1 = 10
/** State; statistics; JSON (SIGRTMIN+2 of glibc). */
const DUMPS: readonly number[] = [SIGUSR1, 12, 36]
