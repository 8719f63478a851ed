import type { ProbeRecord } from './prober.ts'

/** Something that was done to the laboratory, at a time of the prober's clock. */
export interface Incident {
  readonly kind: 'link-cut' | 'link-restored' | 'master-stopped'
  readonly atMs: number
}

/** A time during which one router gave every answer that came. Times count from the first question. */
export interface Holding {
  readonly router: number
  readonly fromMs: number
  readonly toMs: number
}

/** What the client noticed of an incident. */
export interface Outcome {
  readonly kind: Incident['kind']
  /** When it was done, counted from the first question. */
  readonly atMs: number
  /**
   * The longest time from a question to the next answer, its own or, if it was lost, a later one's. Infinite when the
   * answers did not come back before the next incident.
   */
  readonly silenceMs: number
  /** Questions that were never answered in that time. */
  readonly lost: number
  /** The routers that answered before and after; -1 if none did. */
  readonly from: number
  readonly to: number
}

/** The answers in the order in which they came. */
function answers(record: ProbeRecord): { atMs: number; router: number }[] {
  return record.answeredMs
    .map((atMs, question) => ({ atMs, router: record.answeredBy[question] ?? -1 }))
    .filter((answer) => answer.router >= 0)
    .sort((a, b) => a.atMs - b.atMs)
}

/** Who held the address over time, as the client saw it: one entry from each change of the answering router to the next. */
export function holdings(record: ProbeRecord): Holding[] {
  const startMs = record.sentMs[0] ?? 0
  const result: { router: number; fromMs: number; toMs: number }[] = []
  for (const answer of answers(record)) {
    const atMs = answer.atMs - startMs
    const last = result.at(-1)
    if (last?.router === answer.router) last.toMs = atMs
    else result.push({ router: answer.router, fromMs: atMs, toMs: atMs })
  }
  return result
}

/** Measures every incident, in order; each lasts until the next, the last one until the record ends. */
export function outcomes(record: ProbeRecord, incidents: readonly Incident[]): Outcome[] {
  const startMs = record.sentMs[0] ?? 0
  const all = answers(record)
  return incidents.map((incident, index) => {
    const untilMs = incidents[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
    const asked = record.sentMs
      .map((sentMs, question) => ({ sentMs, isLost: (record.answeredBy[question] ?? -1) < 0 }))
      .filter(({ sentMs }) => sentMs > incident.atMs && sentMs <= untilMs)
    return {
      kind: incident.kind,
      atMs: incident.atMs - startMs,
      silenceMs: longestWait(
        asked.map(({ sentMs }) => sentMs),
        all.map(({ atMs }) => atMs),
      ),
      lost: asked.filter(({ isLost }) => isLost).length,
      from: all.findLast(({ atMs }) => atMs <= incident.atMs)?.router ?? -1,
      to: all.findLast(({ atMs }) => atMs <= untilMs)?.router ?? -1,
    }
  })
}

/** The longest time from a question to the first answer after it; both lists are in order of time. */
function longestWait(questionsMs: readonly number[], answersMs: readonly number[]): number {
  let next = 0
  let longest = 0
  for (const askedMs of questionsMs) {
    while ((answersMs[next] ?? Number.POSITIVE_INFINITY) < askedMs) next += 1
    longest = Math.max(longest, (answersMs[next] ?? Number.POSITIVE_INFINITY) - askedMs)
  }
  return longest
}
