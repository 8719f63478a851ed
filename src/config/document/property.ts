/** Where a word of the language is in a configuration as plain data: `vrrpInstances[].priority`. */
import { openerOf } from '../tables/catalogue.ts'
import type { Entry } from '../tables/catalogue.ts'
import { modelField } from '../tables/schema.ts'

/** The property of a word; none for words that are values, and for those of the language itself. */
export function propertyOf({ path, row, owner }: Entry): string | undefined {
  if (row === undefined) return itemsOf(path)
  if ('kind' in row) {
    const name = within(path, row.field)
    return row.kind === 'setting' && row.form.flag === false ? `${name}: false` : name
  }
  if (row.form === undefined) return undefined
  const around = owner === undefined ? itemsOf(path) : lineOf(owner)
  return around === undefined ? undefined : `${around}.${modelField(row, undefined)}`
}

/** A keyword whose own line has options. */
function lineOf(owner: Entry): string | undefined {
  const isLine = owner.row !== undefined && 'form' in owner.row && owner.row.form?.types.grammar !== undefined
  return isLine ? propertyOf(owner) : undefined
}

/** The lines of a grammar. */
function itemsOf(path: string): string | undefined {
  const opener = openerOf(path)?.row
  if (opener === undefined || !('kind' in opener)) return undefined
  if (opener.kind === 'lines') return `${within(openerPath(path), opener.field)}[]`
  return opener.kind === 'block' && opener.block.lines !== undefined ? `${within(path, opener.block.lines.field)}[]` : undefined
}

function within(path: string, field: string): string {
  const opener = path === '/' ? undefined : openerOf(path)?.row
  if (opener === undefined || !('kind' in opener)) return field
  const list = opener.kind === 'block' && opener.use === 'list' ? '[]' : ''
  return `${within(openerPath(path), opener.field)}${list}.${field}`
}

function openerPath(path: string): string {
  return openerOf(path)?.path ?? '/'
}
