/** Script words: `SCRIPT [USER [[:]GROUP]]`, and accounts by themselves. */
import { Buffer } from 'node:buffer'
import { splitCommand } from '../command.ts'
import type { CommandWords } from '../command.ts'
import type { ScriptAccount, ScriptCommand } from '../model.ts'
import type { ReadContext } from '../schema.ts'
import { decodeText } from '../source.ts'
import type { Span } from '../source.ts'
import { shown } from '../excerpt.ts'
import { requiredWord } from '../values.ts'
import type { Directive } from '../words.ts'

/** A word and where it stands. */
interface WordAt {
  readonly text: string
  readonly span: Span
}

const QUOTES_HELP = 'a script with arguments is one word: put quotes around it'

/** Decodes a command line of the second reading; `undefined` when it was rejected, which is then reported. */
export function decodeScript(directive: Directive, context: ReadContext): ScriptCommand | undefined {
  const { diagnostics } = context
  if (directive.cut !== undefined) return reportCut(directive, context)
  if (requiredWord(directive, 'a script', diagnostics) === undefined) return undefined
  const outer = reportOpen(splitCommand(directive.line, 'keep'), directive, context)
  if (outer === undefined) return undefined
  const [, command = '', ...accountWords] = outer
  const inner = reportOpen(splitCommand(command, 'decode'), directive, context)
  const [path, ...args] = inner ?? []
  if (inner === undefined) return undefined
  if (path === undefined || path === '') return diagnostics.error('invalid-word', directive.span, `'${directive.keyword}' names no script`)
  const [user, group, surplus] = accountWords.map((word, index) => ({ text: decodeText(word), span: spanOf(directive, index + 2, word) }))
  if (surplus !== undefined) {
    diagnostics.error('unexpected-word', surplus.span, `${shown(surplus.text)} after the user and the group is ignored`, QUOTES_HELP)
  }
  if (user === undefined) return { path: decodeText(path), args: args.map(decodeText), account: undefined }
  const account = decodeAccount(user, group, `'${directive.keyword}' is ignored`, context, QUOTES_HELP)
  return account === undefined ? undefined : { path: decodeText(path), args: args.map(decodeText), account }
}

/**
 * Decodes `USER [[:]GROUP]`; unknown names are reported.
 *
 * @param consequence what happens then, for the message
 */
export function decodeAccount(
  user: WordAt,
  group: WordAt | undefined,
  consequence: string,
  context: ReadContext,
  help?: string,
): ScriptAccount | undefined {
  const { diagnostics, host } = context
  const entry = host.user(user.text)
  if (typeof entry !== 'object') {
    const problem = entry === undefined ? `there is no user ${shown(user.text)}` : noAnswer('user', user.text)
    return diagnostics.error('unknown-account', user.span, `${problem}; ${consequence}`, help)
  }
  const supplementaryGroups = group?.text.startsWith(':') ?? false
  const name = supplementaryGroups ? group?.text.slice(1) : group?.text
  // A lone colon keeps the user's own group.
  if (group === undefined || name === undefined || name === '') return { user: user.text, group: undefined, supplementaryGroups }
  const exists = host.hasGroup(name)
  if (exists === true) return { user: user.text, group: name, supplementaryGroups }
  const problem = exists === false ? `there is no group ${shown(name)}` : noAnswer('group', name)
  return diagnostics.error('unknown-account', group.span, `${problem}; ${consequence}`)
}

function noAnswer(what: 'user' | 'group', name: string): string {
  return `the account database did not say in time whether there is a ${what} ${shown(name)}`
}

/** Where a word of the second reading stands: both readings agree on it unless it is written in parts. */
function spanOf(directive: Directive, index: number, octets: string): Span {
  const word = directive.words[index]
  return word?.octets === octets ? word.span : directive.span
}

/** Octets of a line, whose words were split as one character per octet. */
export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

/** The mark itself is reported where it stands. */
function reportCut(directive: Directive, { diagnostics }: ReadContext): undefined {
  const { keyword, span, cut } = directive
  if (cut === 'open-quote')
    return diagnostics.error('unterminated-quote', span, `a quote of '${keyword}' is not closed; the command is ignored`)
  return diagnostics.error('invalid-word', span, `a backslash ends the command of '${keyword}'; it is ignored`)
}

function reportOpen(split: CommandWords, directive: Directive, { diagnostics }: ReadContext): readonly string[] | undefined {
  if ('words' in split) return split.words
  if (split.problem === 'open-escape') {
    return diagnostics.error('invalid-word', directive.span, `a backslash ends the command of '${directive.keyword}'; it is ignored`)
  }
  const message = `a quote (${split.quote}) of '${directive.keyword}' is not closed; the command is ignored`
  return diagnostics.error('unterminated-quote', directive.span, message)
}
