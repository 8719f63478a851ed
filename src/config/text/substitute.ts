/** References (`$NAME`, `${NAME}`) replaced by what they stand for, one line at a time (language.md §5). */
import type { Budget } from './bounds.ts'
import { MAX_LINE_OCTETS, MAX_SUBSTITUTIONS_PER_LINE } from './bounds.ts'
import type { Definition, Definitions, Meaning } from './definitions.ts'
import type { ErrorCode, WarningCode } from '../diagnostics/codes.ts'
import { shown } from '../diagnostics/printable.ts'
import { startsSequence } from './sequence.ts'

/** `$NAME` counts in front of a blank, a comma, a closing parenthesis or the end, `${NAME}` anywhere. */
const REFERENCE = /\$(?:\{([A-Za-z_]\w*)(?:[ \t]+([^{}]*))?\}|([A-Za-z_]\w*)(?=[ \t,)]|$))/g

/** Definitions whose text a line comes from, the innermost first. */
export interface Ancestry {
  readonly definition: Definition
  readonly outer: Ancestry | undefined
}

/** A definition of several lines whose first line went into a line; the others follow it. */
export interface Following {
  readonly definition: Definition
  readonly ancestry: Ancestry | undefined
}

/** Something wrong with a reference. */
export type ReferenceProblem = (
  | { readonly severity: 'error'; readonly code: ErrorCode }
  | { readonly severity: 'warning'; readonly code: WarningCode }
) & {
  readonly message: string
  /** The reference as it is written, and where: absent when it stands in text that was put in. */
  readonly reference: { readonly offset: number; readonly length: number } | undefined
}

/** A line after substitution. */
export interface Substitution {
  readonly text: string
  /** Whether anything was replaced. */
  readonly isChanged: boolean
  /** What was put in, the last first. */
  readonly used: readonly Definition[]
  /** In the order of their references: the lines of the last follow first. */
  readonly following: readonly Following[]
  readonly problems: readonly ReferenceProblem[]
  /** Whether references are left: after a problem that is an error, or because the line starts as a sequence. */
  readonly outcome: 'done' | 'failed' | 'sequence' | 'exhausted'
}

/** Where a reference stands. */
interface Reference {
  readonly start: number
  readonly end: number
}

/** A reference that was replaced, as long as the search is within its text. */
interface Open {
  readonly definition: Definition
  /** Octets from the end of its text to the end of the line. */
  readonly tail: number
}

/** Replaces references from left to right, those in what was put in as well, until no known name is left. */
export function substitute(line: string, definitions: Definitions, ancestry: Ancestry | undefined, budget: Budget): Substitution {
  const substituter = new Substituter(line, definitions, ancestry, budget)
  return substituter.run()
}

/** Whether a line refers to a known name. */
export function hasReference(line: string, definitions: Definitions): boolean {
  return [...line.matchAll(REFERENCE)].some(([, braced, args, plain]) => definitions.find(braced ?? plain ?? '', args) !== undefined)
}

class Substituter {
  #text: string
  readonly #definitions: Definitions
  readonly #ancestry: Ancestry | undefined
  readonly #budget: Budget
  /** Octets at the start that are as they are written. */
  #written: number
  readonly #open: Open[] = []
  #count = 0
  readonly #used: Definition[] = []
  readonly #following: Following[] = []
  readonly #problems: ReferenceProblem[] = []

  constructor(line: string, definitions: Definitions, ancestry: Ancestry | undefined, budget: Budget) {
    this.#text = line
    this.#written = line.length
    this.#definitions = definitions
    this.#ancestry = ancestry
    this.#budget = budget
  }

  run(): Substitution {
    let outcome = this.#pass()
    while (outcome === 'again') outcome = this.#pass()
    return {
      text: this.#text,
      isChanged: this.#count > 0,
      used: this.#used.length > 1 ? [...new Set(this.#used.toReversed())] : this.#used,
      following: this.#following,
      problems: this.#problems,
      outcome,
    }
  }

  #pass(): Substitution['outcome'] | 'again' {
    const before = this.#count
    this.#open.length = 0
    REFERENCE.lastIndex = 0
    for (let found = REFERENCE.exec(this.#text); found !== null; found = REFERENCE.exec(this.#text)) {
      const [matched, braced, args, plain] = found
      const meaning = this.#definitions.find(braced ?? plain ?? '', args)
      if (meaning === undefined) continue
      const next = this.#meet({ start: found.index, end: found.index + matched.length }, meaning)
      if (next !== undefined) return next
    }
    // A name can come about from two parts: what is left is searched again.
    return this.#count > before && this.#text.includes('$') ? 'again' : 'done'
  }

  /** @returns how the line ends, unless the search goes on */
  #meet(reference: Reference, { definition, problem }: Meaning): Substitution['outcome'] | undefined {
    if (problem !== undefined) this.#report('invalid-reference', reference, problem)
    if (definition === undefined) return undefined
    const { start, end } = reference
    const { length } = this.#text
    while (length - (this.#open.at(-1)?.tail ?? 0) <= start) this.#open.pop()
    const isLong = definition.lines.length > 1
    if (isLong && this.#text.slice(end).trim() !== '') {
      const message = `the text of ${shown(definition.name)} has several lines: a reference to it must end its line, and stays as it is written here`
      this.#report('reference-not-last', reference, message)
      return undefined
    }
    const [value = ''] = definition.lines
    if (this.#isFaulty(reference, definition, value)) return 'failed'
    if (!this.#budget.substitution()) return 'exhausted'
    this.#count++
    this.#open.push({ definition, tail: length - end })
    this.#used.push(definition)
    if (isLong) this.#following.push({ definition, ancestry: this.#lineage() })
    this.#text = this.#text.slice(0, start) + value + this.#text.slice(end)
    this.#written = Math.min(this.#written, start)
    REFERENCE.lastIndex = start
    // The text of a sequence is expanded for each of its values.
    return startsSequence(this.#text) ? 'sequence' : undefined
  }

  #isFaulty(reference: Reference, definition: Definition, value: string): boolean {
    if (this.#isOpen(definition)) {
      const name = shown(definition.name)
      this.#report('circular-definition', reference, `the text of ${name} refers to ${name} itself: the reference stays as it is written`)
      return true
    }
    if (this.#text.length - (reference.end - reference.start) + value.length > MAX_LINE_OCTETS) {
      const what = `with the text of ${shown(definition.name)} this line has more than the ${MAX_LINE_OCTETS} octets a line can have`
      this.#report('expansion-too-long', reference, `${what}: the reference stays as it is written`)
      return true
    }
    if (this.#count < MAX_SUBSTITUTIONS_PER_LINE) return false
    const what = `${MAX_SUBSTITUTIONS_PER_LINE} references of this line are replaced, as many as can be`
    this.#report('expansion-too-long', reference, `${what}: those that are left stay as they are written`)
    return true
  }

  #isOpen(definition: Definition): boolean {
    for (let from = this.#ancestry; from !== undefined; from = from.outer) if (from.definition === definition) return true
    return this.#open.some((open) => open.definition === definition)
  }

  /** What the lines of the definition just opened come from. */
  #lineage(): Ancestry | undefined {
    let ancestry = this.#ancestry
    for (const { definition } of this.#open) ancestry = { definition, outer: ancestry }
    return ancestry
  }

  /** A line that is searched again says nothing twice. */
  #report(code: Exclude<ErrorCode, WarningCode> | 'reference-not-last', { start, end }: Reference, message: string): void {
    if (this.#problems.some((known) => known.message === message)) return
    const reference = end <= this.#written ? { offset: start, length: end - start } : undefined
    const severity = code === 'reference-not-last' ? ({ severity: 'warning', code } as const) : ({ severity: 'error', code } as const)
    this.#problems.push({ ...severity, message, reference })
  }
}
