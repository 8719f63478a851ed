/** Comparison of what is large: the assertion alone takes a hundred times as long. */
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'

/** Asserts that two values are deeply equal; the difference is shown where they are not. */
export function same(t: ExecutionContext, actual: unknown, expected: unknown, message?: string): void {
  if (isDeepStrictEqual(actual, expected)) t.pass()
  else t.deepEqual(actual, expected, message)
}
