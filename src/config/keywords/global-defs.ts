/** `global_defs`. */
import { DEFAULT_GARP } from '../draft.ts'
import type { GarpDraft, GlobalsDraft } from '../draft.ts'
import { INCLUDE_CHECK_WORDS, NO_CHECKS, applyIncludeCheck } from '../include.ts'
import { reportNotYet } from '../keyword-block.ts'
import type { Family } from '../model.ts'
import { boolean, custom, flag, integer, seconds, words } from '../schema.ts'
import type { Keyword, KeywordTable, ReadContext } from '../schema.ts'
import { shown } from '../excerpt.ts'
import { isLinkLocalGroup, isMulticast, parseAddress, parseInteger, requiredWord, US_PER_S, withoutRange } from '../values.ts'
import type { Directive } from '../words.ts'
import { decodeAccount } from './script.ts'
import { sharedKeywords } from './shared.ts'

/** From here on keepalived itself remarks on a start-up delay. */
const LONG_STARTUP_DELAY_US = 60 * US_PER_S
/** What comes of a bad `script_user`. */
const SCRIPT_USER_FAILS = 'scripts without an account of their own are not run'
/** The limits of SCHED_RR on Linux. */
const MIN_RT_PRIORITY = 1
const MAX_RT_PRIORITY = 99

export const GLOBAL_DEFS: KeywordTable<GlobalsDraft> = new Map<string, Keyword<GlobalsDraft>>([
  ...sharedKeywords('vrrp_'),
  ['router_id', custom(optionalName, (globals, name) => void (globals.routerId = name))],
  ['vrrp_version', integer(2, 3, (globals, version) => void (globals.vrrpVersion = version === 3 ? 3 : 2))],
  ['vrrp_mcast_group4', custom(groupDecoder(4), (globals, group) => void (globals.vrrpMcastGroup4 = group))],
  ['vrrp_mcast_group6', custom(groupDecoder(6), (globals, group) => void (globals.vrrpMcastGroup6 = group))],
  // False cannot undo an earlier true: the manual's word for keepalived's behaviour.
  ['vrrp_min_garp', boolean(({ garp }, value) => value && reduceGarp(garp))],
  ['vrrp_skip_check_adv_addr', boolean((globals, value) => void (globals.skipCheckAdvAddr = value))],
  ['v3_checksum_as_v2', flag((globals) => void (globals.v3ChecksumAsV2 = true))],
  ['vrrp_startup_delay', words(decodeStartupDelay)],
  ['dynamic_interfaces', words(decodeDynamicInterfaces)],
  ['default_interface', custom(optionalName, (globals, name) => void (globals.defaultInterface = name))],
  ['script_user', words(readScriptUser)],
  ['enable_script_security', words(readScriptSecurity)],
  ['vrrp_rt_priority', words(decodeRtPriority)],
  ['include_check', words(decodeIncludeCheck)],
])

/** The first word, for keywords whose missing value is a plain error. */
export function optionalName(directive: Directive, { diagnostics }: ReadContext): string | undefined {
  const [word] = directive.args
  return word?.text ?? diagnostics.error('missing-name', directive.span, `'${directive.keyword}' takes a name; the line is ignored`)
}

function groupDecoder(family: Family): (directive: Directive, context: ReadContext) => string | undefined {
  return (directive, { diagnostics }) => {
    const word = requiredWord(directive, `an IPv${family} multicast address`, diagnostics)
    if (word === undefined) return undefined
    const { text, span } = word
    const parsed = parseAddress(withoutRange(text))
    if (parsed === undefined) return diagnostics.error('invalid-address', span, `${shown(text)} is not an address`)
    if (parsed.family !== family) return diagnostics.error('family-mismatch', span, `${shown(text)} is not an IPv${family} address`)
    if (!isMulticast(family, parsed.address)) return diagnostics.error('invalid-address', span, `${shown(text)} is not a multicast address`)
    if (family === 6 && !isLinkLocalGroup(parsed.address)) {
      diagnostics.warning('group-not-link-local', span, `${shown(text)} should have link-local scope (ff02::/16)`)
    }
    return parsed.address
  }
}

function decodeStartupDelay(directive: Directive, globals: GlobalsDraft, context: ReadContext): void {
  STARTUP_DELAY.decode(directive, globals, context)
  const { vrrpStartupDelayUs = 0 } = globals
  if (vrrpStartupDelayUs < LONG_STARTUP_DELAY_US) return
  const message = `VRRP will be held back for ${vrrpStartupDelayUs / US_PER_S} seconds after each start`
  context.diagnostics.info('long-startup-delay', directive.span, message)
}

function decodeDynamicInterfaces(directive: Directive, globals: GlobalsDraft, { diagnostics }: ReadContext): void {
  globals.dynamicInterfaces = true
  const [word] = directive.args
  if (word === undefined) return
  const message = `unknown option ${shown(word.text)} of 'dynamic_interfaces'`
  if (word.text === 'allow_if_changes') globals.allowIfChanges = true
  else diagnostics.error('invalid-option', word.span, message, 'the only option is `allow_if_changes`')
}

/** A bad account is kept as such: scripts that rely on it must not run as anybody else. */
function readScriptUser(directive: Directive, globals: GlobalsDraft, context: ReadContext): void {
  const [user, group] = directive.args
  if (user === undefined) {
    optionalName(directive, context)
    return
  }
  const account = decodeAccount(user, group, SCRIPT_USER_FAILS, context) ?? 'invalid'
  if (globals.scriptUser !== 'invalid') globals.scriptUser = account
}

/** Kept although it is not acted on yet: without it, a script that runs as root is reported. */
function readScriptSecurity(directive: Directive, globals: GlobalsDraft, context: ReadContext): void {
  globals.enableScriptSecurity = true
  reportNotYet('global_defs', directive, context)
}

/** Values outside the limits of SCHED_RR are reported and moved to the nearest. */
function decodeRtPriority(directive: Directive, globals: GlobalsDraft, { diagnostics }: ReadContext): void {
  const [word] = directive.args
  const range = `a priority from ${MIN_RT_PRIORITY} to ${MAX_RT_PRIORITY}`
  if (word === undefined) {
    diagnostics.error('missing-name', directive.span, `'${directive.keyword}' takes ${range}; the line is ignored`)
    return
  }
  const value = parseInteger(word.text)
  if (value === undefined) {
    diagnostics.error('invalid-number', word.span, `${shown(word.text)} is not a whole number`, `expected ${range}`)
    return
  }
  const clamped = Math.min(Math.max(value, MIN_RT_PRIORITY), MAX_RT_PRIORITY)
  globals.vrrpRtPriority = clamped
  if (clamped !== value) diagnostics.error('value-replaced', word.span, `real-time priority ${value} does not exist; ${clamped} is used`)
}

/**
 * Reduces the bursts that are what they are by default when the line is read, whether or not somebody wrote
 * so; what is set after it stays as it is set.
 */
function reduceGarp(garp: GarpDraft): void {
  if ((garp.masterDelayUs ?? DEFAULT_GARP.masterDelayUs) === DEFAULT_GARP.masterDelayUs) garp.masterDelayUs = 0
  if ((garp.masterRepeat ?? DEFAULT_GARP.masterRepeat) === DEFAULT_GARP.masterRepeat) garp.masterRepeat = 1
  if ((garp.masterRefreshRepeat ?? DEFAULT_GARP.masterRefreshRepeat) === DEFAULT_GARP.masterRefreshRepeat) garp.masterRefreshRepeat = 0
}

/** Its effect comes while lines are read (expand.ts); here its words are checked. */
function decodeIncludeCheck(directive: Directive, _: GlobalsDraft, { diagnostics }: ReadContext): void {
  const { rejected } = applyIncludeCheck(
    directive.args.map(({ text }) => text),
    NO_CHECKS,
  )
  for (const word of directive.args) {
    if (!rejected.includes(word.text)) continue
    const help = `it takes ${INCLUDE_CHECK_WORDS.join(', ')}, each after the first with + or -`
    diagnostics.error('invalid-option', word.span, `${shown(word.text)} is ignored by 'include_check'`, help)
  }
}

const STARTUP_DELAY = seconds<GlobalsDraft>(0.001, 4294.967295, (globals, us) => void (globals.vrrpStartupDelayUs = us))
