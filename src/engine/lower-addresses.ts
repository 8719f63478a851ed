import type { VirtualAddress as NativeAddress } from '#native'
import type { StaticAddress, VirtualAddress } from '../config/model.ts'
import { optional } from './optional.ts'

/** A reader of lines, each address of an interface as the first line says that has it: an interface carries it once. */
export function addressReader(): (addresses: readonly (StaticAddress | VirtualAddress)[]) => NativeAddress[] {
  const known = new Map<string, NativeAddress>()
  return (addresses) =>
    addresses.map((address) => {
      const key = `${address.address} ${address.dev}`
      const first = known.get(key) ?? lowerAddress(address)
      known.set(key, first)
      return first
    })
}

function lowerAddress(address: StaticAddress | VirtualAddress): NativeAddress {
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
    noTrack: address.noTrack,
  }
}
