/** Blocks whose lines are keywords of a table, and what happens to a word that the table does not hold. */
import { CONSEQUENCES, REFUSED } from './keywords/not-yet.ts'
import { UNREAD } from './schema.ts'
import type { KeywordTable, LineResult, OpenBlock, ReadContext } from './schema.ts'
import { blocksWith, keywordsOf, nearest } from './suggest.ts'
import { shown } from './excerpt.ts'
import type { Directive } from './words.ts'

/** A block read by a table into a target. */
export class KeywordBlock<T> implements OpenBlock {
  readonly #path: string
  readonly #table: KeywordTable<T>
  readonly #target: T

  /** @param path the block's path in known.ts, such as `vrrp_instance/authentication` */
  constructor(path: string, table: KeywordTable<T>, target: T) {
    this.#path = path
    this.#table = table
    this.#target = target
  }

  line(directive: Directive, context: ReadContext): LineResult {
    const keyword = this.#table.get(directive.keyword)
    if (keyword === undefined) return unhandled(this.#path, directive, context)
    if (keyword.kind === 'block') return keyword.open(directive, this.#target, context) ?? 'skip'
    keyword.decode(directive, this.#target, context)
    return 'setting'
  }
}

/** A block whose lines follow a grammar instead of keywords. */
export function lineBlock(read: (directive: Directive, context: ReadContext) => void): OpenBlock {
  return {
    line(directive, context) {
      read(directive, context)
      return 'setting'
    },
  }
}

/** Reports words between a keyword and its `{`, where none belong. */
export function expectNoWords(directive: Directive, { diagnostics }: ReadContext): void {
  const [word] = directive.args
  if (word !== undefined)
    diagnostics.error('unexpected-word', word.span, `'${directive.keyword}' takes no name: ${shown(word.text)} is ignored`)
}

function unhandled(path: string, directive: Directive, context: ReadContext): LineResult {
  const known = keywordsOf(path).get(directive.keyword)
  if (known === undefined) {
    reportUnknown(path, directive, context)
    return 'skip'
  }
  reportNotYet(path, directive, context)
  const [syntax] = known
  if (!syntax.includes('{')) return 'setting'
  return directive.opensBlock ? 'skip' : UNREAD
}

/** Reports a keyword that is known and not acted on, with what that means where it matters. */
export function reportNotYet(path: string, directive: Directive, { diagnostics }: ReadContext): void {
  const { keyword, span } = directive
  const [, meaning = ''] = keywordsOf(path).get(keyword) ?? []
  const consequence = CONSEQUENCES[path]?.get(keyword)
  const message = `'${keyword}' is known, but not supported yet`
  const help = `${keyword}: ${meaning}`
  if (consequence === undefined) diagnostics.info('not-supported-yet', span, message, help)
  else if (consequence.effect === 'warn') diagnostics.warning('not-supported-matters', span, `${message}: ${consequence.without}`, help)
  else diagnostics.warning('cannot-run-without', span, `${message}: ${consequence.without}; ${REFUSED}`, help)
}

function reportUnknown(path: string, directive: Directive, { diagnostics }: ReadContext): void {
  const { keyword, span } = directive
  const place = path === '/' ? 'at the top level' : `in ${path.split('/').at(-1)}`
  // Beyond what is kept, only the count matters; comparing spellings is the expensive part.
  const elsewhere = diagnostics.isFull('error') ? [] : blocksWith(keyword)
  const [home] = elsewhere
  if (home !== undefined) {
    const homes = [...new Set(elsewhere.map(nameOf))]
    const list = homes.length > 3 ? `${homes.slice(0, 3).join(', ')} and others` : homes.join(' or ')
    diagnostics.error('misplaced-keyword', span, `'${keyword}' has no meaning ${place}`, `\`${keyword}\` belongs in ${list}`)
    return
  }
  const meant = diagnostics.isFull('error') ? undefined : nearest(keyword, keywordsOf(path).keys())
  const help = meant === undefined ? undefined : `did you mean \`${meant}\`?`
  diagnostics.error('unknown-keyword', span, `unknown keyword ${shown(keyword)} ${place}`, help)
}

function nameOf(path: string): string {
  return path === '/' ? 'the top level' : (path.split('/').at(-1) ?? path)
}
