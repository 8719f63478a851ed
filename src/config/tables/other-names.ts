/** Keywords that people know from elsewhere, and that keepalived itself does not read. */

/** What to do about such a word. */
export interface OtherName {
  /** The keyword that is meant; absent where there is none any more. */
  readonly keyword?: string
  readonly help: string
}

const MISNAMED: Readonly<Record<string, string>> = {
  state_file_location: 'state_dump_file',
  stats_file_location: 'stats_dump_file',
  json_file_location: 'json_dump_file',
}

const OTHER_NAMES: ReadonlyMap<string, OtherName> = new Map<string, OtherName>([
  ...Object.entries(MISNAMED).map(
    ([name, keyword]) => [name, { keyword, help: `keepalived's manual misnames it: the keyword is \`${keyword}\`` }] as const,
  ),
  ['lvs_id', { keyword: 'router_id', help: 'its name is `router_id` now' }],
  ['nat_mask', { help: 'keepalived has it no more, and needs none: leave the line out' }],
])

/** What is known of a word that is no keyword. */
export function otherName(word: string): OtherName | undefined {
  return OTHER_NAMES.get(word)
}
