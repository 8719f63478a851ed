/** What global_defs says about instances. */
import type { GlobalDefs, VrrpInstance } from '../model.ts'

/** What global_defs says about instances, defaults applied. */
export interface Defaults {
  readonly strictMode: boolean
  /** `dynamic_interfaces`, or interfaces of another network, which cannot be looked up here. */
  readonly isInterfaceOptional: boolean
  /** Interfaces are those of another network. */
  readonly isElsewhere: boolean
  readonly defaultInterface: string
  readonly version: number
  readonly group4: string
  readonly group6: string
  /** Settings of an instance that says nothing about them. */
  readonly inherited: Partial<VrrpInstance>
}

/** @param isElsewhere `net_namespace`: interfaces are those of another network */
export function instanceDefaults(globals: GlobalDefs, isElsewhere: boolean): Defaults {
  return {
    strictMode: globals.vrrpStrict,
    isElsewhere,
    isInterfaceOptional: isElsewhere || globals.dynamicInterfaces,
    defaultInterface: globals.defaultInterface,
    version: globals.vrrpVersion,
    group4: globals.vrrpMcastGroup4,
    group6: globals.vrrpMcastGroup6,
    inherited: {
      downTimerAdverts: globals.vrrpDownTimerAdverts,
      lowerPrioNoAdvert: globals.vrrpLowerPrioNoAdvert,
      higherPrioSendAdvert: globals.vrrpHigherPrioSendAdvert,
      ownerIgnoreAdverts: globals.vrrpOwnerIgnoreAdverts,
      skipCheckAdvAddr: globals.vrrpSkipCheckAdvAddr,
      v3ChecksumAsV2: globals.v3ChecksumAsV2,
      v3ChecksumFollowPeer: globals.v3ChecksumFollowPeer,
      resignOnLoss: globals.resignOnLoss,
      checkUnicastSrc: globals.vrrpCheckUnicastSrc,
      garpMasterDelayUs: globals.vrrpGarpMasterDelayUs,
      garpMasterRepeat: globals.vrrpGarpMasterRepeat,
      garpMasterRefreshUs: globals.vrrpGarpMasterRefreshUs,
      garpMasterRefreshRepeat: globals.vrrpGarpMasterRefreshRepeat,
      garpLowerPrioDelayUs: globals.vrrpGarpLowerPrioDelayUs,
      garpLowerPrioRepeat: globals.vrrpGarpLowerPrioRepeat,
      garpExtraIf: globals.vrrpGarpExtraIf,
      smtpAlert: globals.smtpAlertVrrp,
      notifyPriorityChanges: globals.vrrpNotifyPriorityChanges,
    },
  }
}
