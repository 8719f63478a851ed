/** What is said about keywords that are read and not acted on. */
import type { Line } from './line.ts'
import { isCommandForm } from '../tables/form.ts'
import type { Status } from '../tables/keyword-status.ts'
import type { Deprecation, OptionRow, ReadContext, Row, SettingRow } from '../tables/schema.ts'
import type { Span } from '../text/source.ts'
import { respell } from '../diagnostics/fix.ts'
import { shown } from '../diagnostics/printable.ts'

/** What a note says where leaving a keyword out would be wrong: a check accepts it, as keepalived does. */
export const REFUSED = '`start` refuses this configuration'

/** What may begin with a typographic quote, which is three octets, and what ends in a semicolon. */
const ODD_MARK = /^\u00e2\u0080[\u0098-\u009f]|;$/

/**
 * Reports that a keyword or an option is not acted on, with what that means where it matters: once, and at each
 * place where it cannot be done without.
 */
export function reportStatus(row: Row | OptionRow, status: Status, span: Span, { diagnostics, mentioned }: ReadContext): void {
  const isEach = status.kind === 'not yet' && status.refuses === true
  if (status.kind === 'acted on' || (mentioned.has(row) && !isEach)) return
  mentioned.add(row)
  const { keyword } = row
  const help = `${keyword}: ${row.meaning}`
  if (status.kind === 'no effect') {
    diagnostics.info('no-effect', span, `'${keyword}' has no effect here: ${status.reason}`, help)
    return
  }
  const message = `'${keyword}' is known, but not supported yet`
  if (status.without === undefined) diagnostics.info('not-supported-yet', span, message, help)
  else if (status.refuses === true) diagnostics.warning('cannot-run-without', span, `${message}: ${status.without}; ${REFUSED}`, help)
  else diagnostics.warning('not-supported-matters', span, `${message}: ${status.without}`, help)
}

/** Reports an old spelling, which is the word taken last. */
export function reportDeprecated(keyword: string, deprecation: Deprecation, line: Line, { diagnostics }: ReadContext): void {
  const { instead, silent = false, differs = false, help = `write \`${instead}\`` } = deprecation
  const span = line.wordSpan
  const message = `'${keyword}' is an old spelling of '${instead}'`
  const fix = differs ? undefined : respell(span, instead)
  if (silent) diagnostics.info('old-spelling', span, message, help, fix)
  else diagnostics.warning('deprecated-spelling', span, message, help, fix)
}

/** Reports what is certainly not meant in a line that keepalived takes without a word: another keyword in it, or an equals sign. */
export function reportOddWords(
  { keyword, form }: SettingRow,
  rows: { has(word: string): boolean },
  line: Line,
  { diagnostics }: ReadContext,
): void {
  const next = line.peek()
  if (next !== undefined && rows.has(next)) {
    const message = `${shown(next)} behind '${keyword}' is ignored: a line holds one keyword`
    diagnostics.warning('keyword-inside-line', line.nextSpan, message, 'write it on a line of its own')
  }
  if (line.left === line.count || isCommandForm(form)) return
  const odd = line.rewind().findWord((octets) => octets === '=' || ODD_MARK.test(octets))
  if (odd === undefined) return
  const isEqual = odd === '='
  const message = isEqual
    ? `'=' is taken for the value of '${keyword}'`
    : `this word is taken for the value of '${keyword}' as it is written`
  diagnostics.warning('unusual-mark', line.wordSpan, message, isEqual ? 'leave it out' : undefined)
}
