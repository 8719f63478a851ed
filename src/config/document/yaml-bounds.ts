/** What the YAML library does itself, but in time that grows with the square of a file, or only as far as the stack reaches. */
import { isScalar, Lexer, visit } from 'yaml'
import type { Document, Node } from 'yaml'

/** Something wrong, and from where to where in the text. */
export interface YamlProblem {
  /** As the library names it. */
  readonly code: string
  readonly message: string
  readonly pos: readonly [start: number, end: number]
}

/**
 * Whether a text nests deeper than a limit. Looks no further than to where it does.
 *
 * Each column that a line starts something at counts, and each open bracket. That is never less than half of the
 * collections that are open, as a list may start in the column of its name.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  const columns: number[] = []
  let brackets = 0
  let column = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1)
    else if (brackets === 0 && token.trim() !== '') enter(columns, column)
    if (columns.length + brackets > limit) return true
    const newline = token.lastIndexOf('\n')
    column = newline === -1 ? column + token.length : token.length - newline - 1
  }
  return false
}

function enter(columns: number[], column: number): void {
  while ((columns.at(-1) ?? -1) > column) columns.pop()
  if (columns.at(-1) !== column) columns.push(column)
}

/** The names that an object of a file has already. */
export function repeatedNames(document: Document.Parsed): readonly YamlProblem[] {
  const problems: YamlProblem[] = []
  visit(document, {
    Map(_, map) {
      const known = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const [start, end] = (key as Node).range ?? [0, 1]
        if (known.has(key.value)) problems.push({ code: 'DUPLICATE_KEY', message: 'Map keys must be unique', pos: [start, end] })
        known.add(key.value)
      }
    },
  })
  // Each object comes whole, those inside of it later.
  return problems.sort((one, other) => one.pos[0] - other.pos[0])
}

/** Whether there are more aliases in a file than a limit. */
export function hasMoreAliases(document: Document.Parsed, limit: number): boolean {
  let count = 0
  visit(document, { Alias: () => (++count > limit ? visit.BREAK : undefined) })
  return count > limit
}
