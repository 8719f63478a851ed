/** The option `track_group` of static addresses, routes and rules. */
import { word } from '../forms/words.ts'
import type { OptionRow } from '../tables/schema.ts'

function trackGroup(what: string, needs: string): OptionRow {
  return {
    keyword: 'track_group',
    syntax: 'track_group NAME',
    default: 'none',
    range: `once; group defined earlier; needs ${needs}; not with no_track`,
    meaning: `Instances of the group track this ${what}.`,
    form: word({ what: 'the name of a track group' }),
    use: 'first',
  }
}

/** By what the line is about. */
export const TRACK_GROUP_OPTION: Readonly<Record<'address' | 'route' | 'rule', OptionRow>> = {
  address: trackGroup('address', 'an interface'),
  route: trackGroup('route', 'dev'),
  rule: trackGroup('rule', 'iif'),
}
