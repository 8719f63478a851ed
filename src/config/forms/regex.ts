/** Forms of what an answer is compared with: a PCRE2 pattern and its options. */
import { splitCommand } from '../text/command.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { Line } from '../blocks/line.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import { decodeText, encodeText } from '../text/source.ts'
import type { RegexStack } from '../tables/values.ts'
import { parseInteger } from './numbers.ts'
import { escapedWord, reportCut, reportOpen } from './scripts.ts'

/** PCRE2's options, as keepalived names them. */
export const REGEX_OPTIONS = [
  'allow_empty_class',
  'alt_bsux',
  'auto_callout',
  'caseless',
  'dollar_endonly',
  'dotall',
  'dupnames',
  'extended',
  'firstline',
  'match_unset_backref',
  'multiline',
  'never_ucp',
  'never_utf',
  'no_auto_capture',
  'no_auto_possess',
  'no_dotstar_anchor',
  'no_start_optimize',
  'ucp',
  'ungreedy',
  'utf',
  'never_backslash_c',
  'alt_circumflex',
  'alt_verbnames',
  'use_offset_limit',
] as const

/** One of {@link REGEX_OPTIONS}. */
export type RegexOption = (typeof REGEX_OPTIONS)[number]

/** A pattern: one word of the second reading (language.md §1.1). */
export function regexPattern(): Form<string> {
  return {
    types: TEXT_TYPES,
    isBare: true,
    read(line, context, name) {
      const { diagnostics } = context
      if (line.cut !== undefined) return reportCut(line, context, 'the pattern')
      const words = reportOpen(splitCommand(line.text, 'decode'), line, context, 'the pattern')
      if (words === undefined) return undefined
      const [, pattern, ...surplus] = words
      if (pattern !== undefined && surplus.length === 0) return decodeText(pattern)
      const message = `'${name}' takes one pattern; the line is ignored`
      return reportSilent(line, message, diagnostics, 'put quotes around a pattern with blanks')
    },
    toInput: (pattern) => pattern,
    toWords: (input) => (typeof input === 'string' ? [decodeText(escapedWord(encodeText(input)))] : undefined),
  }
}

/** Option words; unknown ones mean nothing. */
export function regexOptions(): Form<readonly RegexOption[]> {
  const known = new Set<string>(REGEX_OPTIONS)
  const union = REGEX_OPTIONS.map((option) => `'${option}'`).join(' | ')
  return {
    types: {
      model: `readonly (${union})[]`,
      input: `readonly (${union})[]`,
      schema: { type: 'array', items: { enum: REGEX_OPTIONS } },
    },
    isBare: true,
    read(line, { diagnostics }, name) {
      const options = new Set<RegexOption>()
      for (let text = line.next(); text !== undefined; text = line.next()) {
        if (known.has(text)) options.add(text as RegexOption)
        else diagnostics.info('no-effect', line.wordSpan, `${shown(text)} is no option of '${name}': it has no effect`)
      }
      return [...options]
    },
    toInput: (options) => options,
    toWords(input) {
      if (!Array.isArray(input)) return undefined
      const words = input.filter((option) => typeof option === 'string' && known.has(option))
      return words.length === input.length ? words : undefined
    },
  }
}

/** How many octets of the answer are passed over. */
export function regexOffset(): Form<number> {
  return {
    types: { model: 'number', input: 'number', schema: { type: 'integer', minimum: 0 } },
    isBare: true,
    read(line, { diagnostics }, name) {
      const offset = parseInteger(line.next() ?? 'x')
      if (offset !== undefined && offset >= 0 && offset <= Number.MAX_SAFE_INTEGER) return offset
      return reportSilent(line, `'${name}' takes a number of octets; the line is ignored`, diagnostics)
    },
    toInput: (offset) => offset,
    toWords: (input) => (typeof input === 'number' ? [String(input)] : undefined),
  }
}

/** `START MAX`. */
export function regexStack(): Form<RegexStack> {
  const size = { type: 'integer', minimum: 1 }
  return {
    types: {
      model: 'RegexStack',
      input: '{ readonly start: number; readonly max: number }',
      schema: { type: 'object', properties: { start: size, max: size }, required: ['start', 'max'], additionalProperties: false },
    },
    isBare: true,
    read(line, { diagnostics }, name) {
      const help = 'expected two numbers from 1 up, the first not larger than the second'
      const [start, max] = [parseInteger(line.next() ?? 'x'), parseInteger(line.next() ?? 'x')]
      if (start !== undefined && max !== undefined && start > 0 && start <= max) return { start, max }
      return reportSilent(line, `'${name}' takes two sizes; the line is ignored`, diagnostics, help)
    },
    toInput: (stack) => stack,
    toWords(input) {
      if (typeof input !== 'object' || input === null || !('start' in input) || !('max' in input)) return undefined
      return typeof input.start === 'number' && typeof input.max === 'number' ? [String(input.start), String(input.max)] : undefined
    },
  }
}

/** keepalived says nothing about these. */
function reportSilent(line: Line, message: string, diagnostics: Diagnostics, help?: string): undefined {
  return diagnostics.warning('setting-ignored', line.span, message, help)
}
