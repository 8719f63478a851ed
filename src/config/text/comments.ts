/** Comments in front of blocks, for what is made of a configuration. */
import { printable } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { decodeText } from './source.ts'

/** Octets of a comment line that are kept. */
const MAX_OCTETS = 1023

/** The comment lines right above the line of a block, without their marks; none when there are none. */
export function commentsAbove({ at }: { readonly at: number }, { tokens }: Pick<ReadContext, 'tokens'>): readonly string[] {
  const { source, offset } = tokens.span(at)
  const found: string[] = []
  for (let number = source.position(offset).line - 1; number > 0; number--) {
    const [, text] = /^[ \t]*[#!][#! \t]*(.*)$/.exec(decodeText(source.line(number, MAX_OCTETS))) ?? []
    if (text === undefined) break
    found.push(printable(text.trimEnd()))
  }
  // Lines of marks alone are drawn around a comment, and say nothing.
  const lines = found.toReversed()
  const said = (line: string): boolean => line !== ''
  return lines.slice(Math.max(0, lines.findIndex(said)), lines.findLastIndex(said) + 1)
}
