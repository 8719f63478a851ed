/** The cells of the interoperation matrix, and how each is configured. */
import { keepalivedConf } from '../lab/conf.ts'
import type { Host } from '../lab/host.ts'

export type Authentication = 'none' | 'PASS' | 'AH'
export type Way = 'multicast' | 'unicast'

/** One way to speak VRRP, and the virtual router that does. */
export interface Cell {
  readonly version: 2 | 3
  readonly family: 4 | 6
  readonly way: Way
  readonly authentication: Authentication
  readonly vrid: number
  /** The virtual addresses; the last one is looked for. */
  readonly addresses: readonly string[]
}

/** Who is Master while both are well, and who is Backup. */
export interface Roles<Program extends string = string> {
  readonly master: Program
  readonly backup: Program
}

const ADDRESSES = { 4: ['192.0.2.200/24'], 6: ['fe80::c8/64', '2001:db8::c8/64'] } as const

/** VRRPv2 over IPv4 alone has authentication. Version 2 over IPv6 is keepalived's own, and has none. */
function authentications(version: 2 | 3, family: 4 | 6): readonly Authentication[] {
  return version === 2 && family === 4 ? ['none', 'PASS', 'AH'] : ['none']
}

/** All cells that are legal, in the order of the page. */
export const CELLS: readonly Cell[] = ([2, 3] as const)
  .flatMap((version) =>
    ([4, 6] as const).flatMap((family) =>
      (['multicast', 'unicast'] as const).flatMap((way) =>
        authentications(version, family).map((authentication) => ({ version, family, way, authentication })),
      ),
    ),
  )
  .map(({ version, family, way, authentication }, index) => {
    return { version, family, way, authentication, vrid: index + 1, addresses: ADDRESSES[family] }
  })

/** What a cell is called in tests and on the page. */
export function cellName({ version, family, way, authentication }: Cell): string {
  return `v${version} IPv${family} ${way} ${authentication}`
}

/** The address that tells who is Master. */
export function sharedAddress({ addresses }: Cell): string {
  return (addresses.at(-1) ?? '').replace(/\/.*/, '')
}

/** The configuration of one of the two routers of a cell, for either program. */
export function cellConf(cell: Cell, priority: number, self: Host, peer: Host): string {
  const { version, family, way, authentication, vrid, addresses } = cell
  const addressOf = ({ ipv4, ipv6 }: Host): string => (family === 4 ? ipv4 : ipv6)
  return keepalivedConf({
    version,
    vrid,
    priority,
    advertInt: advertIntervalOf(cell),
    addresses,
    extra: [
      ...(authentication === 'none' ? [] : ['authentication {', `  auth_type ${authentication}`, '  auth_pass secret', '}']),
      ...(way === 'multicast' ? [] : [`unicast_src_ip ${addressOf(self)}`, 'unicast_peer {', `  ${addressOf(peer)}`, '}']),
    ],
  })
}

/** Seconds between two advertisements. Version 3 takes fractions of one, which keeps tests short. */
function advertIntervalOf({ version, authentication }: Cell): number {
  if (version === 3) return 0.3
  // Of a Master that a busy machine delays for three of them, the headers would be refused.
  return authentication === 'AH' ? 2 : 1
}

/** What FRR's vrrpd is tried with: it knows version 3 with authentication of no kind, and the group alone. */
export const VRRPD_CELLS: readonly Cell[] = CELLS.filter(({ version, way }) => version === 3 && way === 'multicast')

/** What a cell is called in tests with vrrpd. */
export function vrrpdCellName({ version, family }: Cell): string {
  return `v${version} IPv${family}`
}
