/** A document as the text of a file. */
import { Document, isNode, visit } from 'yaml'
import { MAX_LINE_OCTETS } from '../text/bounds.ts'
import { documentLines, linesText } from './lines.ts'
import { ROOT } from '../keywords/root.ts'
import type { PlainObject } from './plain-data.ts'
import { typescriptText } from './typescript-text.ts'
import type { Comments } from './typescript-text.ts'

/** What a configuration can be printed as. */
export const TEXT_FORMATS = ['conf', 'json', 'yaml', 'ts'] as const
/** One of {@link TEXT_FORMATS}. */
export type TextFormat = (typeof TEXT_FORMATS)[number]

/** A reference to a name that is replaced wherever it stands, also in quotes (language.md §5). */
const PREDEFINED = /\$\{?_(?:PWD|INSTANCE|RANDOM|ENV|HASH|BANG)/

/** The text of a document; JSON takes no comments. */
export function documentText(document: PlainObject, format: TextFormat, comments: Comments = new Map()): string {
  switch (format) {
    case 'conf':
      return linesText(documentLines(ROOT, document).lines)
    case 'json':
      return `${JSON.stringify(document, undefined, 2)}\n`
    case 'yaml':
      return yamlText(document, comments)
    case 'ts':
      return typescriptText(document, comments)
  }
}

/** Lines of a keepalived.conf that mean something else when they are read: a sentence about each. */
export function misreadLines(text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const place = `line ${index + 1} of what is printed`
    const octets = Buffer.byteLength(line)
    if (octets > MAX_LINE_OCTETS) return [`${place} is ignored when it is read: it is longer than the ${MAX_LINE_OCTETS} octets of a line`]
    return PREDEFINED.test(line) ? [`${place} is changed when it is read: it refers to a name that is predefined`] : []
  })
}

function yamlText(document: PlainObject, comments: Comments): string {
  const tree = new Document(document, { aliasDuplicateObjects: false, compat: 'yaml-1.1' })
  const commented = new Map(
    [...comments].map(([object, lines]) => [object, lines.map((line) => (line === '' ? '' : ` ${line}`)).join('\n')]),
  )
  if (comments.size > 0) addComments(tree, document, commented)
  return tree.toString({ lineWidth: 0 })
}

/** Nodes are made in the order of the values: both are walked side by side. */
function addComments(tree: Document, document: PlainObject, comments: ReadonlyMap<unknown, string>): void {
  const values: unknown[] = []
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    values.push(value)
    for (const inner of Object.values(value)) collect(inner)
  }
  collect(document)
  let at = 0
  visit(tree, {
    Collection(key, node, path) {
      const comment = comments.get(values[at++])
      const parent = path.at(-1)
      const target = key === 'value' && typeof parent === 'object' && 'key' in parent ? parent.key : node
      if (comment !== undefined && isNode(target)) target.commentBefore = comment
    },
  })
}
