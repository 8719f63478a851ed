/** One `vrrp_instance`: defaults, and the rules among its own lines (vrrp.md §1, §5.2, §8). */
import type { SharedDraft, VrrpInstanceDraft } from './draft.ts'
import { shown } from './excerpt.ts'
import { REFUSED } from './keywords/not-yet.ts'
import { linkAddresses } from './link-addresses.ts'
import { makeStrict } from './link-strict.ts'
import { DEFAULT_PRIORITY, OWNER } from './model.ts'
import type { GarpSchedule, NotifyScripts, PassAuthentication, VrrpInstance } from './model.ts'
import type { ReadContext } from './schema.ts'
import { US_PER_S } from './values.ts'

/** What global_defs says about instances, defaults applied. */
export interface Defaults extends Required<Omit<SharedDraft, 'garp'>> {
  /** `dynamic_interfaces`. */
  readonly isInterfaceOptional: boolean
  readonly version: 2 | 3
  readonly group4: string
  readonly group6: string
  readonly garp: GarpSchedule
}

/** The resolution of the version 3 interval. */
const CENTISECOND_US = 10_000
/** 12 bits of centiseconds. */
const MAX_V3_INTERVAL_US = 4095 * CENTISECOND_US

type Draft = VrrpInstanceDraft

/** The instance, or `undefined` when it lacks what it cannot be without; everything wrong is reported. */
export function linkInstance(written: Draft, defaults: Defaults, context: ReadContext): VrrpInstance | undefined {
  const draft = (written.strictMode ?? defaults.strictMode) ? makeStrict(written, defaults, context) : written
  const family = draft.family ?? 4
  const version = draft.version ?? (family === 6 ? 3 : defaults.version)
  const priority = draft.priority ?? (draft.state?.value === 'MASTER' ? OWNER : DEFAULT_PRIORITY)
  const state = draft.state?.value ?? (priority === OWNER ? 'MASTER' : 'BACKUP')
  const device = linkInterface(draft, defaults, context)
  const virtualRouterId = draft.virtualRouterId?.value
  if (virtualRouterId === undefined) {
    const help = 'each instance has `virtual_router_id` 1 to 255, the same on all its routers'
    context.diagnostics.error('missing-vrid', draft.span, `instance ${shown(draft.name)} has no virtual_router_id`, help)
  }
  const { virtualIpaddress, virtualIpaddressExcluded } = linkAddresses(draft, version, device, defaults, context)
  const preempt = linkPreempt(draft, priority, state, context)
  const linked = {
    name: draft.name,
    family,
    version,
    priority,
    state,
    isStateExplicit: draft.state !== undefined,
    advertIntUs: linkInterval(draft, version, context),
    downTimerAdverts: draft.downTimerAdverts ?? defaults.downTimerAdverts,
    preempt,
    preemptDelayUs: linkPreemptDelay(draft, preempt, state, context),
    timerExpiredBackup: linkTimerExpired(draft, preempt, context),
    mcastSrcIp: draft.mcastSrcIp,
    mcastDstIp: draft.mcastDstIp ?? (family === 6 ? defaults.group6 : defaults.group4),
    authentication: linkAuthentication(draft, version, context),
    virtualIpaddress,
    virtualIpaddressExcluded,
    garp: { ...defaults.garp, ...draft.garp },
    lowerPrioNoAdvert: draft.lowerPrioNoAdvert ?? defaults.lowerPrioNoAdvert,
    higherPrioSendAdvert: draft.higherPrioSendAdvert ?? defaults.higherPrioSendAdvert,
    ownerIgnoreAdverts: draft.ownerIgnoreAdverts ?? defaults.ownerIgnoreAdverts,
    skipCheckAdvAddr: draft.skipCheckAdvAddr ?? defaults.skipCheckAdvAddr,
    v3ChecksumAsV2: draft.v3ChecksumAsV2 ?? defaults.v3ChecksumAsV2,
    dontTrackPrimary: draft.dontTrackPrimary ?? false,
    notify: linkScripts(draft),
    debug: draft.debug ?? 0,
  } satisfies Omit<VrrpInstance, 'interface' | 'virtualRouterId'>
  if (device === undefined || virtualRouterId === undefined) return undefined
  return { ...linked, interface: device, virtualRouterId }
}

function linkInterface(draft: Draft, defaults: Defaults, { diagnostics, host }: ReadContext): string | undefined {
  const { interfaces } = draft
  const name = shown(draft.name)
  for (const { value, span } of interfaces) {
    if (defaults.isInterfaceOptional || host.hasInterface(value)) continue
    const help = 'an interface may be missing at start with `dynamic_interfaces` in global_defs'
    diagnostics.error('unknown-interface', span, `interface ${shown(value)} of instance ${name} does not exist`, help)
  }
  if (draft.isUnicast === true && interfaces.length === 0) return undefined
  return interfaces.at(-1)?.value ?? diagnostics.error('missing-interface', draft.span, `instance ${name} has no interface`)
}

/** A Master from the start, and an address owner, cannot wait for others. */
function linkPreempt(draft: Draft, priority: number, state: string, { diagnostics }: ReadContext): boolean {
  if (draft.nopreempt === undefined) return true
  if (priority !== OWNER && state !== 'MASTER') return false
  const reason = priority === OWNER ? 'priority 255' : 'the initial state MASTER'
  diagnostics.error('conflicting-setting', draft.nopreempt, `'nopreempt' does not go with ${reason}; it is ignored`)
  return true
}

function linkPreemptDelay({ preemptDelayUs }: Draft, preempt: boolean, state: string, { diagnostics }: ReadContext): number {
  if (preemptDelayUs === undefined || preemptDelayUs.value === 0) return 0
  if (state !== 'MASTER' && preempt) return preemptDelayUs.value
  const reason = preempt ? 'the initial state MASTER' : "'nopreempt'"
  diagnostics.error('conflicting-setting', preemptDelayUs.span, `'preempt_delay' does not go with ${reason}; it is ignored`)
  return 0
}

function linkTimerExpired({ timerExpiredBackup }: Draft, preempt: boolean, { diagnostics }: ReadContext): number | undefined {
  if (timerExpiredBackup === undefined) return undefined
  if (!preempt) return timerExpiredBackup.value
  return diagnostics.error('conflicting-setting', timerExpiredBackup.span, "'timer_expired_backup' needs 'nopreempt'; it is ignored")
}

/** Rounds to what the version can carry: whole seconds, or centiseconds up to 40.95 s. */
function linkInterval({ advertIntUs, name }: Draft, version: 2 | 3, { diagnostics }: ReadContext): number {
  if (advertIntUs === undefined) return US_PER_S
  const { value, span } = advertIntUs
  const unit = version === 2 ? US_PER_S : CENTISECOND_US
  const rounded = Math.max(unit, Math.floor(value / unit + 0.5) * unit)
  const fitting = version === 3 ? Math.min(rounded, MAX_V3_INTERVAL_US) : rounded
  if (fitting !== value) {
    const limit =
      version === 2 ? 'VRRP version 2 advertises in whole seconds' : 'VRRP version 3 advertises in steps of 0.01 s, up to 40.95 s'
    const help = version === 2 ? 'for shorter intervals set `version 3` on all routers of the instance' : undefined
    diagnostics.error('interval-rounded', span, `${limit}: instance ${shown(name)} uses ${fitting / US_PER_S} s`, help)
  }
  return fitting
}

/** Never silently without: each way to end up unauthenticated is reported. */
function linkAuthentication(draft: Draft, version: 2 | 3, { diagnostics }: ReadContext): PassAuthentication | undefined {
  const { authType, authPass, name } = draft
  if (authType === undefined) {
    if (authPass === undefined) return undefined
    const message = `instance ${shown(name)} has a password but no auth_type: it runs without authentication`
    return diagnostics.warning('no-authentication', authPass.span, message, 'add `auth_type PASS`')
  }
  const without = `instance ${shown(name)} runs without authentication`
  if (version === 3) return diagnostics.error('authentication-dropped', authType.span, `VRRP version 3 has no authentication: ${without}`)
  if (draft.family === 6)
    return diagnostics.error('authentication-dropped', authType.span, `VRRP over IPv6 has no authentication: ${without}`)
  if (authPass === undefined)
    return diagnostics.error('authentication-dropped', authType.span, `no password is given: ${without}`, 'add `auth_pass`')
  if (authType.value === 'PASS') return { type: 'PASS', password: authPass.value }
  const message = `authentication AH is known, but not supported yet: instance ${shown(name)} cannot run without it; ${REFUSED}`
  return diagnostics.warning('cannot-run-without', authType.span, message, 'AH protects with MD5 only; `auth_type PASS` is supported')
}

function linkScripts({ notify }: Draft): NotifyScripts {
  return {
    notify: notify.notify?.value,
    notifyMaster: notify.notifyMaster?.value,
    notifyBackup: notify.notifyBackup?.value,
    notifyFault: notify.notifyFault?.value,
    notifyStop: notify.notifyStop?.value,
  }
}
