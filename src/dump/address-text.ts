import type { VirtualAddress } from '../config/model.ts'

/** Scopes by the names that iproute2 has for them everywhere. */
const SCOPES: ReadonlyMap<number, string> = new Map([
  [0, 'global'],
  [200, 'site'],
  [253, 'link'],
  [254, 'host'],
  [255, 'nowhere'],
])

/**
 * An address as keepalived's dumps have it, such as `192.0.2.101/24 dev eth0 scope global set`.
 *
 * @param isHeld whether the last word says that it is on its interface
 */
export function addressText(address: VirtualAddress, isHeld: boolean): string {
  const whole = address.family === 4 ? 32 : 128
  return [
    address.prefixLength === whole ? address.address : `${address.address}/${address.prefixLength}`,
    ...named('brd', address.brd),
    `dev ${address.dev}`,
    `scope ${SCOPES.get(address.scope) ?? address.scope}`,
    ...named('label', address.label),
    ...named('peer', address.peer === undefined ? undefined : `${address.peer}/${whole}`),
    ...flags(address),
    ...lifetime(address),
    ...(address.noTrack ? ['no_track'] : []),
    ...(isHeld ? ['set'] : []),
  ].join(' ')
}

function flags(address: VirtualAddress): string[] {
  const words: readonly (readonly [boolean, string])[] = [
    [address.home, 'home'],
    // What the word says: detection goes on, which is switched off otherwise.
    [address.family === 6 && !address.noDad, '-nodad'],
    [address.mngtmpaddr, 'mngtmpaddr'],
    [address.noprefixroute, 'noprefixroute'],
    [address.autojoin, 'autojoin'],
  ]
  return words.flatMap(([isSet, word]) => (isSet ? [word] : []))
}

/** Of an IPv6 address how long it is preferred: not at all, for a time or for ever. */
function lifetime({ family, preferredLftS }: VirtualAddress): string[] {
  if (family === 4) return []
  if (preferredLftS === 0) return ['deprecated']
  return [`preferred_lft ${preferredLftS ?? 'forever'}`]
}

function named(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name} ${value}`]
}
