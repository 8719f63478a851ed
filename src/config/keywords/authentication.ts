/** `vrrp_instance/authentication`. */
import type { VrrpInstanceDraft } from '../draft.ts'
import { Secret } from '../model.ts'
import { words } from '../schema.ts'
import type { Keyword, KeywordTable, ReadContext } from '../schema.ts'
import { shown } from '../excerpt.ts'
import { requiredWord } from '../values.ts'
import type { Directive } from '../words.ts'
import { octetsOf } from './script.ts'

/** The octets of the authentication data of an advertisement. */
const MAX_PASSWORD_OCTETS = 8

export const AUTHENTICATION: KeywordTable<VrrpInstanceDraft> = new Map<string, Keyword<VrrpInstanceDraft>>([
  ['auth_type', words(decodeAuthType)],
  ['auth_pass', words(decodeAuthPass)],
])

function decodeAuthType(directive: Directive, instance: VrrpInstanceDraft, { diagnostics }: ReadContext): void {
  const word = requiredWord(directive, 'PASS or AH', diagnostics)
  if (word === undefined) return
  const { text, span } = word
  if (text === 'PASS' || text === 'AH') instance.authType = { value: text, span }
  else diagnostics.error('invalid-word', span, `unknown authentication type ${shown(text)}`, 'the types are `PASS` and `AH`, in upper case')
}

/** No message repeats the password. */
function decodeAuthPass(directive: Directive, instance: VrrpInstanceDraft, { diagnostics }: ReadContext): void {
  const word = requiredWord(directive, 'a password', diagnostics)
  if (word === undefined) return
  const octets = octetsOf(word.octets)
  if (octets.length > MAX_PASSWORD_OCTETS) {
    const message = `the password is longer than ${MAX_PASSWORD_OCTETS} octets; the first ${MAX_PASSWORD_OCTETS} are used`
    diagnostics.error('value-truncated', directive.span, message)
  }
  if (octets.length === 0) delete instance.authPass
  else instance.authPass = { value: new Secret(octets.slice(0, MAX_PASSWORD_OCTETS)), span: directive.span }
}
