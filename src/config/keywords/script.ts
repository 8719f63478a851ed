/** Script words: `SCRIPT [USER [[:]GROUP]]`, and accounts by themselves. */
import { Buffer } from 'node:buffer'
import { splitCommand } from '../command.ts'
import type { CommandWords } from '../command.ts'
import type { ScriptAccount, ScriptCommand } from '../model.ts'
import type { ReadContext } from '../schema.ts'
import { decodeText } from '../source.ts'
import { shown } from '../excerpt.ts'
import { requiredWord } from '../values.ts'
import type { Directive } from '../words.ts'

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
  const [user, group, surplus] = accountWords.map(decodeText)
  if (surplus !== undefined) {
    const help = 'a script with arguments is one word: put quotes around it'
    diagnostics.error('unexpected-word', directive.span, `${shown(surplus)} after the user and the group is ignored`, help)
  }
  if (user === undefined) return { path: decodeText(path), args: args.map(decodeText), account: undefined }
  const account = decodeAccount(user, group, directive, context)
  return account === undefined ? undefined : { path: decodeText(path), args: args.map(decodeText), account }
}

/** Decodes `USER [[:]GROUP]`; unknown names are reported. */
export function decodeAccount(
  user: string,
  group: string | undefined,
  directive: Directive,
  context: ReadContext,
): ScriptAccount | undefined {
  const { diagnostics, host } = context
  if (host.user(user) === undefined) {
    const help = directive.keyword === 'script_user' ? undefined : 'a script with arguments is one word: put quotes around it'
    return diagnostics.error('unknown-account', directive.span, `there is no user ${shown(user)}; '${directive.keyword}' is ignored`, help)
  }
  const supplementaryGroups = group?.startsWith(':') ?? false
  const name = supplementaryGroups ? group?.slice(1) : group
  // A lone colon keeps the user's own group.
  if (name === undefined || name === '') return { user, group: undefined, supplementaryGroups }
  if (host.hasGroup(name)) return { user, group: name, supplementaryGroups }
  return diagnostics.error('unknown-account', directive.span, `there is no group ${shown(name)}; '${directive.keyword}' is ignored`)
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
