/** Interfaces that instances track without a line of `track_interface` (seen of keepalived 2.2.7). */
import type { Config, Route, VrrpInstance } from '../config/model.ts'

/** Finds the interfaces that an instance tracks because of what is there with it. */
export type ImpliedInterfaces = (instance: VrrpInstance) => readonly string[]

/**
 * What an instance holds on another interface than its own, it cannot hold without that: it is in FAULT while the interface is
 * down. So it is with static addresses, routes and rules that have a `track_group` with the instance. Nothing of this with `no_track`.
 */
export function impliedInterfaces(config: Config): ImpliedInterfaces {
  const byInstance = ofTrackGroups(config)
  return (instance) => {
    const addresses = [...instance.virtualIpaddress, ...instance.virtualIpaddressExcluded]
    const held = [
      ...addresses.filter(({ noTrack }) => !noTrack).map(({ dev }) => dev),
      ...instance.virtualRoutes.filter(({ noTrack }) => !noTrack).flatMap(interfacesOf),
    ]
    const names = new Set([...held, ...(byInstance.get(instance.name) ?? [])])
    return [...names].filter((name) => name !== instance.interface)
  }
}

/** By the names of instances. */
function ofTrackGroups({ trackGroups, staticIpaddress, staticRoutes, staticRules }: Config): ReadonlyMap<string, readonly string[]> {
  const tracked = [
    ...staticIpaddress.map(({ trackGroup, dev }) => ({ trackGroup, names: [dev] })),
    ...staticRoutes.map((route) => ({ trackGroup: route.trackGroup, names: interfacesOf(route) })),
    ...staticRules.map(({ trackGroup, iif }) => ({ trackGroup, names: iif === undefined ? [] : [iif] })),
  ]
  const byInstance = new Map<string, string[]>()
  for (const { name, group } of trackGroups) {
    const names = tracked.filter(({ trackGroup }) => trackGroup === name).flatMap((item) => item.names)
    for (const instance of group) byInstance.set(instance, [...(byInstance.get(instance) ?? []), ...names])
  }
  return byInstance
}

function interfacesOf({ dev, nexthops }: Route): readonly string[] {
  return [dev, ...nexthops.map((hop) => hop.dev)].filter((name) => name !== undefined)
}
