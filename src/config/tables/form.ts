/** The forms of values: how words become a value, and a value words. */
import type { Line } from '../blocks/line.ts'
import type { LineGrammar, ReadContext } from './schema.ts'

/** JSON Schema of a value. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** How a value is typed. */
export interface FormTypes {
  /** TypeScript type in `Config`. */
  readonly model: string
  /** TypeScript type in a configuration in TypeScript, JSON or YAML. */
  readonly input: string
  readonly schema: JsonSchema
  /** What the name of the field in `Config` ends with, for values that are not as written. */
  readonly unit?: 'Us' | 'S'
  /** The value is an object of its own type, which this describes. */
  readonly grammar?: Pick<LineGrammar, 'type' | 'head' | 'options' | 'derived'>
}

/** How plain text is typed. */
export const TEXT_TYPES: FormTypes = { model: 'string', input: 'string', schema: { type: 'string' } }

/**
 * The form of a value: how its words are read, and how it is written.
 *
 * A *model* value is what `Config` holds (durations in whole microseconds); an *input* value is plain data as a
 * configuration in TypeScript, JSON or YAML has it (seconds).
 */
export interface Form<V = unknown> {
  readonly types: FormTypes
  /** It may stand without any word. */
  readonly isBare?: boolean
  /** What the keyword alone says, for flags. */
  readonly flag?: boolean
  /**
   * Takes the words of a value off a line.
   *
   * @param name the keyword or option word, for messages
   * @returns the model value; `undefined` when it was rejected: then diagnostics hold why
   */
  read(line: Line, context: ReadContext, name: string): V | undefined
  toInput(value: V): unknown
  /** The words for an input value; `undefined` when it is of another type. */
  toWords(input: unknown): readonly string[] | undefined
}

/** Whether the values of a form are secret: no message and no printed configuration shows them unasked. */
export function isSecretForm({ types }: Form): boolean {
  return types.model === 'Secret' || types.model === 'HmacKey'
}

/** Whether the values of a form are commands, whose files are looked up. */
export function isCommandForm({ types }: Form): boolean {
  return types.model.startsWith('ScriptCommand')
}
