/** The top level. */
import { emptyInstance } from '../draft.ts'
import type { ConfigDraft } from '../draft.ts'
import { KeywordBlock, reportNotYet } from '../keyword-block.ts'
import { block, words } from '../schema.ts'
import type { Keyword, KeywordTable, OpenBlock, ReadContext } from '../schema.ts'
import { blocksWith, keywordsOf } from '../suggest.ts'
import { shown } from '../excerpt.ts'
import type { TopLevel } from '../tree.ts'
import type { Directive } from '../words.ts'
import { GLOBAL_DEFS, optionalName } from './global-defs.ts'
import { VRRP_INSTANCE } from './vrrp-instance.ts'

export const ROOT: KeywordTable<ConfigDraft> = new Map<string, Keyword<ConfigDraft>>([
  ['global_defs', block(openGlobalDefs)],
  ['vrrp_instance', block(openVrrpInstance)],
  ['instance', words(readInstanceName)],
  ['net_namespace', words(readNamespace)],
])

/** Blocks that exist at the top level only; those that are acted on must not be lost. */
export const TOP_LEVEL: TopLevel = {
  all: new Set(
    [...keywordsOf('/')].flatMap(([keyword, [syntax]]) => (syntax.includes('{') && blocksWith(keyword).length === 1 ? [keyword] : [])),
  ),
  kept: new Set([...ROOT].flatMap(([keyword, { kind }]) => (kind === 'block' ? [keyword] : []))),
}

function openGlobalDefs({ args }: Directive, draft: ConfigDraft, { diagnostics }: ReadContext): OpenBlock {
  const [word] = args
  if (word !== undefined) diagnostics.info('no-effect', word.span, `'global_defs' takes no name: ${shown(word.text)} has no effect`)
  return new KeywordBlock('global_defs', GLOBAL_DEFS, draft.globals)
}

/** Without exactly one name, or with one that is taken, the whole block is passed over. */
function openVrrpInstance({ args, span }: Directive, draft: ConfigDraft, { diagnostics }: ReadContext): OpenBlock | undefined {
  const [word, surplus] = args
  if (word === undefined || surplus !== undefined) {
    const message = "'vrrp_instance' takes exactly one name; the block is ignored"
    return diagnostics.error('missing-name', surplus?.span ?? span, message, surplus && 'put quotes around a name with blanks')
  }
  const name = word.text
  const taken = draft.instances.get(name)
  if (taken !== undefined) {
    const first = `${taken.span.source.path}:${taken.span.source.position(taken.span.offset).line}`
    const message = `there is an instance ${shown(name)} already; this block is ignored`
    return diagnostics.error('duplicate-name', word.span, message, `the first is at ${first}`)
  }
  const instance = emptyInstance(name, word.span)
  draft.instances.set(name, instance)
  return new KeywordBlock('vrrp_instance', VRRP_INSTANCE, instance)
}

/** Not acted on yet: a start is refused, and what depends on the namespace is not judged. */
function readNamespace(directive: Directive, draft: ConfigDraft, context: ReadContext): void {
  draft.isElsewhere = true
  reportNotYet('/', directive, context)
}

function readInstanceName(directive: Directive, draft: ConfigDraft, context: ReadContext): void {
  const name = optionalName(directive, context)
  if (name === undefined) return
  if (draft.instance === undefined) draft.instance = name
  else
    context.diagnostics.error(
      'duplicate-setting',
      directive.span,
      `the instance name is ${shown(draft.instance)} already; this line is ignored`,
    )
}
