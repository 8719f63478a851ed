/** What is said about a word that no table holds where it stands. */
import { shown } from '../diagnostics/printable.ts'
import type { Line } from './line.ts'
import type { ReadContext } from '../tables/schema.ts'
import { nearest } from '../diagnostics/spelling.ts'
import { otherName } from '../tables/other-names.ts'
import { blocksWith, keywordsOf } from '../tables/suggest.ts'
import { respell } from '../diagnostics/fix.ts'

/** Reports a keyword that a block does not have: where it belongs, or what was meant. */
export function reportUnknown(path: string, line: Line, { diagnostics }: ReadContext): void {
  const { keyword, span } = line
  const place = placeOf(path)
  // Beyond what is kept, only the count matters; comparing spellings is the expensive part.
  const elsewhere = diagnostics.isFull('error') ? [] : blocksWith(keyword)
  const [home] = elsewhere
  if (home !== undefined) {
    const homes = [...new Set(elsewhere.map(placeOf))]
    const list = homes.length > 3 ? `${homes.slice(0, 3).join(', ')} and others` : homes.join(' or ')
    diagnostics.error('misplaced-keyword', span, `'${keyword}' has no meaning ${place}`, `\`${keyword}\` belongs ${list}`)
    return
  }
  const message = `unknown keyword ${shown(keyword)} ${place}`
  const known = otherName(keyword)
  if (known !== undefined) {
    const fix = known.keyword === undefined ? undefined : respell(span, known.keyword)
    diagnostics.error('unknown-keyword', span, message, known.help, fix)
    return
  }
  const meant = diagnostics.isFull('error') ? undefined : nearest(keyword, keywordsOf(path))
  const help = meant === undefined ? undefined : `did you mean \`${meant}\`?`
  diagnostics.error('unknown-keyword', span, message, help)
}

function placeOf(path: string): string {
  return path === '/' ? 'at the top level' : `in ${path.split('/').at(-1) ?? path}`
}
