/** A value as its form writes it. */
import type { Form } from '../../../src/config/tables/form.ts'
import { readValue } from '../values.ts'

/** What is read from the words that a form writes for a value; of a value that has none, the words. */
export function readAgain(form: Form, keyword: string, value: unknown): unknown {
  const input: unknown = JSON.parse(JSON.stringify(form.toInput(value)))
  const words = form.toWords(input)
  return words === undefined ? undefined : readValue(form, keyword, words).value
}
