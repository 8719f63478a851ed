/** The walk that applies blocks to a text: which line belongs to which block, whatever is wrong with its braces. */
import type { Line } from './line.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { Span } from '../text/source.ts'
import { reportMissingOpen } from './tree.ts'
import type { BlockReader, Skipped } from './tree.ts'

/** An open block: what each of its lines means. */
export interface OpenBlock {
  /** Reads one line, which is not to be kept. */
  line(line: Line, context: ReadContext): LineResult
}

/** What a line is: a block to read, a block to pass over, or a plain setting, which has no block. */
export type LineResult = OpenBlock | 'skip' | 'setting'

/** The contents of a block that is passed over. */
export const UNREAD: OpenBlock = { line: () => 'skip' }

/** Reads a text, starting at its top level. Iterative: nesting is bounded by memory alone. */
export function readBlocks(reader: BlockReader, root: OpenBlock, context: ReadContext): void {
  const open = [root]
  const { line } = reader
  for (let item = reader.next(); item !== 'end'; item = reader.next()) {
    if (item === 'close') {
      if (open.length > 1) open.pop()
      continue
    }
    if (item === 'stray') {
      const message = 'no block can start here; everything up to the matching brace is ignored'
      context.diagnostics.error('unexpected-open-brace', line.span, message)
      leave(reader.skip(), open, context)
      continue
    }
    if (line.opensBlock && reader.depth > 0) {
      if (reader.lacksClose && reader.isTopLevel(line)) closeForgotten(reader, open)
      if (reader.isSwallowed(line)) {
        reportSwallowed(line, context)
        leave({ ...reader.skip(), swallowed: undefined }, open, context)
        continue
      }
    }
    const result = (open.at(-1) ?? root).line(line, context)
    if (typeof result === 'object') enter(reader, result, open, context)
    else if (line.opensBlock) {
      if (result === 'setting') reportNoBlock(line, context)
      leave(reader.skip(), open, context)
    }
  }
  reader.finish()
}

function closeForgotten(reader: BlockReader, open: OpenBlock[]): void {
  while (reader.depth > 0 && reader.lacksClose) {
    reader.closeForgotten(reader.line.span)
    open.pop()
  }
}

function enter(reader: BlockReader, inner: OpenBlock, open: OpenBlock[], { diagnostics }: ReadContext): void {
  const { line } = reader
  if (line.opensBlock) {
    reader.enter()
    open.push(inner)
    return
  }
  reportMissingOpen(line.keyword, line.span, diagnostics)
  if (reader.enterWithoutBrace()) open.push(inner)
}

/** Goes on after what was passed over: with the blocks that it left open, and never without an instance that was in it. */
function leave({ left, swallowed }: Skipped, open: OpenBlock[], context: ReadContext): void {
  for (let level = 0; level < left; level++) open.push(UNREAD)
  if (swallowed !== undefined) reportSwallowed(swallowed, context)
}

function reportSwallowed({ keyword, span }: { readonly keyword: string; readonly span: Span }, { diagnostics }: ReadContext): void {
  const message = `this '${keyword}' is inside another block: it would be lost`
  diagnostics.error('misplaced-block', span, message, "close the blocks above it with '}', or take the block away")
}

function reportNoBlock({ keyword, span }: Line, { diagnostics }: ReadContext): void {
  diagnostics.error('unexpected-open-brace', span, `'${keyword}' takes no block; everything up to the matching brace is ignored`)
}
