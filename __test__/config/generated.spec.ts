/** The committed files that follow from the tables. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { generate } from '../../scripts/generate-config.ts'

for (const [path, text] of await generate()) {
  test(`${path} is what scripts/generate-config.ts makes of the tables`, (t) => {
    t.true(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8') === text, 'run it, and commit what it writes')
  })
}
