import type { ExecutionContext } from 'ava'

type Body = (t: ExecutionContext) => Promise<void>

/** Tests of one file that have a lab at once. Each asks its kernel ten times a second: with dozens nobody on the machine is in time. */
const AT_ONCE = 8

let free = AT_ONCE
const waiting: (() => void)[] = []

/** Wraps a test of which a file has many: it begins once few enough of the others are under way. */
export function fewAtOnce(body: Body): Body {
  return async (t) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      await body(t)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
