/** One `vrrp_instance`: defaults, and the rules among its own lines (vrrp.md §1, §5.2, §8). */
import type { VrrpInstanceDraft, VrrpSyncGroupDraft } from '../drafts.ts'
import { VRRP_INSTANCE } from '../keywords/vrrp-instance.ts'
import type { Authentication, VrrpInstance } from '../model.ts'
import { respell, secondsText } from '../diagnostics/fix.ts'
import { US_PER_S } from '../forms/numbers.ts'
import { blockSpan, findLines, settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import { decodeText, placeText } from '../text/source.ts'
import { DEFAULT_PRIORITY, OWNER } from '../tables/priorities.ts'
import type { ReadContext } from '../tables/schema.ts'
import { linkAddresses } from './addresses.ts'
import { authenticationOctets, linkAuthentication, linkHmac } from './authentication.ts'
import { complete } from './complete.ts'
import type { Defaults } from './defaults.ts'
import { linkRoutes } from './routes.ts'
import { linkRules } from './rules.ts'
import { linkNotify } from './notify.ts'
import type { LinkContext } from './scripts.ts'
import { linkPromoteSecondaries, linkXmitBase, reportOwnLink } from './own-links.ts'
import { makeStrict } from './strict.ts'
import type { Trackables } from './trackables.ts'
import { linkTracking } from './tracking.ts'
import { isUnicast, linkUnicast } from './unicast.ts'
import { instanceOwner } from './weights.ts'

/** The resolution of the version 3 interval. */
const CENTISECOND_US = 10_000
/** 12 bits of centiseconds. */
const MAX_V3_INTERVAL_US = 4095 * CENTISECOND_US

type Draft = VrrpInstanceDraft

/** Of blocks that are never closed there may be many, each as long as the rest of the file. */
const LOOKED_AT = 500

/** The instance, or `undefined` when it lacks what it cannot be without; everything wrong is reported. */
export function linkInstance(written: Draft, defaults: Defaults, known: Trackables, context: LinkContext): VrrpInstance | undefined {
  const strictMode = written.strictMode ?? defaults.strictMode
  const draft = strictMode ? makeStrict(written, defaults, context) : written
  const { name = '' } = draft
  const family = draft.family ?? 4
  const version = draft.version ?? (family === 6 ? 3 : defaults.version)
  const priority = draft.priority ?? (draft.state === 'MASTER' ? OWNER : DEFAULT_PRIORITY)
  const device = linkInterface(draft, defaults, context)
  const authentication = linkAuthentication(draft, version, context)
  const state = linkState(draft, priority, authentication, context)
  const { virtualRouterId } = draft
  if (virtualRouterId === undefined) {
    const help = 'each instance has `virtual_router_id` 1 to 255, the same on all its routers'
    const message = `instance ${shown(name)} has no virtual_router_id${thatCounts(draft, 'virtual_router_id', context)}`
    context.diagnostics.error('missing-vrid', blockSpan(draft, context), message, help)
  }
  reportOwnLink(draft, family, context)
  const preempt = linkPreempt(draft, priority, state, context)
  const advertIntUs = linkInterval(draft, version, context)
  const authHmac = linkHmac(draft, advertIntUs, context)
  const trailers = authenticationOctets(family, version, authentication, authHmac)
  const linked = complete<VrrpInstance>(
    VRRP_INSTANCE,
    draft,
    {
      family,
      version,
      priority,
      state,
      strictMode,
      noVirtualIpaddress: !strictMode && (written.noVirtualIpaddress ?? false),
      isStateExplicit: draft.state !== undefined,
      advertIntUs,
      preempt,
      preemptDelayUs: linkPreemptDelay(draft, preempt, state, context),
      timerExpiredBackup: linkTimerExpired(draft, preempt, context),
      mcastDstIp: draft.mcastDstIp ?? (family === 6 ? defaults.group6 : defaults.group4),
      ...linkUnicast(draft, device, context),
      ...linkAddresses(draft, trailers, device, version, defaults, context),
      ...linkTracking(draft, instanceOwner(draft, known.groups.get(name)), known, context),
      virtualRoutes: linkRoutes(draft.virtualRoutes ?? [], defaults, context),
      virtualRules: linkRules(draft.virtualRules ?? [], defaults, context),
      authentication,
      authHmac,
      accept: linkAccept(draft, priority, context),
      vmacXmitBase: linkXmitBase(draft, context),
      promoteSecondaries: linkPromoteSecondaries(draft, context),
      ...linkNotify(draft, context),
    },
    inheritedBy(known.groups.get(name), defaults),
  )
  return (device === undefined && linked.unicastPeer.length === 0) || virtualRouterId === undefined ? undefined : linked
}

/** A sync group whose members' changes of priority are told says so for each that says nothing itself. */
function inheritedBy(group: VrrpSyncGroupDraft | undefined, { inherited }: Defaults): Partial<VrrpInstance> {
  return group?.notifyPriorityChanges === true ? { ...inherited, notifyPriorityChanges: true } : inherited
}

function linkInterface(draft: Draft, defaults: Defaults, context: ReadContext): string | undefined {
  const { diagnostics, host, tokens } = context
  const name = (): string => shown(draft.name ?? '')
  for (const at of draft.interfaceLines ?? []) {
    const device = decodeText(tokens.text(at))
    if (defaults.isInterfaceOptional || host.hasInterface(device)) continue
    const help = 'an interface may be missing at start with `dynamic_interfaces` in global_defs'
    diagnostics.error('unknown-interface', tokens.span(at), `interface ${shown(device)} of instance ${name()} does not exist`, help)
  }
  if (draft.interface !== undefined || isUnicast(draft)) return draft.interface
  const message = `instance ${name()} has no interface${thatCounts(draft, 'interface', context)}`
  return diagnostics.error('missing-interface', blockSpan(draft, context), message, 'name it with `interface`')
}

/** Where what is missing is written all the same: what is wrong with it is said there. */
function thatCounts(draft: Draft, keyword: string, { tokens }: ReadContext): string {
  const at = findLines(tokens, draft.at, [keyword], LOOKED_AT).at(-1)
  return at === undefined ? '' : ` that counts: see ${placeText(tokens.span(at))}`
}

/** AH does not go with a start as Master of anybody but an address owner. */
function linkState(draft: Draft, priority: number, authentication: Authentication | undefined, context: ReadContext): 'MASTER' | 'BACKUP' {
  const state = draft.state ?? (priority === OWNER ? 'MASTER' : 'BACKUP')
  if (authentication?.authType !== 'AH' || state === 'BACKUP' || priority === OWNER) return state
  const message = `the initial state MASTER of instance ${shown(draft.name ?? '')} does not go with authentication AH; BACKUP is used`
  context.diagnostics.error('conflicting-setting', valueSpan(draft, 'state', context), message)
  return 'BACKUP'
}

/** The addresses of an owner are its own. */
function linkAccept(draft: Draft, priority: number, context: ReadContext): boolean {
  const { accept = true, name = '' } = draft
  if (accept || priority !== OWNER) return accept
  const message = `instance ${shown(name)} accepts packets to its addresses all the same: it owns them (priority 255)`
  context.diagnostics.info('no-effect', settingSpan(draft, 'no_accept', context), message)
  return true
}

/** A Master from the start, and an address owner, cannot wait for others. */
function linkPreempt(draft: Draft, priority: number, state: string, context: ReadContext): boolean {
  if (draft.preempt !== false) return true
  if (priority !== OWNER && state !== 'MASTER') return false
  const reason = priority === OWNER ? 'priority 255' : 'the initial state MASTER'
  const span = settingSpan(draft, 'nopreempt', context)
  const help = 'say `state BACKUP` and a priority up to 254 on every router'
  context.diagnostics.error('nopreempt-with-master', span, `'nopreempt' does not go with ${reason}; it is ignored`, help)
  return true
}

function linkPreemptDelay(draft: Draft, preempt: boolean, state: string, context: ReadContext): number {
  const { preemptDelayUs = 0 } = draft
  if (preemptDelayUs === 0 || (state !== 'MASTER' && preempt)) return preemptDelayUs
  const reason = preempt ? 'the initial state MASTER' : "'nopreempt'"
  const span = settingSpan(draft, 'preempt_delay', context)
  context.diagnostics.error('conflicting-setting', span, `'preempt_delay' does not go with ${reason}; it is ignored`)
  return 0
}

function linkTimerExpired(draft: Draft, preempt: boolean, context: ReadContext): number | undefined {
  if (draft.timerExpiredBackup === undefined || !preempt) return draft.timerExpiredBackup
  const span = settingSpan(draft, ['timer_expired_backup', 'thread_timer_expired'], context)
  delete draft.timerExpiredBackup
  return context.diagnostics.error('conflicting-setting', span, "'timer_expired_backup' needs 'nopreempt'; it is ignored")
}

/** Rounds to what the version can carry: whole seconds, or centiseconds up to 40.95 s. */
function linkInterval(draft: Draft, version: number, context: ReadContext): number {
  const { advertIntUs, name = '' } = draft
  if (advertIntUs === undefined) return US_PER_S
  const unit = version === 2 ? US_PER_S : CENTISECOND_US
  const rounded = Math.max(unit, Math.floor(advertIntUs / unit + 0.5) * unit)
  const fitting = version === 3 ? Math.min(rounded, MAX_V3_INTERVAL_US) : rounded
  if (fitting !== advertIntUs) {
    const limit =
      version === 2 ? 'VRRP version 2 advertises in whole seconds' : 'VRRP version 3 advertises in steps of 0.01 s, up to 40.95 s'
    const help = version === 2 ? 'for shorter intervals set `version 3` on all routers of the instance' : undefined
    const span = valueSpan(draft, 'advert_int', context)
    const used = secondsText(fitting)
    const code = version === 2 && advertIntUs < US_PER_S ? 'version-2-sub-second' : 'interval-rounded'
    context.diagnostics.error(code, span, `${limit}: instance ${shown(name)} uses ${used} s`, help, respell(span, used))
  }
  return fitting
}
