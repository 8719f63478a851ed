/** Forms of weights and the direction that they count in: one line, two fields. */
import { INT32_MAX, integer } from './numbers.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Line } from '../blocks/line.ts'
import type { Form, FormTypes } from '../tables/form.ts'
import type { Derived, ReadContext } from '../tables/schema.ts'

interface Weight {
  readonly weight: number
  readonly reverse: boolean
}

/** The field of the second word. */
export const REVERSE: Derived = {
  field: 'reverse',
  model: 'boolean',
  meaning: 'Success and failure change places: `weight NUMBER reverse`.',
}

/** The number alone, or both words as text. */
function typesOf(number: Form<number>, description: string): FormTypes {
  return { model: 'number', input: 'number | string', schema: { anyOf: [number.types.schema, { type: 'string', description }] } }
}

function toWords(input: unknown): readonly string[] | undefined {
  if (typeof input === 'number') return [String(input)]
  return typeof input === 'string' ? input.split(/\s+/).filter((text) => text !== '') : undefined
}

/** A number up to a limit of either sign. @param isLenient a missing one is a plain error */
export function weightAndDirection(max: 253 | 254, isLenient = false): Form<Weight> {
  const number = integer(-max, max, { isLenient })
  return {
    types: typesOf(number, 'NUMBER reverse'),
    read(line, context, name) {
      const weight = number.read(line, context, name)
      if (weight === undefined) return undefined
      const { diagnostics } = context
      const direction = line.next()
      if (direction !== undefined && direction !== 'reverse') {
        const message = `unknown option ${shown(direction)} of '${name}'; it is ignored`
        diagnostics.error('invalid-option', line.wordSpan, message, 'the only option is `reverse`')
      }
      if (line.left > 0) diagnostics.info('no-effect', line.nextSpan, `${shown(line.peek() ?? '')} after the weight has no effect`)
      return { weight, reverse: direction === 'reverse' }
    },
    toInput: ({ weight, reverse }) => (reverse ? `${weight} reverse` : weight),
    toWords,
  }
}

/** The last line counts. */
export function storeWeight(draft: object, value: unknown): void {
  Object.assign(draft, value)
}

/** A weight other than the default is not changed any more. */
export function storeWeightOnce(standard: number): (draft: object, value: unknown, line: Line, context: ReadContext) => void {
  return (draft, value, line, { diagnostics }) => {
    const { weight = standard } = draft as Partial<Weight>
    if (weight === standard) Object.assign(draft, value)
    else diagnostics.error('duplicate-setting', line.span, `'${line.keyword}' is ${weight} already; this line is ignored`)
  }
}

/** Both fields as one value. */
export function recallWeight(values: object): Weight | undefined {
  const { weight, reverse = false } = values as Partial<Weight>
  return weight === undefined ? undefined : { weight, reverse }
}

/** What the line of a FILE_CHECK says. */
export interface CheckWeight {
  readonly weight: number
  /** Absent: as the file says. */
  readonly reverse?: boolean
}

/** The field of the second word of a FILE_CHECK. */
export const CHECK_REVERSE: Derived = {
  field: 'reverse',
  model: 'boolean',
  meaning: 'The product of number and weight counts with the other sign: `weight NUMBER reverse`.',
}

const NUMBER = integer(-INT32_MAX, INT32_MAX, { isLenient: true })

/** `NUMBER [reverse|noreverse]`, of a FILE_CHECK. */
export function checkWeight(): Form<CheckWeight> {
  return {
    types: typesOf(NUMBER, 'NUMBER reverse, or NUMBER noreverse'),
    read(line, context, name) {
      const weight = NUMBER.read(line, context, name)
      if (weight === undefined) return undefined
      const direction = line.next()
      if (direction === undefined) return { weight }
      if (direction === 'reverse' || direction === 'noreverse') return { weight, reverse: direction === 'reverse' }
      const message = `unknown option ${shown(direction)} of the weight; it is ignored`
      context.diagnostics.error('invalid-option', line.wordSpan, message, 'possible are `reverse` and `noreverse`')
      return { weight }
    },
    toInput: ({ weight, reverse }) => (reverse === undefined ? weight : `${weight} ${reverse ? 'reverse' : 'noreverse'}`),
    toWords,
  }
}

/** Both fields of a FILE_CHECK as one value. */
export function recallCheckWeight(values: object): CheckWeight | undefined {
  const { weight, reverse } = values as Partial<CheckWeight>
  if (weight === undefined) return undefined
  return reverse === undefined ? { weight } : { weight, reverse }
}
