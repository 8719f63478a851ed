/** Policy-routing rules of instances and of the whole machine: interfaces they name, and defaults. */
import type { RuleDraft } from '../drafts.ts'
import { protocolOf, STATIC_RULES } from '../keywords/rule-line.ts'
import type { Rule } from '../model.ts'
import { optionSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import type { Defaults } from './defaults.ts'
import { reportMissing } from './interfaces.ts'

/** Completes rules. */
export function linkRules(drafts: readonly RuleDraft[], defaults: Defaults, context: ReadContext): readonly Rule[] {
  return drafts.map((draft) => {
    const { iif, oif, preference, protocol } = draft
    const name = `the rule with preference ${preference}`
    if (iif !== undefined) reportMissing(iif, name, () => optionSpan(draft, ['iif', 'dev'], context), defaults, context)
    if (oif !== undefined) reportMissing(oif, name, () => optionSpan(draft, ['oif'], context), defaults, context)
    return complete<Rule>(STATIC_RULES, draft, { protocol: protocol ?? protocolOf(draft) })
  })
}
