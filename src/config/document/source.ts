/** The lines of a document as words, ready to be read like those of a file. */
import type { DocumentLine } from './lines.ts'
import { lexLine } from '../text/lexer.ts'
import { Tokens } from '../text/tokens.ts'
import { PropertyPath } from './property-path.ts'
import { encodeText, Source } from '../text/source.ts'
import type { Span } from '../text/source.ts'
import { Trail } from '../text/trail.ts'

/** Where properties stand in the file of a document. */
export interface PropertyPlaces {
  /** Where the name of a property or its value stands; `undefined` where nobody knows. */
  find(property: PropertyPath, part: 'name' | 'value'): Span | undefined
}

/** Finds places, given the properties that hold secrets, which no excerpt may show. */
export type PlaceFinder = (secrets: readonly PropertyPath[]) => PropertyPlaces

/** No places: the document was made by a program. */
export const NO_PLACES: PropertyPlaces = { find: () => undefined }

/**
 * The words of lines. In data, nothing is a definition, a condition or an include, and no line is too long.
 *
 * @param file for messages
 */
export function documentTokens(lines: readonly DocumentLine[], file: string, places: PropertyPlaces): Tokens {
  const text = encodeText(lines.map((line) => line.text).join('\n'))
  const source = Source.made(file, text, ({ line, column }) => {
    const property = lines[line - 1]?.property ?? PropertyPath.ROOT
    return { property: String(property), span: places.find(property, column === 1 ? 'name' : 'value') }
  })
  const tokens = new Tokens()
  const trail = new Trail(tokens)
  tokens.use(source)
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const before = tokens.count
    lexLine(tokens, source, start, end)
    trail.follow(before)
    start = end + 1
  }
  return tokens
}

/** A place for a message about a property that has no line. */
export function propertySpan(file: string, property: PropertyPath, places: PropertyPlaces, part: 'name' | 'value' = 'value'): Span {
  const source = Source.made(file, '', () => ({ property: String(property), span: places.find(property, part) }))
  return { source, offset: 0, length: 0 }
}
