import type { VirtualAddress as NativeAddress } from '#native'
import type { StaticAddress, VirtualAddress } from '../config/model.ts'
import { asFirstSaid } from './first-said.ts'
import { optional } from './optional.ts'

/** Addresses as the engine takes them, each of an interface as the first line says that has it: an interface carries it once. */
export function lowerAddresses(addresses: readonly (StaticAddress | VirtualAddress)[]): NativeAddress[] {
  return asFirstSaid(addresses.map(lowerAddress), ({ address, interface: dev }) => [address, dev])
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
