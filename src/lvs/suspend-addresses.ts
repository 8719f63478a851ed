import type { Config } from '../config/model.ts'
import { servedByGroup } from './group-members.ts'

/** The addresses that checkers of virtual servers with `ha_suspend` wait for, each once. */
export function suspendAddresses({ virtualServers, virtualServerGroups }: Config): readonly string[] {
  const addresses = new Set<string>()
  for (const { haSuspend, address, group: name } of virtualServers) {
    if (!haSuspend) continue
    if (address !== undefined) addresses.add(address)
    const group = virtualServerGroups.find((one) => one.name === name)
    // That there are too many is said where they are made services.
    const served = group === undefined ? [] : servedByGroup(group, () => {})
    for (const one of served) if ('address' in one) addresses.add(one.address)
  }
  return [...addresses]
}
