/** The same random configurations in every run; `npm run fuzz` goes on with others. */
import test from 'ava'
import { Random, randomText, readEverything, seeds } from './fuzz.ts'

/** Some ten seconds. */
const TEXTS = 10_000

test('no text makes it throw', (t) => {
  const texts = seeds()
  for (let seed = 1; seed <= TEXTS; seed++) {
    const text = randomText(new Random(seed), texts)
    t.notThrows(() => readEverything(text), `seed ${seed}: ${JSON.stringify(text)}`)
  }
})
