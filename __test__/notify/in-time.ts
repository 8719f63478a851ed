import type { Child } from '../lab/child.ts'

/** A daemon that is never in time is wrong. */
const MOST_LIVES = 4

/** What the log says of scripts of STOP that could not even begin in time. */
export const UNTOLD: RegExp = /changes went untold because of the stop|: the daemon stops/

/** The same, and of one that could not end in time, by the name of its file. */
export function lateScript(name: string): RegExp {
  return new RegExp(`"state":"STOP","script":"[^"]*/${name}","outcome":"aborted"|${UNTOLD.source}`)
}

/** Whether the log of a daemon that has ended says nothing of this. */
export function saysNothingOf(pattern: RegExp, { output }: Child): boolean {
  return !output.some(({ text }) => pattern.test(text))
}

/**
 * Lets a daemon live until what it tells at its stop is told in time.
 *
 * A stop waits a second for that, in which a busy machine may not let a script or a receiver do its part. Then the daemon says so, and
 * lives once more.
 *
 * @param live the life of a daemon to its end; whether all was in time
 * @throws Error where none of four lives was
 */
export async function liveInTime(live: () => Promise<boolean>): Promise<void> {
  for (let lives = 1; lives <= MOST_LIVES; lives += 1) if (await live()) return
  throw new Error(`in ${MOST_LIVES} lives not one stop told all in time`)
}
