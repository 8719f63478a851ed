import { setImmediate } from 'node:timers/promises'

/** After this long the event loop gets a turn. */
const TURN_MS = 2

/** The pieces of a text, with pauses in which the event loop does what else there is. */
export async function* paced(pieces: Iterable<string>): AsyncGenerator<string, void, void> {
  let since = performance.now()
  for (const piece of pieces) {
    yield piece
    if (performance.now() - since < TURN_MS) continue
    await setImmediate()
    since = performance.now()
  }
}

/** The pieces as one text. */
export async function joined(pieces: Iterable<string>): Promise<string> {
  const texts: string[] = []
  for await (const piece of paced(pieces)) texts.push(piece)
  return texts.join('')
}
