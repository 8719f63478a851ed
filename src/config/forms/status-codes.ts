/** Form of `status_code`: which HTTP statuses are good. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'
import type { StatusRange } from '../tables/values.ts'
import { parseInteger } from './numbers.ts'

const MIN_STATUS = 100
const MAX_STATUS = 599

/** `CODE[-CODE]...`: a bad word is passed over. */
export function statusCodes(): Form<readonly StatusRange[]> {
  const code = { type: 'integer', minimum: MIN_STATUS, maximum: MAX_STATUS }
  const range = { type: 'string', pattern: '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$' }
  return {
    types: {
      model: 'readonly StatusRange[]',
      input: 'readonly (number | string)[]',
      schema: { type: 'array', items: { anyOf: [code, range] } },
    },
    isBare: true,
    read(line, { diagnostics }, name) {
      const ranges: StatusRange[] = []
      for (let text = line.next(); text !== undefined; text = line.next()) {
        const read = parseRange(text)
        if (read !== undefined) ranges.push(read)
        else {
          const help = `expected a number from ${MIN_STATUS} to ${MAX_STATUS}, or two with a dash between them`
          diagnostics.error('invalid-word', line.wordSpan, `${shown(text)} of '${name}' is no HTTP status; it is ignored`, help)
        }
      }
      return ranges.length === 0 ? undefined : ranges
    },
    toInput: (ranges) => ranges.map(({ from, to }) => (from === to ? from : `${from}-${to}`)),
    toWords(input) {
      if (!Array.isArray(input) || !input.every((one) => typeof one === 'number' || typeof one === 'string')) return undefined
      return input.map(String)
    },
  }
}

function parseRange(text: string): StatusRange | undefined {
  const dash = text.indexOf('-')
  const from = parseStatus(dash === -1 ? text : text.slice(0, dash))
  const to = dash === -1 ? from : parseStatus(text.slice(dash + 1))
  return from === undefined || to === undefined || from > to ? undefined : { from, to }
}

function parseStatus(text: string): number | undefined {
  const status = parseInteger(text)
  return status !== undefined && status >= MIN_STATUS && status <= MAX_STATUS ? status : undefined
}
