/**
 * Where a line of a block stands, found when a message needs it.
 *
 * Drafts keep one token each instead of a place for every value: most values are right.
 */
import { TokenKind } from '../text/lexer.ts'
import type { Tokens } from '../text/lexer.ts'
import type { Draft, ReadContext } from '../tables/schema.ts'
import { decodeText } from '../text/source.ts'
import type { Span } from '../text/source.ts'

/** Where the block's own line stands: its name, or its keyword when it has none. */
export function blockSpan(draft: Pick<Draft, 'at'>, { tokens }: Pick<ReadContext, 'tokens'>): Span {
  return tokens.span(tokens.kind(draft.at + 1) < TokenKind.Open ? draft.at + 1 : draft.at)
}

/** Where the last line of a block that starts with one of these keywords stands; the block's own line when there is none. */
export function settingSpan(draft: Pick<Draft, 'at'>, keywords: string | readonly string[], { tokens }: Pick<ReadContext, 'tokens'>): Span {
  const at = findLines(tokens, draft.at, typeof keywords === 'string' ? [keywords] : keywords).at(-1)
  return at === undefined ? blockSpan(draft, { tokens }) : tokens.span(at)
}

/** Where the value of the last such line stands; the keyword when it has none. */
export function valueSpan(draft: Pick<Draft, 'at'>, keywords: string | readonly string[], { tokens }: Pick<ReadContext, 'tokens'>): Span {
  const at = findLines(tokens, draft.at, typeof keywords === 'string' ? [keywords] : keywords).at(-1)
  if (at === undefined) return blockSpan(draft, { tokens })
  return tokens.span(tokens.kind(at + 1) < TokenKind.Open ? at + 1 : at)
}

/** Where a word stands in the inner block that a keyword opens; the keyword when it is not there. */
export function wordSpan(draft: Pick<Draft, 'at'>, keyword: string, word: string, { tokens }: Pick<ReadContext, 'tokens'>): Span {
  for (const opener of findLines(tokens, draft.at, [keyword])) {
    for (let at = opener + 1, depth = 0; at < tokens.count; at++) {
      const kind = tokens.kind(at)
      if (kind === TokenKind.Open) depth++
      else if (kind === TokenKind.Close && --depth <= 0) break
      else if (kind < TokenKind.Open && depth > 0 && decodeText(tokens.text(at)) === word) return tokens.span(at)
    }
  }
  return settingSpan(draft, keyword, { tokens })
}

/**
 * Where the value of an option stands in a line, the last one's; the option when it has none, the start of the item when it
 * is not there.
 *
 * @param end the word that starts the next part of the line
 */
export function optionSpan(
  item: Pick<Draft, 'at'>,
  keywords: readonly string[],
  { tokens }: Pick<ReadContext, 'tokens'>,
  end?: string,
): Span {
  let found = item.at
  for (let at = item.at; tokens.kind(at) < TokenKind.Open; at++) {
    const word = decodeText(tokens.text(at))
    if (word === end && at > item.at) break
    if (keywords.includes(word)) found = tokens.kind(at + 1) < TokenKind.Open ? at + 1 : at
  }
  return tokens.span(found)
}

/**
 * The first tokens of the lines right inside a block that start with one of these keywords.
 *
 * @param most how many tokens of the block are looked at
 */
export function findLines(
  tokens: Tokens,
  block: number,
  keywords: readonly string[],
  most: number = Number.POSITIVE_INFINITY,
): readonly number[] {
  const found: number[] = []
  let depth = 0
  let isLineStart = false
  const end = Math.min(tokens.count, block + most)
  for (let at = block; at < end; at++) {
    const kind = tokens.kind(at)
    if (kind < TokenKind.Open) {
      if (isLineStart && depth === 1 && keywords.includes(decodeText(tokens.text(at)))) found.push(at)
      isLineStart = false
      continue
    }
    isLineStart = true
    if (kind === TokenKind.Open) depth++
    else if (kind === TokenKind.Close && --depth <= 0) break
  }
  return found
}

/** The tokens of a keyword where it opens a block at the top level. */
export function findTopLevel(tokens: Tokens, keyword: string): readonly number[] {
  const found: number[] = []
  let depth = 0
  let isLineStart = true
  for (let at = 0; at < tokens.count; at++) {
    const kind = tokens.kind(at)
    if (kind < TokenKind.Open) {
      if (isLineStart && depth === 0 && decodeText(tokens.text(at)) === keyword) found.push(at)
      isLineStart = false
      continue
    }
    isLineStart = true
    if (kind === TokenKind.Open) depth++
    else if (kind === TokenKind.Close) depth = Math.max(0, depth - 1)
  }
  return found
}

/** Where the last such line stands in the blocks of a keyword of the top level, which are read as one. */
export function mergedSpan(block: string, keywords: readonly string[], { tokens }: Pick<ReadContext, 'tokens'>): Span {
  const blocks = findTopLevel(tokens, block)
  return tokens.span(blocks.flatMap((at) => findLines(tokens, at, keywords)).at(-1) ?? blocks.at(-1) ?? 0)
}

/** Where a word stands last in the lines, or in the inner blocks, of some keywords; the last of these when it is not there. */
export function listedSpan(
  draft: Pick<Draft, 'at'>,
  keywords: readonly string[],
  word: string,
  context: Pick<ReadContext, 'tokens'>,
): Span {
  const { tokens } = context
  const places = findLines(tokens, draft.at, keywords).flatMap((opener) => findInLine(tokens, opener, word))
  const last = places.at(-1)
  return last === undefined ? settingSpan(draft, keywords, context) : tokens.span(last)
}

/** Tokens of a word between the start of a line and the end of it or of the block that it opens. */
function findInLine(tokens: Tokens, start: number, word: string): readonly number[] {
  const found: number[] = []
  let depth = 0
  for (let at = start + 1; at < tokens.count; at++) {
    const kind = tokens.kind(at)
    if (kind === TokenKind.Open) depth++
    else if (kind === TokenKind.Close && --depth <= 0) break
    else if (kind < TokenKind.Open && decodeText(tokens.text(at)) === word) found.push(at)
    else if (kind >= TokenKind.Open && depth === 0 && tokens.kind(at + 1) !== TokenKind.Open) break
  }
  return found
}

/** The keywords of inner blocks that hold nothing. */
export function emptyBlocks(tokens: Tokens, block: number, keyword: string): readonly number[] {
  return findLines(tokens, block, [keyword]).filter((opener) => {
    let at = opener
    while (tokens.kind(at) < TokenKind.Open) at++
    at = nextOf(tokens, at)
    return tokens.kind(at) === TokenKind.Open && tokens.kind(nextOf(tokens, at + 1)) === TokenKind.Close
  })
}

/** The first token from here on that is no end of a line. */
function nextOf(tokens: Tokens, from: number): number {
  let at = from
  while (at < tokens.count && tokens.kind(at) === TokenKind.LineEnd) at++
  return at
}
