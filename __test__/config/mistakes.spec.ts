/** The typical mistakes of new users: each message says where and what, and the corrected file has none of it. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { diagnosticsPage, mistakes } from '../../scripts/diagnostics-page.ts'

for (const { name, wrong, corrected } of mistakes()) {
  test(`${name}: is reported at its place, with help`, (t) => {
    const found = [...wrong.diagnostics].filter(({ severity }) => severity !== 'info')
    t.true(found.length > 0)
    t.true(found.every(({ line }) => line !== undefined))
    t.true(
      found.some(({ help }) => help !== undefined),
      found.map(({ message }) => message).join('\n'),
    )
  })

  test(`${name}: the corrected file has no such diagnostic`, (t) => {
    const codes = new Set([...corrected.diagnostics].filter(({ severity }) => severity === 'error').map(({ code }) => code))
    t.deepEqual([...codes], [])
  })
}

test('docs/diagnostics.md shows what is said today', (t) => {
  t.is(readFileSync(new URL('../../docs/diagnostics.md', import.meta.url), 'utf8'), diagnosticsPage())
})
