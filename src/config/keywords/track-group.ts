/** `track_group`. */
import { word } from '../forms/words.ts'
import { uniqueName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, WordsRow } from '../tables/schema.ts'

/** The instances of a group. */
export function membersRow(meaning: string): WordsRow {
  return {
    kind: 'words',
    keyword: 'group',
    field: 'group',
    syntax: 'group { INSTANCE... }',
    default: '-',
    range: 'each word one instance name; second block skipped',
    meaning,
    note: 'A group without members is removed',
    item: word(),
    isOnce: true,
  }
}

export const TRACK_GROUP: Block = {
  path: 'track_group',
  type: 'TrackGroup',
  meaning: 'Instances that static addresses, routes and rules depend on.',
  header: uniqueName(),
  rows: [membersRow('Members of the static track group.')],
  status: ACTED_ON,
}
