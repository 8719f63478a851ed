import { ROUTERS } from './network.ts'
import type { Holding, Outcome, Question } from './measure.ts'

/** What the client saw, ready to be drawn. */
export interface Timeline {
  /** From the first question to the last. */
  readonly durationMs: number
  readonly holdings: readonly Holding[]
  readonly outcomes: readonly Outcome[]
  readonly questions: readonly Question[]
}

/** How to draw: the columns of the terminal, and whether it shows colour. */
export interface Style {
  readonly columns: number
  readonly color: boolean
}

const LABEL_COLUMNS = 11
const MAX_BAR_COLUMNS = 100
const COLORS = ['\u001B[32m', '\u001B[36m'] as const // green, cyan
const LETTERS: readonly string[] = ['a', 'b']
/** How much of the time before and after a silence its close-up shows. */
const CLOSE_UP_MARGIN_MS = 12
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
    ...timeline.outcomes.flatMap((outcome, index) => [
      sentence(outcome, index + 1, paint),
      `   ${closeUp(timeline.questions, outcome, columns).replace(/a+|b+/gu, (run) => paint(COLORS[LETTERS.indexOf(run.charAt(0))] ?? '', run))}`,
    ]),
    '',
    `Each letter is a question, one every millisecond: a answered by ${ROUTERS[0]}, b by ${ROUTERS[1]}, · by nobody.`,
  ].join('\n')
}

/** The questions around the change and the silence of an incident, a letter each; only some where not all have room. */
function closeUp(questions: readonly Question[], outcome: Outcome, columns: number): string {
  const fromMs = Math.min(outcome.silenceFromMs, outcome.changedMs) - CLOSE_UP_MARGIN_MS
  const toMs = Math.max(outcome.silenceFromMs + outcome.silenceMs, outcome.changedMs) + CLOSE_UP_MARGIN_MS
  const shown = questions.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  const step = Math.max(1, Math.ceil(shown.length / columns))
  return shown
    .filter((_, index) => index % step === 0)
    .map(({ router }) => LETTERS[router] ?? '·')
    .join('')
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
  return `${number}  ${WHAT[outcome.kind].padEnd(23)} ${paint(BOLD, silence)} of silence   ${change}   ${lost}`
}

/** The name of a router by its number; a number that is none reads as nobody. */
export function routerName(router: number): string {
  return ROUTERS[router] ?? 'nobody'
}
