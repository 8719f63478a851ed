/** The words between a block's keyword and its `{`. */
import { TEXT_TYPES } from './form.ts'
import { shown } from '../diagnostics/printable.ts'
import { blockSpan } from '../blocks/places.ts'
import type { Draft, Header, HeaderField } from './schema.ts'
import { placeText } from '../text/source.ts'

const NAME: HeaderField = { field: 'name', ...TEXT_TYPES, meaning: 'Its name.' }

/** A block without a name. Words are reported: as an error, or (`silent`) as keepalived says nothing, as a note. */
export function noName(surplus: 'report' | 'note' = 'report'): Header {
  return {
    fields: [],
    read(line, _, { diagnostics }) {
      if (line.left === 0) return true
      const { keyword, nextSpan } = line
      // What stands in front of the brace may be a secret: no message repeats it.
      if (surplus === 'report') diagnostics.error('unexpected-word', nextSpan, `'${keyword}' takes no name: this word is ignored`)
      else diagnostics.info('no-effect', nextSpan, `'${keyword}' takes no name: this word has no effect`)
      return true
    },
    toWords: () => [],
  }
}

/** What a unique name may be. */
export interface NameRules {
  /** In octets. */
  readonly longest?: number
  /** Further words are refused, as the block is with them, or noted. */
  readonly surplus?: 'refuse' | 'note'
}

/** A block with exactly one name that no other of its kind has; else it is passed over. */
export function uniqueName({ longest = Infinity, surplus = 'refuse' }: NameRules = {}): Header {
  return {
    fields: [NAME],
    read(line, draft, context, siblings) {
      const { diagnostics } = context
      const { keyword } = line
      const name = line.next()
      if (name === undefined || (surplus === 'refuse' && line.left > 0)) {
        const help = name === undefined ? undefined : 'put quotes around a name with blanks'
        const span = name === undefined ? line.span : line.nextSpan
        diagnostics.error('missing-name', span, `'${keyword}' takes exactly one name; the block is ignored`, help)
        return false
      }
      if (Buffer.byteLength(name) > longest) {
        diagnostics.error('name-too-long', line.wordSpan, `${shown(name)} is longer than ${longest} characters; the block is ignored`)
        return false
      }
      if (line.left > 0) diagnostics.info('no-effect', line.nextSpan, `${shown(line.peek() ?? '')} after the name has no effect`)
      draft['name'] = name
      const taken = findByName(siblings, name)
      if (taken === undefined) return true
      const message = `there is a ${keyword} ${shown(name)} already; this block is ignored`
      diagnostics.error('duplicate-name', line.wordSpan, message, `the first is at ${placeText(blockSpan(taken, context))}`)
      return false
    },
    toWords: ({ name }) => (typeof name === 'string' ? [name] : undefined),
  }
}

/** A block with a name, without which keepalived ends. */
export function mandatoryName(): Header {
  return {
    fields: [NAME],
    read(line, draft, { diagnostics }) {
      const name = line.next()
      if (name === undefined) {
        diagnostics.error('missing-value', line.span, `'${line.keyword}' takes a name`)
        return false
      }
      draft['name'] = name
      return true
    },
    toWords: ({ name }) => (typeof name === 'string' ? [name] : undefined),
  }
}

const indexes = new WeakMap<readonly Draft[], { readonly names: Map<unknown, Draft>; count: number }>()

/** Thousands of blocks are not compared with each other one by one. */
function findByName(siblings: readonly Draft[], name: string): Draft | undefined {
  if (siblings.length === 0) return undefined
  const index = indexes.get(siblings) ?? { names: new Map<unknown, Draft>(), count: 0 }
  indexes.set(siblings, index)
  for (; index.count < siblings.length; index.count++) {
    const sibling = siblings[index.count]
    if (sibling !== undefined && !index.names.has(sibling['name'])) index.names.set(sibling['name'], sibling)
  }
  return index.names.get(name)
}
