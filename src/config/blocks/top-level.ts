/** The blocks of the top level, which tell where a brace was forgotten. */
import { ROOT } from '../keywords/root.ts'
import { blocksWith } from '../tables/suggest.ts'
import type { TopLevel } from './tree.ts'

const BLOCKS = ROOT.rows.filter(({ kind }) => kind !== 'setting')

/** Blocks that exist at the top level only; those that are acted on must not be lost. */
export const TOP_LEVEL: TopLevel = {
  all: new Set(BLOCKS.flatMap(({ keyword }) => (blocksWith(keyword).length === 1 ? [keyword] : []))),
  kept: new Set(BLOCKS.flatMap(({ keyword, status = ROOT.status }) => (status.kind === 'acted on' ? [keyword] : []))),
}
