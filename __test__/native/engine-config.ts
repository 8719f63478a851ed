import type { EngineConfig, InstanceConfig, VirtualAddress } from '#native'

/** An instance that becomes Master at once where it is alone, but for what a test changes. */
export function instance(changes: Partial<InstanceConfig> = {}): InstanceConfig {
  return {
    name: 'VI_1',
    interface: 'eth0',
    dynamicInterface: false,
    family: 4,
    version: 3,
    vrid: 51,
    priority: 200,
    advertIntUs: 100_000,
    downTimerAdverts: 3,
    preempt: true,
    preemptDelayUs: 0,
    group: '224.0.0.18',
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    skipCheckAdvAddr: false,
    dontTrackPrimary: false,
    garp: {
      masterDelayMs: 0,
      masterRepeat: 1,
      masterRefreshS: 0,
      masterRefreshRepeat: 1,
      lowerPrioDelayMs: 0,
      lowerPrioRepeat: 1,
      extraInterfacesS: 0,
    },
    virtualAddresses: [address('192.0.2.200')],
    excludedAddresses: [],
    ...changes,
  }
}

export function address(text: string, changes: Partial<VirtualAddress> = {}): VirtualAddress {
  return {
    address: text,
    prefixLength: 24,
    interface: 'eth0',
    scope: 0,
    noDad: true,
    home: false,
    manageTemporary: false,
    noPrefixRoute: false,
    autoJoin: false,
    ...changes,
  }
}

export function engineConfig(...instances: readonly InstanceConfig[]): EngineConfig {
  return { startupDelayMs: 0, instances: [...instances] }
}
