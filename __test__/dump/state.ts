import type { EngineStatus, Histogram, InstanceDetails, InstanceStatistics, InterfaceDetails, TrackerStatus } from '#native'
import { loadConfig } from '../../src/config/load.ts'
import type { Config, VrrpInstance } from '../../src/config/model.ts'
import type { DumpState } from '../../src/dump/state.ts'

/** A configuration whose interfaces need not exist. */
export function configOf(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text: `global_defs {\n  dynamic_interfaces\n}\n${text}` }).config
}

/** Counters that are all different, so that none can be taken for another. */
export const STATISTICS: InstanceStatistics = {
  advertisementsReceived: 1,
  advertisementsSent: 2,
  becameMaster: 3,
  releasedMaster: 4,
  priorityZeroReceived: 5,
  priorityZeroSent: 6,
  addressListErrors: 7,
  rivalAdvertisements: 8,
  rivals: 9,
  rejected: {
    authenticationHeader: 5,
    length: 10,
    ttl: 20,
    version: 30,
    signatureMissing: 21,
    unknownPeer: 35,
    signatureMalformed: 22,
    signatureStale: 25,
    signatureKeyUnknown: 23,
    signatureInvalid: 24,
    signatureReplayed: 26,
    authenticationTypeUnknown: 40,
    authenticationTypeMismatch: 50,
    authenticationFailed: 60,
    advertisementInterval: 70,
    packetType: 80,
    totalLength: 1,
    checksum: 90,
    destination: 100,
    ownerIgnoresAdvertisements: 110,
    peerTtl: 120,
  },
  authenticationExtension: { missing: 21, malformed: 22, unknownKey: 23, invalidHmac: 24, stale: 25, replay: 26 },
}

/** What the engine says of an instance, with differences. */
export function detailsOf(instance: VrrpInstance, details: Partial<InstanceDetails> = {}): InstanceDetails {
  return {
    status: {
      name: instance.name,
      interface: instance.interface ?? '',
      vrid: instance.virtualRouterId,
      family: instance.family,
      state: 'MASTER',
      inStateForMs: 1_000,
      priority: instance.priority,
      basePriority: instance.priority,
      totalPriority: instance.priority + 10,
      trackerFaults: 2,
      trackersAwaited: 1,
      addressesHeld: 0,
      statistics: STATISTICS,
    },
    linkDown: false,
    noSource: false,
    masterAdvertIntUs: instance.advertIntUs,
    masterDownUs: 3_609_375,
    checksums: [],
    addressesHeld: [...instance.virtualIpaddress, ...instance.virtualIpaddressExcluded].map(() => true),
    changedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    ...details,
  }
}

const NONE: Histogram = { count: 0, medianUs: 0, p99Us: 0, p999Us: 0, longestUs: 0 }

const ENGINE: EngineStatus = {
  steps: NONE,
  lateness: NONE,
  longestBatchUs: 0,
  realtime: false,
  receiveOverruns: 0,
  resynchronisations: 0,
  advertisementsSent: 0,
  packetsReceived: 0,
  packetsUnknown: 0,
  trackerResultsDropped: 0,
}

/** Files that hold 4, and processes of which there are 2 and were more. */
function trackersOf({ trackFiles, vrrpTrackProcesses }: Config): TrackerStatus[] {
  const common = { generation: 1, changes: 1, isGaining: false, isStale: false } as const
  return [
    ...trackFiles.map(({ name }, id): TrackerStatus => ({
      ...common,
      id,
      name,
      kind: 'file',
      state: 'number',
      number: 4,
      isLosing: false,
    })),
    ...vrrpTrackProcesses.map(({ name }, id): TrackerStatus => ({
      ...common,
      id: 100 + id,
      name,
      kind: 'process',
      state: 'up',
      processes: 2,
      isLosing: true,
    })),
  ]
}

/** A state in which every instance of a configuration is as `details` says. */
export function stateOf(config: Config, details: Partial<InstanceDetails> = {}, interfaces: readonly InterfaceDetails[] = []): DumpState {
  const instances = config.vrrpInstances.map((instance) => ({ config: instance, details: detailsOf(instance, details) }))
  const account = { uid: 65_534, gid: 65_533, groups: [65_533] }
  const scripts = new Map(config.vrrpScripts.map(({ name }) => [name, { state: 'down', counter: 1, account }] as const))
  const groups = config.vrrpSyncGroups.map(({ name, group }) => ({
    name,
    state: 'MASTER' as const,
    inStateForMs: 1_000,
    members: [...group],
  }))
  return { config, instances, groups, interfaces, trackers: trackersOf(config), engine: ENGINE, scripts }
}
