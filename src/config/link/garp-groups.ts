/** `garp_group`: pacing, for interfaces that are in one group each. */
import type { ConfigDraft, GarpGroupDraft } from '../drafts.ts'
import { GARP_GROUP } from '../keywords/garp-group.ts'
import type { Config, GarpGroup } from '../model.ts'
import { blockSpan, emptyBlocks, listedSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import type { Defaults } from './defaults.ts'
import { reportMissing } from './interfaces.ts'

/** The groups that set an interval. */
export function linkGarpGroups({ garpGroups = [] }: ConfigDraft, defaults: Defaults, context: ReadContext): Pick<Config, 'garpGroups'> {
  const taken = new Set<string>()
  return { garpGroups: garpGroups.flatMap((group) => linkGroup(group, taken, defaults, context)) }
}

function linkGroup(draft: GarpGroupDraft, taken: Set<string>, defaults: Defaults, context: ReadContext): readonly GarpGroup[] {
  const { garpIntervalUs, gnaIntervalUs } = draft
  const { diagnostics } = context
  for (const at of emptyBlocks(context.tokens, draft.at, 'interfaces')) {
    diagnostics.warning('empty-block', context.tokens.span(at), "'interfaces' lists no interface")
  }
  const interfaces = (draft.interfaces ?? []).filter((name) => isFree(name, draft, taken, context))
  for (const name of interfaces)
    reportMissing(name, 'a garp_group', () => listedSpan(draft, ['interface', 'interfaces'], name, context), defaults, context)
  if (garpIntervalUs !== undefined || gnaIntervalUs !== undefined) return [complete<GarpGroup>(GARP_GROUP, draft, { interfaces })]
  const message = "a 'garp_group' has neither 'garp_interval' nor 'gna_interval'; the block is ignored"
  diagnostics.error('incomplete-block', blockSpan(draft, context), message)
  return []
}

function isFree(name: string, draft: GarpGroupDraft, taken: Set<string>, context: ReadContext): boolean {
  if (!taken.has(name)) {
    taken.add(name)
    return true
  }
  const message = `interface ${shown(name)} is in a 'garp_group' already; it is ignored`
  context.diagnostics.error('duplicate-setting', () => listedSpan(draft, ['interface', 'interfaces'], name, context), message)
  return false
}
