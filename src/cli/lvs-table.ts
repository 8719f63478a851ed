/** The state of virtual servers for people: a line for each, and below it one for each of its servers. */
import { printable } from '../config/diagnostics/printable.ts'
import type { ConnectionCounts, LvsStatus, RealServerStatus, SorryServerStatus, VirtualServerStatus } from '../lvs/lvs-status.ts'

const HEADINGS = ['SERVER', 'STATE', 'WEIGHT', 'ACTIVE', 'INACTIVE', 'REASON'] as const

/** Columns of numbers, which end where their headings end. */
const NUMBERS: ReadonlySet<number> = new Set([2, 3, 4])

/** Stands for what is not there. */
const NOTHING = '-'

type Row = readonly string[]

/** The table. */
export function lvsTable({ services }: LvsStatus): string {
  if (services.length === 0) return 'There are no virtual servers.\n'
  const rows: readonly Row[] = [HEADINGS, ...services.flatMap(serviceRows)].map((row) => row.map((cell) => printable(cell)))
  const widths = HEADINGS.map((_, column) => rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0))
  return rows.map((row) => lineOf(row, widths)).join('')
}

function lineOf(row: Row, widths: readonly number[]): string {
  const cells = row.map((cell, column) => {
    const width = widths[column] ?? 0
    return NUMBERS.has(column) ? cell.padStart(width) : cell.padEnd(width)
  })
  return `${cells.join('  ').trimEnd()}\n`
}

function serviceRows(service: VirtualServerStatus): readonly Row[] {
  const { sorryServer, servers } = service
  const sum = total([...servers.map(({ connections }) => connections), sorryServer?.connections])
  return [
    [service.service, service.isUp ? 'up' : 'down', String(service.weight), ...countCells(sum), aboutService(service)],
    ...servers.map(serverRow),
    ...(sorryServer === undefined ? [] : [sorryRow(sorryServer)]),
  ]
}

function aboutService({ scheduler, quorum, hysteresis, isSuspended, serves }: VirtualServerStatus): string {
  const margin = hysteresis === 0 ? '' : `, hysteresis ${hysteresis}`
  const members = serves.length > 1 ? [`${serves.length} addresses and marks`] : []
  const suspended = isSuspended ? ['checkers wait for its address'] : []
  return [`${scheduler}, quorum ${quorum}${margin}`, ...members, ...suspended].join('; ')
}

function serverRow({ server, state, weightInKernel, connections, reasons, drainMs }: RealServerStatus): Row {
  const drain = drainMs === undefined ? [] : [`drain ends in ${Math.ceil(drainMs / 1_000)} s`]
  const weight = weightInKernel === undefined ? NOTHING : String(weightInKernel)
  return [`  ${server}`, state, weight, ...countCells(connections), [...reasons, ...drain].join('; ')]
}

function sorryRow({ server, isActive, connections }: SorryServerStatus): Row {
  return [`  ${server}`, isActive ? 'sorry' : 'waiting', NOTHING, ...countCells(connections), 'sorry server']
}

function countCells(connections: ConnectionCounts | undefined): Row {
  return connections === undefined ? [NOTHING, NOTHING] : [String(connections.active), String(connections.inactive)]
}

/** Absent where the kernel said nothing of any. */
function total(all: readonly (ConnectionCounts | undefined)[]): ConnectionCounts | undefined {
  const known = all.filter((one) => one !== undefined)
  if (known.length === 0) return undefined
  const sum = { active: 0, inactive: 0, persistent: 0 }
  for (const { active, inactive, persistent } of known) {
    sum.active += active
    sum.inactive += inactive
    sum.persistent += persistent
  }
  return sum
}
