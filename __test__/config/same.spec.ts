import * as fc from 'fast-check'
import test from 'ava'
import { isSame } from '../../src/config/same.ts'

/** What JSON says of two values, which have the same order of names. */
function reads(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(undefined, null, 0, 1, '', 'a', true),
    fc.array(
      fc.oneof(
        fc.constantFrom(0, 'a'),
        tie('value').filter((value) => value !== undefined),
      ),
      { maxLength: 3 },
    ),
    fc.record({ a: tie('value'), b: tie('value'), c: tie('value') }, { requiredKeys: [] }),
  ),
})).value

test('parts of a model are the same when they say the same', (t) => {
  fc.assert(
    fc.property(values, values, (one, other) => {
      t.is(isSame(one, other), reads(one) === reads(other))
      t.is(isSame(other, one), reads(one) === reads(other))
      t.true(isSame(one, structuredClone(one)))
    }),
    { numRuns: 20_000 },
  )
})

test('what is absent is as good as undefined', (t) => {
  t.true(isSame({ a: 1 }, { a: 1, b: undefined }))
  t.true(isSame({ a: 1, b: undefined }, { a: 1 }))
  t.false(isSame({ a: undefined }, { b: 1 }))
  t.false(isSame({ a: 1 }, { a: 1, b: 2 }))
  t.false(isSame([1], [1, 2]))
  t.false(isSame([], {}))
})
