import type { EngineConfig, GarpConfig, InstanceConfig, Track } from '#native'
import type { Config, GlobalDefs, VrrpInstance } from '../config/model.ts'
import { impliedInterfaces } from '../track/implied-interfaces.ts'
import { NO_TRACKERS } from '../track/trackers.ts'
import type { Trackers } from '../track/trackers.ts'
import { lowerAddresses } from './lower-addresses.ts'
import { lowerAuthentication, lowerChecksum } from './lower-authentication.ts'
import { extraInterfacesS, lowerLinks } from './lower-links.ts'
import { groupsOf, lowerTracks } from './lower-tracks.ts'
import { lowerRoutes } from './lower-routes.ts'
import { lowerRules } from './lower-rules.ts'
import { lowerStatic } from './lower-static.ts'
import { lowerEnds } from './lower-unicast.ts'
import { optional } from './optional.ts'
import { US_PER_MS, US_PER_S } from '../config/forms/numbers.ts'

/**
 * The engine's view of a configuration: the only conversion there is on this side of the addon.
 *
 * @param trackers what can be tracked; what else instances track is left out
 */
export function lower(config: Config, trackers: Trackers = NO_TRACKERS): EngineConfig {
  const { globalDefs, vrrpInstances, vrrpSyncGroups } = config
  const groupOf = groupsOf(vrrpSyncGroups)
  const implied = impliedInterfaces(config)
  return {
    startupDelayMs: Math.ceil(globalDefs.vrrpStartupDelayUs / US_PER_MS),
    ...lowerLinks(config),
    trackers: [...trackers.configs],
    ...lowerProcessBuffer(globalDefs),
    staticObjects: lowerStatic(config),
    instances: vrrpInstances.map((instance) => {
      const tracks = lowerTracks(instance, groupOf(instance.name), trackers, implied(instance))
      return lowerInstance(instance, globalDefs, tracks)
    }),
    groups: vrrpSyncGroups.map(({ name, group }) => ({ name, members: [...group] })),
  }
}

function lowerInstance(instance: VrrpInstance, globalDefs: GlobalDefs, tracks: Track[]): InstanceConfig {
  // An excluded address may be an advertised one, and then is as that says.
  const addresses = lowerAddresses([...instance.virtualIpaddress, ...instance.virtualIpaddressExcluded])
  const excludedFrom = instance.virtualIpaddress.length
  return {
    name: instance.name,
    ...lowerEnds(instance),
    dynamicInterface: globalDefs.dynamicInterfaces,
    family: instance.family,
    version: instance.version,
    vrid: instance.virtualRouterId,
    priority: instance.priority,
    ...(instance.isStateExplicit ? { initialState: instance.state } : {}),
    advertIntUs: instance.advertIntUs,
    downTimerAdverts: instance.downTimerAdverts,
    preempt: instance.preempt,
    preemptDelayUs: instance.preemptDelayUs,
    ...lowerAuthentication(instance),
    lowerPrioNoAdvert: instance.lowerPrioNoAdvert,
    higherPrioSendAdvert: instance.higherPrioSendAdvert,
    ownerIgnoreAdverts: instance.ownerIgnoreAdverts,
    skipCheckAdvAddr: instance.skipCheckAdvAddr,
    ...lowerChecksum(instance, globalDefs),
    ...optional('timerExpiredBackup', instance.timerExpiredBackup),
    dontTrackPrimary: instance.dontTrackPrimary,
    garp: lowerGarp(instance),
    virtualAddresses: addresses.slice(0, excludedFrom),
    excludedAddresses: addresses.slice(excludedFrom),
    routes: lowerRoutes(instance.virtualRoutes),
    rules: lowerRules(instance.virtualRules),
    resignOnLoss: instance.resignOnLoss,
    promoteSecondaries: instance.promoteSecondaries,
    tracks,
    ...(isSyncedBy(instance, globalDefs) ? { syncDaemon: 0 } : {}),
  }
}

/** Whether the sync daemon of IPVS, of which there is one, has the role of this instance. */
function isSyncedBy({ name }: VrrpInstance, { lvsSyncDaemon }: GlobalDefs): boolean {
  return lvsSyncDaemon !== undefined && lvsSyncDaemon.instance === name
}

/** 0 leaves it to the system. */
function lowerProcessBuffer({ processMonitorRcvBufs: size, processMonitorRcvBufsForce: isForced }: GlobalDefs): Partial<EngineConfig> {
  return size === 0 ? {} : { processReceiveBuffer: size, processReceiveBufferForce: isForced }
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
    extraInterfacesS: extraInterfacesS(instance),
  }
}
