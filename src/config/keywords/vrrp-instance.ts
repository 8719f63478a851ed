/** `vrrp_instance`. */
import type { NotifyDraft, VrrpInstanceDraft, Written } from '../draft.ts'
import { KeywordBlock, expectNoWords, lineBlock, reportNotYet } from '../keyword-block.ts'
import { DEFAULT_PRIORITY } from '../model.ts'
import type { Family } from '../model.ts'
import { block, boolean, custom, flag, integer, seconds, UNREAD, words } from '../schema.ts'
import type { Keyword, KeywordTable, OpenBlock, ReadContext, Setting } from '../schema.ts'
import { shown } from '../excerpt.ts'
import {
  decodeBoolean,
  decodeInteger,
  decodeInterfaceName,
  isLinkLocalGroup,
  isMulticast,
  parseAddress,
  requiredWord,
  withoutRange,
} from '../values.ts'
import type { Directive, Word } from '../words.ts'
import { AUTHENTICATION } from './authentication.ts'
import { decodeScript } from './script.ts'
import { sharedKeywords } from './shared.ts'
import { decodeAddressLine } from './virtual-ipaddress.ts'

/** The highest priority that is no address owner: what a bare `timer_expired_backup` means. */
const HIGHEST_BACKUP_PRIORITY = 254

type Draft = VrrpInstanceDraft

export const VRRP_INSTANCE: KeywordTable<Draft> = new Map<string, Keyword<Draft>>([
  ...sharedKeywords(''),
  ['state', words(readState)],
  ['interface', custom(decodeInterface, (instance, name) => void instance.interfaces.push(name))],
  ['virtual_router_id', integer(1, 255, (instance, value, { span }) => void (instance.virtualRouterId = { value, span }))],
  // A bad priority becomes the default one.
  ['priority', integer(1, 255, (instance, priority) => void (instance.priority = priority), DEFAULT_PRIORITY)],
  [
    'advert_int',
    seconds(0.01, 255, (instance, value, { args, span }) => void (instance.advertIntUs = { value, span: args[0]?.span ?? span })),
  ],
  ['version', words(readVersion)],
  ['native_ipv6', words(readNativeIpv6)],
  ['virtual_ipaddress', block(openAddresses)],
  ['virtual_ipaddress_excluded', block(openExcludedAddresses)],
  ['no_virtual_ipaddress', flag((instance) => void (instance.noVirtualIpaddress = true))],
  ['mcast_src_ip', words(readSource)],
  ['mcast_dst_ip', words(readGroup)],
  ['preempt', flag((instance) => void delete instance.nopreempt)],
  ['nopreempt', flag((instance, { span }) => void (instance.nopreempt = span))],
  ['preempt_delay', seconds(0, 1000, (instance, value, { span }) => void (instance.preemptDelayUs = { value, span }), 0)],
  ['unicast_peer', block(openUnicastPeers)],
  ['authentication', block(openAuthentication)],
  ['notify', script('notify')],
  ['notify_master', script('notifyMaster')],
  ['notify_backup', script('notifyBackup')],
  ['notify_fault', script('notifyFault')],
  ['notify_stop', script('notifyStop')],
  ['timer_expired_backup', words(readTimerExpired)],
  ['thread_timer_expired', words(readTimerExpired)],
  ['skip_check_adv_addr', words(readSkipCheck)],
  ['v3_checksum_as_v2', boolean((instance, value) => void (instance.v3ChecksumAsV2 = value))],
  ['dont_track_primary', flag((instance) => void (instance.dontTrackPrimary = true))],
  ['debug', integer(0, 4, (instance, level) => void (instance.debug = level))],
])

/** Decides the family of an instance, or compares with what is decided. */
function agreesOnFamily(instance: Draft, family: Family): boolean {
  instance.family ??= family
  return instance.family === family
}

function readState(directive: Directive, instance: Draft, { diagnostics }: ReadContext): void {
  const word = requiredWord(directive, 'MASTER or BACKUP', diagnostics)
  if (word === undefined) return
  const { text, span } = word
  if (text === 'BACKUP' && instance.state?.value === 'MASTER') {
    diagnostics.error('conflicting-setting', span, 'the state is MASTER already; BACKUP is ignored')
    return
  }
  if (text !== 'MASTER' && text !== 'BACKUP') {
    const help = 'the states are `MASTER` and `BACKUP`, in upper case'
    diagnostics.error('invalid-word', span, `unknown state ${shown(text)}; BACKUP is used`, help)
  }
  instance.state = { value: text === 'MASTER' ? 'MASTER' : 'BACKUP', span }
}

function decodeInterface(directive: Directive, { diagnostics }: ReadContext): Written<string> | undefined {
  const word = requiredWord(directive, 'the name of an interface', diagnostics)
  const name = word === undefined ? undefined : decodeInterfaceName(word, diagnostics)
  if (word === undefined || name === undefined) return undefined
  if (name === 'lo') return diagnostics.error('invalid-word', word.span, 'VRRP cannot run on the loopback interface; the line is ignored')
  return { value: name, span: word.span }
}

/** Version 2 over IPv6 exists only where it is asked for before the family is known. */
function readVersion(directive: Directive, instance: Draft, { diagnostics }: ReadContext): void {
  const word = requiredWord(directive, '2 or 3', diagnostics)
  const value = word && decodeInteger(word, directive.keyword, { min: 2, max: 3 }, diagnostics)
  if (word === undefined || value === undefined) return
  const decided = instance.version ?? (instance.family === 6 ? 3 : value)
  if (decided === value) instance.version = value === 3 ? 3 : 2
  else
    diagnostics.error('conflicting-setting', word.span, `version ${value} conflicts with version ${decided} decided above; it is ignored`)
}

function readNativeIpv6(directive: Directive, instance: Draft, { diagnostics }: ReadContext): void {
  if (!agreesOnFamily(instance, 6)) {
    diagnostics.error('family-mismatch', directive.span, "'native_ipv6' is ignored: the instance uses IPv4")
    return
  }
  instance.version ??= 3
}

function openAddresses(directive: Directive, instance: Draft, context: ReadContext): OpenBlock {
  expectNoWords(directive, context)
  return lineBlock((line, lineContext) => {
    const address = decodeAddressLine(line, lineContext)
    if (address === undefined) return
    if (agreesOnFamily(instance, address.family)) {
      instance.virtualIpaddress.push(address)
      return
    }
    const message = `${shown(line.keyword)} is not IPv${instance.family} like the rest of instance ${shown(instance.name)}; it is ignored`
    const help = 'addresses of the other family go into virtual_ipaddress_excluded, or into an instance of their own'
    lineContext.diagnostics.error('family-mismatch', line.span, message, help)
  })
}

function openExcludedAddresses(directive: Directive, instance: Draft, context: ReadContext): OpenBlock {
  expectNoWords(directive, context)
  return lineBlock((line, lineContext) => {
    const address = decodeAddressLine(line, lineContext)
    if (address !== undefined) instance.virtualIpaddressExcluded.push(address)
  })
}

/** Not acted on yet: a start is refused, and what peers would permit is no mistake. */
function openUnicastPeers(directive: Directive, instance: Draft, context: ReadContext): OpenBlock {
  instance.isUnicast = true
  reportNotYet('vrrp_instance', directive, context)
  return UNREAD
}

/** keepalived says nothing about words in front of the brace, and no message repeats what may be the password. */
function openAuthentication({ args }: Directive, instance: Draft, { diagnostics }: ReadContext): OpenBlock {
  const [word] = args
  if (word !== undefined) diagnostics.info('no-effect', word.span, "'authentication' takes no name: this has no effect")
  return new KeywordBlock('vrrp_instance/authentication', AUTHENTICATION, instance)
}

/** An address that sources and groups take; what follows a slash or dash means nothing here. */
function decodeOwnAddress(
  directive: Directive,
  instance: Draft,
  { diagnostics }: ReadContext,
): { word: Word; address: string; family: Family } | undefined {
  const word = requiredWord(directive, 'an address', diagnostics)
  if (word === undefined) return undefined
  const parsed = parseAddress(withoutRange(word.text))
  if (parsed === undefined)
    return diagnostics.error('invalid-address', word.span, `${shown(word.text)} is not an address; the line is ignored`)
  if (agreesOnFamily(instance, parsed.family)) return { word, ...parsed }
  return diagnostics.error(
    'family-mismatch',
    word.span,
    `${shown(word.text)} is not IPv${instance.family} like instance ${shown(instance.name)}; it is ignored`,
  )
}

function readSource(directive: Directive, instance: Draft, context: ReadContext): void {
  const decoded = decodeOwnAddress(directive, instance, context)
  if (decoded !== undefined) instance.mcastSrcIp = decoded.address
}

function readGroup(directive: Directive, instance: Draft, context: ReadContext): void {
  const { diagnostics } = context
  const decoded = decodeOwnAddress(directive, instance, context)
  if (decoded === undefined) return
  const { word, address, family } = decoded
  const isGroup = family === 6 ? isLinkLocalGroup(address) : isMulticast(family, address)
  const wanted = family === 6 ? 'a link-local multicast address (ff02::/16)' : 'a multicast address'
  if (isGroup) instance.mcastDstIp = address
  else diagnostics.error('invalid-address', word.span, `${shown(word.text)} is not ${wanted}; the line is ignored`)
}

function script(field: keyof NotifyDraft): Setting<Draft> {
  return words((directive, instance, context) => {
    const command = decodeScript(directive, context)
    if (command === undefined) return
    if (instance.notify[field] === undefined) instance.notify[field] = { value: command, span: directive.span }
    else context.diagnostics.error('duplicate-setting', directive.span, `'${directive.keyword}' is set already; this line is ignored`)
  })
}

function readTimerExpired(directive: Directive, instance: Draft, { diagnostics }: ReadContext): void {
  if (directive.keyword !== 'timer_expired_backup') {
    const help = 'write `timer_expired_backup`'
    diagnostics.warning('deprecated-spelling', directive.span, `'${directive.keyword}' is another spelling of 'timer_expired_backup'`, help)
  }
  const [word] = directive.args
  const bounds = { min: 1, max: HIGHEST_BACKUP_PRIORITY }
  const value = word === undefined ? HIGHEST_BACKUP_PRIORITY : decodeInteger(word, directive.keyword, bounds, diagnostics)
  if (value !== undefined) instance.timerExpiredBackup = { value, span: directive.span }
}

/** `off` means off here, as the manual says; keepalived 2.4.3 switches the option on whatever the word. */
function readSkipCheck(directive: Directive, instance: Draft, { diagnostics }: ReadContext): void {
  const value = decodeBoolean(directive, diagnostics)
  if (value === undefined) return
  instance.skipCheckAdvAddr = value
  if (!value) {
    const message = "'skip_check_adv_addr' is switched off by this line; keepalived 2.4.3 switches it on, against its manual"
    diagnostics.info('differs-from-keepalived', directive.span, message)
  }
}
