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

/** A question, when it was asked and who answered it, -1 if nobody did. Times count from the first question. */
export interface Question {
  readonly atMs: number
  readonly router: number
}

/** What the client noticed of an incident. */
export interface Outcome {
  readonly kind: Incident['kind']
  /** When it was done, counted from the first question. */
  readonly atMs: number
  /** When the router that answers in the end gave its first answer; NaN if none did. */
  readonly changedMs: number
  /**
   * The longest time from a lost question to the next answer: 0 when none was lost, infinite when answers did not come
   * back. A late answer is no silence: on a busy machine the client itself runs late.
   */
  readonly silenceMs: number
  /** When that question was asked, or when the router changed if none was lost. */
  readonly silenceFromMs: number
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
    const lostMs = record.sentMs.filter(
      (sentMs, question) => sentMs > incident.atMs && sentMs <= untilMs && (record.answeredBy[question] ?? -1) < 0,
    )
    const to = all.findLast(({ atMs }) => atMs <= untilMs)?.router ?? -1
    const changedMs = all.find(({ atMs, router }) => atMs > incident.atMs && router === to)?.atMs ?? Number.NaN
    const silence = longestWait(
      lostMs,
      all.map(({ atMs }) => atMs),
    )
    return {
      kind: incident.kind,
      atMs: incident.atMs - startMs,
      changedMs: changedMs - startMs,
      silenceMs: silence?.waitMs ?? 0,
      silenceFromMs: (silence?.askedMs ?? changedMs) - startMs,
      lost: lostMs.length,
      from: all.findLast(({ atMs }) => atMs <= incident.atMs)?.router ?? -1,
      to,
    }
  })
}

/** Every question with its answer, in order. */
export function questions(record: ProbeRecord): Question[] {
  const startMs = record.sentMs[0] ?? 0
  return record.sentMs.map((sentMs, question) => ({ atMs: sentMs - startMs, router: record.answeredBy[question] ?? -1 }))
}

/** The longest time from a question to the first answer after it, and that question; both lists are in order of time. */
function longestWait(questionsMs: readonly number[], answersMs: readonly number[]): { waitMs: number; askedMs: number } | undefined {
  let next = 0
  let longest: { waitMs: number; askedMs: number } | undefined
  for (const askedMs of questionsMs) {
    while ((answersMs[next] ?? Number.POSITIVE_INFINITY) < askedMs) next += 1
    const waitMs = (answersMs[next] ?? Number.POSITIVE_INFINITY) - askedMs
    if (longest === undefined || waitMs > longest.waitMs) longest = { waitMs, askedMs }
  }
  return longest
}
