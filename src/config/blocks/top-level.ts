/** The blocks of the top level, which tell where a brace was forgotten. */
import { ROOT } from '../keywords/root.ts'
import { blocksWith } from '../tables/suggest.ts'
import type { TopLevel } from './tree.ts'

/** `track_file` is also a list of instances. */
const BLOCKS = ROOT.rows.filter(({ kind, keyword }) => kind !== 'setting' && blocksWith(keyword).length === 1)

/** Blocks that exist at the top level only; those that are acted on must not be lost. */
export const TOP_LEVEL: TopLevel = {
  all: new Set(BLOCKS.map(({ keyword }) => keyword)),
  kept: new Set(BLOCKS.flatMap(({ keyword, status = ROOT.status }) => (status.kind === 'acted on' ? [keyword] : []))),
}
