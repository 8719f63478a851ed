/** Parts of keepalived's sentences that several kinds of checkers share (lvs.md §7). */

/** The end of the line about the failure that takes a server out. The retries are those made: none before the first verdict. */
export function failedAfter(retries: number): string {
  return retries === 0 ? 'failed.' : `failed after ${retries} retries.`
}

/** The text that PING_CHECK and UDP_CHECK send where nothing else is said. */
export const PROBE_TEXT = 'keepalived check - '
