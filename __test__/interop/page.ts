/** docs/interop.md: made of what the interoperation tests have shown. */
import { fileURLToPath } from 'node:url'
import { CELLS, VRRPD_CELLS, type Cell, type Roles } from './cells.ts'

/** The page. */
export const PAGE: string = fileURLToPath(new URL('../../docs/interop.md', import.meta.url))

/** A cell that has run to its end, with these roles. */
export interface Result {
  readonly cell: Cell
  readonly roles: Roles
}

/** Who is Master, for the names of tests. */
export function rolesName({ master, backup }: Roles): string {
  return `${master} as Master, ${backup} as Backup`
}

/** How ka-native and another program are paired. */
export function rolesWith<Partner extends string>(partner: Partner): readonly Roles<Partner | 'ka-native'>[] {
  return [
    { master: partner, backup: 'ka-native' },
    { master: 'ka-native', backup: partner },
  ]
}

/** What is said of keepalived, by these results in whatever order. */
export function keepalivedTable(results: readonly Result[]): string {
  const head = '| VRRP | IP | Way | Authentication | ka-native is Master, keepalived Backup | keepalived is Master, ka-native Backup |'
  const rows = CELLS.map((cell) => row([cell.version, `IPv${cell.family}`, cell.way, cell.authentication], cell, 'keepalived', results))
  return `${head}\n|---|---|---|---|---|---|\n${rows.join('')}`
}

/** What is said of FRR's vrrpd. */
export function vrrpdTable(results: readonly Result[]): string {
  const head = '| VRRP | IP | ka-native is Master, vrrpd Backup | vrrpd is Master, ka-native Backup |'
  const rows = VRRPD_CELLS.map((cell) => row([cell.version, `IPv${cell.family}`], cell, 'vrrpd', results))
  return `${head}\n|---|---|---|---|\n${rows.join('')}`
}

/** The page when every cell has passed. */
export function wholePage(): string {
  const all = (cells: readonly Cell[], partner: string): Result[] =>
    cells.flatMap((cell) => rolesWith(partner).map((roles) => ({ cell, roles })))
  return `${HEAD}\n${keepalivedTable(all(CELLS, 'keepalived'))}${BETWEEN}\n${vrrpdTable(all(VRRPD_CELLS, 'vrrpd'))}`
}

function row(labels: readonly (string | number)[], cell: Cell, partner: string, results: readonly Result[]): string {
  const ran = (master: string): string =>
    results.some(({ cell: other, roles }) => other === cell && roles.master === master) ? 'yes' : '-'
  return `| ${[...labels, ran('ka-native'), ran(partner)].join(' | ')} |\n`
}

const HEAD = `# With whom ka-native has been seen to work

Made by \`node --import=@oxc-node/core/register scripts/interop-page.ts\`. \`__test__/interop/matrix.spec.ts\` and
\`__test__/interop/vrrpd.spec.ts\` show it, and fail when a table here says anything else than what ran.

Two routers are one virtual router, one of them ka-native. In each cell and each role:

- **election**: both run, and the one with the higher priority is Master;
- **takeover**: it stops in order, it falls silent, and each time the Backup takes the addresses;
- **fail-back**: it starts again, it is heard again, and it has them again;
- **nothing refused**: the counters of either side say so, and so do the logs. With AH only until one fell silent: its numbers
  count what is sent and heard together, so that what one side said to nobody makes the other's next words look old.

What holds the addresses is asked of the kernel.

## keepalived

Debian's, version 2.2.7, eight cells at a time.
`

const BETWEEN = `
Authentication is of VRRPv2 over IPv4 alone (RFC 2338). VRRPv2 over IPv6 is of no RFC: keepalived can be made to speak it, and
ka-native speaks it alike. \`auth_hmac\` is in no packaged keepalived: it is proven with captured packets, and between two ka-native.

## FRR

Debian's vrrpd, version 8.4.4. Its addresses are on a macvlan with the virtual MAC in any state, so that its own word is asked.
`
