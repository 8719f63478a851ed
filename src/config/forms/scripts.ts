/** Forms of commands and accounts: `SCRIPT [USER [[:]GROUP]]` (language.md §1.1). */
import { Buffer } from 'node:buffer'
import { splitCommand } from '../text/command.ts'
import type { CommandWords } from '../text/command.ts'
import { quoteWords } from '../diagnostics/fix.ts'
import type { ProposedFix } from '../diagnostics/fix.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Line } from '../blocks/line.ts'
import type { Form, JsonSchema } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'
import { decodeText, encodeText } from '../text/source.ts'
import type { Span } from '../text/source.ts'
import type { ScriptAccount, ScriptCommand } from '../tables/values.ts'
import { requiredWord } from './words.ts'

/** A word and where it stands. */
interface WordAt {
  readonly text: string
  readonly span: Span
}

const QUOTES_HELP = 'a script with arguments is one word: put quotes around it'
/** The names POSIX knows as portable, a colon in front of a group. */
const ACCOUNT_NAME = /^:{0,2}[\w.][\w.-]*$/
const ACCOUNT_SCHEMA: JsonSchema = { type: 'string', description: 'USER or USER:GROUP; USER::GROUP also sets supplementary groups' }
const COMMAND_SCHEMA: JsonSchema = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      properties: { command: { type: 'string' }, args: { type: 'array', items: { type: 'string' } }, account: ACCOUNT_SCHEMA },
      required: ['command'],
      additionalProperties: false,
    },
  ],
}

/** What a command may be. */
export interface ScriptRules {
  /** A missing one is a plain error. */
  readonly isLenient?: boolean
  /** Whether an account may follow; false: another keyword names it. */
  readonly takesAccount?: boolean
}

/** A command, for which an account may be named. */
export function script(rules: ScriptRules = {}): Form<ScriptCommand> {
  const { takesAccount = true } = rules
  return {
    types: { model: 'ScriptCommand', input: 'ScriptInput', schema: COMMAND_SCHEMA },
    read: (line, context, name) => readScript(line, context, name, rules),
    toInput({ path, args, account }) {
      const named = takesAccount ? account : undefined
      if (args.length === 0 && named === undefined && /^[^\s\\'"]+$/.test(path)) return path
      return { command: path, ...(args.length > 0 ? { args } : {}), ...(named === undefined ? {} : { account: accountText(named) }) }
    },
    toWords: scriptWords,
  }
}

/** A command that may be left out: then `true`. */
export function optionalScript(): Form<ScriptCommand | true> {
  const form = script()
  return {
    types: { model: 'ScriptCommand | true', input: 'ScriptInput | true', schema: { anyOf: [COMMAND_SCHEMA, { const: true }] } },
    isBare: true,
    read: (line, context, name) => (line.count === 0 ? true : form.read(line, context, name)),
    toInput: (value) => (value === true ? true : form.toInput(value)),
    toWords: (input) => (input === true ? [] : form.toWords(input)),
  }
}

/**
 * `USER [[:]GROUP]`.
 *
 * @param consequence what comes of an account that does not exist, for the message
 * @param isLenient a missing one is a plain error
 */
export function account(consequence: string, isLenient = false): Form<ScriptAccount> {
  return {
    types: { model: 'ScriptAccount', input: 'string', schema: ACCOUNT_SCHEMA },
    read(line, context, name) {
      const user = requiredWord(line, name, 'a user', context.diagnostics, isLenient)
      return user === undefined ? undefined : readAccount(line, user, consequence, context)
    },
    toInput: accountText,
    toWords: (input) => (typeof input === 'string' ? accountWords(input) : undefined),
  }
}

/** The account whose user is the word taken last and whose group, if any, is the next. */
export function readAccount(line: Line, user: string, consequence: string, context: ReadContext): ScriptAccount | undefined {
  const userAt = { text: user, span: line.wordSpan }
  const group = line.next()
  return decodeAccount(userAt, group === undefined ? undefined : { text: group, span: line.wordSpan }, consequence, context)
}

/** An account as input. */
export function accountText({ user, group, supplementaryGroups }: ScriptAccount): string {
  if (group === undefined && !supplementaryGroups) return user
  return `${user}:${supplementaryGroups ? ':' : ''}${group ?? ''}`
}

/** The words of an account as input. */
export function accountWords(text: string): readonly string[] {
  const colon = text.indexOf(':')
  return colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]
}

/** A command as input: a command line, quotes and escapes as in the language, or its parts. */
function scriptWords(input: unknown): readonly string[] | undefined {
  if (typeof input === 'string') {
    const split = splitCommand(encodeText(input), 'decode')
    return 'words' in split ? [commandText(split.words.map(decodeText))] : undefined
  }
  if (typeof input !== 'object' || input === null || !('command' in input) || typeof input.command !== 'string') return undefined
  const args = 'args' in input ? input.args : []
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) return undefined
  const named = 'account' in input ? input.account : undefined
  if (named !== undefined && typeof named !== 'string') return undefined
  return [commandText([input.command, ...args]), ...(named === undefined ? [] : accountWords(named))]
}

/** One word that the second reading splits into these again: what is special is written as an escape. */
function commandText(parts: readonly string[]): string {
  return parts.map((part) => decodeText(escapedWord(encodeText(part)))).join(' ')
}

/** A word, one character per octet, as the second reading reads it again. */
export function escapedWord(octets: string): string {
  return octets === '' ? "''" : octets.replaceAll(/[^\w./:=,@%+~-]/g, escaped)
}

function escaped(char: string): string {
  const code = char.charCodeAt(0)
  // Octets of UTF-8 letters stay as they are.
  return code >= 0x80 ? char : `\\x${code.toString(16).padStart(2, '0')}`
}

/** Reads a command line of the second reading. */
function readScript(line: Line, context: ReadContext, name: string, rules: ScriptRules): ScriptCommand | undefined {
  const { diagnostics } = context
  const { isLenient = false, takesAccount = true } = rules
  const outer = outerWords(line, context, name, isLenient)
  const [, text = '', ...accountParts] = outer ?? []
  const read = outer === undefined ? undefined : innerCommand(text, line, context, name)
  if (read === undefined) return undefined
  const [user, group, surplus] = accountParts.map((part, index) => ({ text: decodeText(part), span: line.spanOf(index + 2, part) }))
  if (surplus !== undefined && takesAccount) {
    diagnostics.error('unexpected-word', surplus.span, `${shown(surplus.text)} after the user and the group is ignored`, QUOTES_HELP)
  }
  if (!takesAccount && user !== undefined) {
    const help = `${QUOTES_HELP}; another keyword goes on a line of its own`
    diagnostics.info('no-effect', user.span, `${shown(user.text)} after the command has no effect`, help)
    return read
  }
  if (user === undefined) return read
  const fix = quotedCommand(line, text, accountParts)
  const found = decodeAccount(user, group, `'${name}' is ignored`, context, { help: QUOTES_HELP, fix })
  return found === undefined ? undefined : { ...read, account: found }
}

/**
 * Quotes around all words of the line. Certain only where they can be no account: a misspelt user must not become
 * an argument of a script that then runs as another one.
 */
function quotedCommand(line: Line, command: string, rest: readonly string[]): ProposedFix | undefined {
  if (rest.length <= 2 && rest.every((word) => ACCOUNT_NAME.test(word))) return undefined
  const first = line.spanOf(1, command)
  const last = line.spanOf(rest.length + 1, rest.at(-1) ?? '')
  const isExact = first.offset !== line.span.offset && last.offset !== line.span.offset
  return isExact ? quoteWords(first, last) : undefined
}

function outerWords(line: Line, context: ReadContext, name: string, isLenient: boolean): readonly string[] | undefined {
  if (line.cut !== undefined) return reportCut(line, context)
  if (requiredWord(line, name, 'a script', context.diagnostics, isLenient) === undefined) return undefined
  return reportOpen(splitCommand(line.text, 'keep'), line, context)
}

function innerCommand(text: string, line: Line, context: ReadContext, name: string): ScriptCommand | undefined {
  const inner = reportOpen(splitCommand(text, 'decode'), line, context)
  if (inner === undefined) return undefined
  const [path, ...args] = inner
  if (path === undefined || path === '') return context.diagnostics.error('invalid-word', line.span, `'${name}' names no script`)
  return { path: decodeText(path), args: args.map(decodeText), account: undefined }
}

/**
 * Decodes `USER [[:]GROUP]`; unknown names are reported.
 *
 * @param consequence what happens then, for the message
 */
function decodeAccount(
  user: WordAt,
  group: WordAt | undefined,
  consequence: string,
  context: ReadContext,
  advice: { readonly help?: string; readonly fix?: ProposedFix | undefined } = {},
): ScriptAccount | undefined {
  const { diagnostics, host } = context
  const entry = host.user(user.text)
  if (typeof entry !== 'object') {
    const problem = entry === undefined ? `there is no user ${shown(user.text)}` : noAnswer('user', user.text)
    // An account database that gives no answer makes nothing certain.
    const fix = entry === undefined ? advice.fix : undefined
    return diagnostics.error('unknown-account', user.span, `${problem}; ${consequence}`, advice.help, fix)
  }
  const supplementaryGroups = group?.text.startsWith(':') ?? false
  const name = supplementaryGroups ? group?.text.slice(1) : group?.text
  // A lone colon keeps the user's own group.
  if (group === undefined || name === undefined || name === '') return { user: user.text, group: undefined, supplementaryGroups }
  const gid = host.group(name)
  if (typeof gid === 'number') return { user: user.text, group: name, supplementaryGroups }
  const problem = gid === undefined ? `there is no group ${shown(name)}` : noAnswer('group', name)
  return diagnostics.error('unknown-account', group.span, `${problem}; ${consequence}`)
}

function noAnswer(what: 'user' | 'group', name: string): string {
  return `the account database did not say in time whether there is a ${what} ${shown(name)}`
}

/** Octets of a line, whose words were split as one character per octet. */
export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

/** The mark itself is reported where it stands. @param what what is lost, for the message */
export function reportCut(line: Line, { diagnostics }: ReadContext, what = 'the command'): undefined {
  const { keyword, span, cut } = line
  if (cut === 'open-quote')
    return diagnostics.error('unterminated-quote', span, `a quote of '${keyword}' is not closed; ${what} is ignored`)
  return diagnostics.error('invalid-word', span, `a backslash ends ${what} of '${keyword}'; it is ignored`)
}

/** Reports what a second reading stumbled over. @param what what is lost, for the message */
export function reportOpen(
  split: CommandWords,
  line: Line,
  { diagnostics }: ReadContext,
  what = 'the command',
): readonly string[] | undefined {
  if ('words' in split) return split.words
  if (split.problem === 'open-escape') {
    return diagnostics.error('invalid-word', line.span, `a backslash ends ${what} of '${line.keyword}'; it is ignored`)
  }
  const message = `a quote (${split.quote}) of '${line.keyword}' is not closed; ${what} is ignored`
  return diagnostics.error('unterminated-quote', line.span, message)
}
