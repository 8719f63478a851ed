/**
 * How deep each line of a text stands in blocks, for its layout.
 *
 * Conditional lines (`@ID`) may open or close blocks for some configuration ids only. So the blocks are
 * followed once for each id whose lines hold braces, and once for all other ids.
 */

/** A brace and where it stands. */
export interface Brace {
  readonly isOpen: boolean
  /** Its offset. */
  readonly at: number
  /** What to point at: the word that a block is opened with, or the brace itself. */
  readonly line: { readonly offset: number; readonly length: number }
}

/** `@ID` or `@^ID`. */
export interface Condition {
  readonly id: string
  readonly isNegated: boolean
}

/** The braces of a text that have no counterpart. */
export interface Unbalanced {
  /** Where blocks start that are open at the end, outermost first. */
  readonly open: readonly Brace[]
  /** `}` that close nothing. */
  readonly surplus: readonly Brace[]
}

interface Level {
  readonly id: string | undefined
  readonly open: Brace[]
  readonly surplus: Brace[]
}

/** Ids told apart at most; the lines of further ones count for nobody. */
const MAX_IDS = 32

/** The blocks that are open at a point of the text. */
export class Depths {
  readonly #others: Level = { id: undefined, open: [], surplus: [] }
  readonly #levels: Level[] = [this.#others]

  /** How deep a line stands that is read under these conditions. */
  depth(conditions: readonly Condition[]): number {
    return Math.max(...this.#concerned(conditions).map(({ open }) => open.length))
  }

  /** Goes past the braces of a line. */
  pass(braces: readonly Brace[], conditions: readonly Condition[]): void {
    if (braces.length === 0) return
    for (const { id } of conditions) this.#tellApart(id)
    for (const { open, surplus } of this.#levels.filter(({ id }) => holds(conditions, id))) {
      for (const brace of braces) {
        if (brace.isOpen) open.push(brace)
        else if (open.pop() === undefined) surplus.push(brace)
      }
    }
  }

  /**
   * What has no counterpart. Where ids are told apart, other ids do not count: a block may be opened in one
   * way for each of them.
   */
  get unbalanced(): Unbalanced | undefined {
    const judged = this.#levels.length === 1 ? this.#levels : this.#levels.slice(1)
    return judged.find(({ open, surplus }) => open.length + surplus.length > 0)
  }

  #concerned(conditions: readonly Condition[]): readonly Level[] {
    const concerned = this.#levels.filter(({ id }) => holds(conditions, id))
    return concerned.length === 0 ? [this.#others] : concerned
  }

  /** Up to here, an id that was not mentioned stood where all others stand. */
  #tellApart(id: string): void {
    if (this.#levels.length > MAX_IDS || this.#levels.some((level) => level.id === id)) return
    this.#levels.push({ id, open: [...this.#others.open], surplus: [...this.#others.surplus] })
  }
}

function holds(conditions: readonly Condition[], id: string | undefined): boolean {
  return conditions.every((condition) => (condition.id === id) !== condition.isNegated)
}
