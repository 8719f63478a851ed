import { ROUTERS } from './network.ts'
import type { Holding, Outcome } from './measure.ts'

/** What the client saw, ready to be drawn. */
export interface Timeline {
  /** From the first question to the last. */
  readonly durationMs: number
  readonly holdings: readonly Holding[]
  readonly outcomes: readonly Outcome[]
}

/** How to draw: the columns of the terminal, and whether it shows colour. */
export interface Style {
  readonly columns: number
  readonly color: boolean
}

const LABEL_COLUMNS = 11
const MAX_BAR_COLUMNS = 100
const COLORS = ['\u001B[32m', '\u001B[36m'] as const // green, cyan
const BOLD = '\u001B[1m'
const RESET = '\u001B[0m'

/** Draws who held the address over time, with a mark below for each incident, and a line with the silence of each. */
export function drawTimeline(timeline: Timeline, style: Style): string {
  const columns = Math.max(20, Math.min(MAX_BAR_COLUMNS, style.columns - LABEL_COLUMNS - 1))
  const columnMs = timeline.durationMs / columns
  const column = (ms: number): number => Math.min(columns - 1, Math.floor(ms / columnMs))
  const paint = (code: string, text: string): string => (style.color ? `${code}${text}${RESET}` : text)
  const row = (label: string, cells: string): string => `${label.padEnd(LABEL_COLUMNS)}${cells}`.trimEnd()

  const bars = ROUTERS.map((name, router) => {
    const cells = Array.from({ length: columns }, () => '·')
    for (const holding of timeline.holdings.filter((candidate) => candidate.router === router)) {
      cells.fill('█', column(holding.fromMs), column(holding.toMs) + 1)
    }
    return row(
      name,
      runs(cells)
        .map((run) => (run.startsWith('█') ? paint(COLORS[router] ?? '', run) : run))
        .join(''),
    )
  })
  const marks = Array.from({ length: columns }, () => ' ')
  for (const [index, outcome] of timeline.outcomes.entries()) marks[column(outcome.atMs)] = String(index + 1)

  return [
    row('seconds', ruler(timeline.durationMs, columns, column)),
    ...bars,
    row('', paint(BOLD, marks.join('').trimEnd())),
    '',
    ...timeline.outcomes.map((outcome, index) => sentence(outcome, index + 1, paint)),
  ].join('\n')
}

/** The axis: a tick with its number at every full second. */
function ruler(durationMs: number, columns: number, column: (ms: number) => number): string {
  const seconds = Array.from({ length: Math.floor(durationMs / 1000) + 1 }, (_, second) => second)
  return seconds.reduce((line, second) => {
    const at = column(second * 1000)
    // A number that would touch the one before it stays away.
    return at > 0 && at <= line.length ? line : `${line.padEnd(at)}${second}`.slice(0, columns)
  }, '')
}

function runs(cells: readonly string[]): string[] {
  return cells.join('').match(/█+|·+/gu) ?? []
}

const WHAT: Readonly<Record<Outcome['kind'], string>> = {
  'link-cut': 'link of the Master cut',
  'link-restored': 'link restored',
  'master-stopped': 'Master stopped',
}

function sentence(outcome: Outcome, number: number, paint: (code: string, text: string) => string): string {
  const silence = `${outcome.silenceMs.toFixed(1)} ms`.padStart(9)
  const change = `${routerName(outcome.from)} -> ${routerName(outcome.to)}`
  const lost = outcome.lost === 1 ? '1 question unanswered' : `${outcome.lost} questions unanswered`
  return `${number}  ${WHAT[outcome.kind].padEnd(23)} ${paint(BOLD, silence)} without an answer   ${change}   ${lost}`
}

/** The name of a router by its number; a number that is none reads as nobody. */
export function routerName(router: number): string {
  return ROUTERS[router] ?? 'nobody'
}
