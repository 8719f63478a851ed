/** What the keyword tables fill in: only what is written, with the places that cross-block rules point at. */
import type { Family, ScriptAccount, ScriptCommand, Secret, VirtualAddress } from './model.ts'
import type { Span } from './source.ts'

/** A value and where it is written. */
export interface Written<T> {
  readonly value: T
  readonly span: Span
}

/** A configuration as written. */
export interface ConfigDraft {
  instance: string | undefined
  /** `net_namespace`: interfaces are those of another network, which cannot be looked up here. */
  isElsewhere: boolean
  readonly globals: GlobalsDraft
  /** In file order; names are unique. */
  readonly instances: Map<string, VrrpInstanceDraft>
}

/** `garp_*` and `vrrp_garp_*` as written. */
export interface GarpDraft {
  masterDelayUs?: number
  masterRepeat?: number
  masterRefreshUs?: number
  masterRefreshRepeat?: number
  lowerPrioDelayUs?: number
  lowerPrioRepeat?: number
}

/** What the bursts of a new Master are when nobody says otherwise. */
export const DEFAULT_GARP = { masterDelayUs: 5_000_000, masterRepeat: 5, masterRefreshUs: 0, masterRefreshRepeat: 1 } as const

/** Settings that exist for one instance, and globally as its default. */
export interface SharedDraft {
  downTimerAdverts?: number
  lowerPrioNoAdvert?: boolean
  higherPrioSendAdvert?: boolean
  ownerIgnoreAdverts?: boolean
  strictMode?: boolean
  skipCheckAdvAddr?: boolean
  v3ChecksumAsV2?: boolean
  readonly garp: GarpDraft
}

/** `global_defs` as written. */
export interface GlobalsDraft extends SharedDraft {
  routerId?: string
  vrrpVersion?: 2 | 3
  vrrpMcastGroup4?: string
  vrrpMcastGroup6?: string
  vrrpStartupDelayUs?: number
  vrrpRtPriority?: number
  dynamicInterfaces?: boolean
  allowIfChanges?: boolean
  defaultInterface?: string
  /** `invalid`: it names an account that does not exist; then no other line helps. */
  scriptUser?: ScriptAccount | 'invalid'
  enableScriptSecurity?: boolean
}

/** An address line as written: `dev` is not filled in yet. */
export interface VirtualAddressDraft extends Omit<VirtualAddress, 'dev'> {
  readonly dev: Written<string> | undefined
  readonly span: Span
}

/** The scripts of an instance as written. */
export interface NotifyDraft {
  notify?: Written<ScriptCommand>
  notifyMaster?: Written<ScriptCommand>
  notifyBackup?: Written<ScriptCommand>
  notifyFault?: Written<ScriptCommand>
  notifyStop?: Written<ScriptCommand>
}

/** A `vrrp_instance` as written. */
export interface VrrpInstanceDraft extends SharedDraft {
  readonly name: string
  /** Where its name stands. */
  readonly span: Span
  /** Decided by the first keyword that has a family. */
  family?: Family
  version?: 2 | 3
  /** The last one counts; a former one that does not exist is a mistake all the same. */
  readonly interfaces: Written<string>[]
  virtualRouterId?: Written<number>
  state?: Written<'MASTER' | 'BACKUP'>
  priority?: number
  advertIntUs?: Written<number>
  nopreempt?: Span
  preemptDelayUs?: Written<number>
  timerExpiredBackup?: Written<number>
  mcastSrcIp?: string
  mcastDstIp?: string
  noVirtualIpaddress?: boolean
  /** It has unicast peers: it may do without an interface, and share its VRID. */
  isUnicast?: boolean
  dontTrackPrimary?: boolean
  debug?: number
  authType?: Written<'PASS' | 'AH'>
  authPass?: Written<Secret>
  readonly virtualIpaddress: VirtualAddressDraft[]
  readonly virtualIpaddressExcluded: VirtualAddressDraft[]
  readonly notify: NotifyDraft
}

/** A configuration in which nothing is written yet. */
export function emptyDraft(): ConfigDraft {
  return { instance: undefined, isElsewhere: false, globals: { garp: {} }, instances: new Map() }
}

/** An instance in which nothing is written yet. */
export function emptyInstance(name: string, span: Span): VrrpInstanceDraft {
  return { name, span, interfaces: [], garp: {}, virtualIpaddress: [], virtualIpaddressExcluded: [], notify: {} }
}
