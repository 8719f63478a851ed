import type { EngineConfig, GarpConfig, InstanceConfig, Track, VirtualAddress as NativeAddress } from '#native'
import type { Config, TrackedScript, VirtualAddress, VrrpInstance } from '../config/model.ts'
import { NO_TRACKERS } from '../track/trackers.ts'
import type { Trackers } from '../track/trackers.ts'

const US_PER_MS = 1_000
const US_PER_S = 1_000_000

/**
 * The engine's view of a configuration: the only conversion there is on this side of the addon.
 *
 * @param trackers what can be tracked; what else instances track is left out
 */
export function lower(config: Config, trackers: Trackers = NO_TRACKERS): EngineConfig {
  return {
    startupDelayMs: Math.ceil(config.globalDefs.vrrpStartupDelayUs / US_PER_MS),
    trackers: [...trackers.configs],
    instances: config.vrrpInstances.map((instance) => lowerInstance(instance, config.globalDefs.dynamicInterfaces, trackers)),
  }
}

function lowerInstance(instance: VrrpInstance, dynamicInterface: boolean, trackers: Trackers): InstanceConfig {
  const known = new Map<string, NativeAddress>()
  const lowerAddresses = (addresses: readonly VirtualAddress[]): NativeAddress[] => addresses.map((address) => asFirstSaid(address, known))
  return {
    name: instance.name,
    // Without one, an instance is refused until unicast is acted on.
    interface: instance.interface ?? '',
    dynamicInterface,
    family: instance.family,
    version: instance.version,
    vrid: instance.virtualRouterId,
    priority: instance.priority,
    ...(instance.isStateExplicit ? { initialState: instance.state } : {}),
    advertIntUs: instance.advertIntUs,
    downTimerAdverts: instance.downTimerAdverts,
    preempt: instance.preempt,
    preemptDelayUs: instance.preemptDelayUs,
    ...optional('sourceAddress', instance.mcastSrcIp),
    group: instance.mcastDstIp,
    ...optional('authPass', instance.authentication?.authPass?.reveal()),
    lowerPrioNoAdvert: instance.lowerPrioNoAdvert,
    higherPrioSendAdvert: instance.higherPrioSendAdvert,
    ownerIgnoreAdverts: instance.ownerIgnoreAdverts,
    skipCheckAdvAddr: instance.skipCheckAdvAddr,
    v3ChecksumAsV2: instance.v3ChecksumAsV2,
    ...optional('timerExpiredBackup', instance.timerExpiredBackup),
    dontTrackPrimary: instance.dontTrackPrimary,
    garp: lowerGarp(instance),
    virtualAddresses: lowerAddresses(instance.virtualIpaddress),
    excludedAddresses: lowerAddresses(instance.virtualIpaddressExcluded),
    tracks: instance.trackScript.flatMap((line) => lowerTrack(line, trackers)),
  }
}

function lowerTrack({ name, weight, reverse }: TrackedScript, { idOf }: Trackers): Track[] {
  const tracker = idOf(name)
  return tracker === undefined ? [] : [{ tracker, weight, reverse }]
}

function lowerGarp(instance: VrrpInstance): GarpConfig {
  // `vrrp_min_garp` repeats with no rounds, which is not at all.
  const isRefreshed = instance.garpMasterRefreshRepeat > 0
  return {
    masterDelayMs: instance.garpMasterDelayUs / US_PER_MS,
    masterRepeat: instance.garpMasterRepeat,
    masterRefreshS: isRefreshed ? instance.garpMasterRefreshUs / US_PER_S : 0,
    masterRefreshRepeat: isRefreshed ? instance.garpMasterRefreshRepeat : 1,
    lowerPrioDelayMs: instance.garpLowerPrioDelayUs / US_PER_MS,
    lowerPrioRepeat: instance.garpLowerPrioRepeat,
  }
}

/** The address as the first line says that has it on this interface: an interface carries it once. */
function asFirstSaid(address: VirtualAddress, known: Map<string, NativeAddress>): NativeAddress {
  const key = `${address.address} ${address.dev}`
  const first = known.get(key) ?? lowerAddress(address)
  known.set(key, first)
  return first
}

function lowerAddress(address: VirtualAddress): NativeAddress {
  return {
    address: address.address,
    prefixLength: address.prefixLength,
    interface: address.dev,
    scope: address.scope,
    ...optional('label', address.label),
    ...optional('broadcast', address.brd),
    ...optional('peer', address.peer),
    ...optional('preferredLifetimeS', address.preferredLftS),
    noDad: address.noDad,
    home: address.home,
    manageTemporary: address.mngtmpaddr,
    noPrefixRoute: address.noprefixroute,
    autoJoin: address.autojoin,
  }
}

/** A property that is absent where there is no value: the addon takes no `undefined` for it. */
function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  const property: { [P in K]?: V } = {}
  if (value !== undefined) property[name] = value
  return property
}
