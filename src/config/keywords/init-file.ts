/** `init_file [VALUE] [overwrite]`. */
import { INT32_MAX, integer, parseInteger } from '../forms/numbers.ts'
import { flag } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { Described } from '../tables/schema.ts'

/** What weights can be is what makes sense in a file. */
const SENSIBLE = 254
const NUMBER = integer(-INT32_MAX - 1, INT32_MAX)

/** Replaces what a file holds. */
export const OVERWRITE: Described = {
  keyword: 'overwrite',
  syntax: 'overwrite',
  default: 'off',
  range: 'option word',
  meaning: 'Also overwrites an existing regular file.',
}

export function initFile(): Form<object> {
  return grammarForm({
    path: 'init_file',
    type: 'InitFile',
    line: { keyword: '', syntax: '[VALUE] [overwrite]', default: 'VALUE 0', range: '-', meaning: 'What a file holds at start.' },
    head: [
      {
        field: 'value',
        model: 'number',
        input: 'number',
        schema: NUMBER.types.schema,
        meaning: 'The number: 0 unless given.',
        isOptional: true,
        isFilled: true,
      },
    ],
    options: [{ ...OVERWRITE, form: flag() }],
    what: 'the start value',
    onUnknown: 'skip',
    onMissing: 'drop',
    onBadValue: 'ignore',
    readHead(_, item) {
      item['value'] = 0
      return true
    },
    readOther(text, line, item, { diagnostics }) {
      const value = text === '' ? undefined : parseInteger(text)
      if (value === undefined) return undefined
      if (value < -INT32_MAX - 1 || value > INT32_MAX) {
        diagnostics.error('value-out-of-range', line.wordSpan, `${shown(text)} is no value of a file; it is ignored`)
        return 'read'
      }
      if (Math.abs(value) > SENSIBLE) {
        const message = `${value} is more than any weight: only values from -${SENSIBLE} to ${SENSIBLE} make a difference`
        diagnostics.error('value-out-of-range', line.wordSpan, message)
      }
      item['value'] = value
      return 'read'
    },
    headInput: ({ value }) => (value === 0 ? {} : { value }),
    headWords({ value }) {
      if (value === undefined) return []
      return typeof value === 'number' ? [String(value)] : undefined
    },
  })
}
