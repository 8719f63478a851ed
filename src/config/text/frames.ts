/** What is being read: files, and in them what lines produce more lines. */
import type { IncludeChecks } from './include.ts'
import type { Definition } from './definitions.ts'
import type { ExpandedName, Expansion, Source, Span } from './source.ts'
import type { Ancestry } from './substitute.ts'

/** A file, read up to a position. */
export interface OpenFile {
  readonly kind: 'file'
  readonly source: Source
  readonly identity: string
  /** Of the file, one character per octet: relative patterns start there. */
  readonly directory: string
  readonly hasNul: boolean
  position: number
  checks: IncludeChecks
}

/** The files that an include line still has to bring in. */
export interface Included {
  readonly kind: 'include'
  readonly paths: readonly string[]
  readonly checks: IncludeChecks
  readonly where: Span
  next: number
}

/** The lines of a definition that follow its reference. */
export interface ValueLines {
  readonly kind: 'values'
  readonly definition: Definition
  readonly expansion: Expansion
  /** What else went into the line of the reference. */
  readonly others: readonly ExpandedName[]
  readonly ancestry: Ancestry | undefined
  next: number
}

/** A sequence that repeats a text. */
export interface Iteration {
  readonly kind: 'sequence'
  readonly names: readonly string[]
  readonly values: Iterator<readonly string[], undefined>
  /** Where it is written. */
  readonly definedAt: Span
  /** The text to repeat. */
  readonly region: Region
}

/** Anything that lines come from. */
export type Frame = OpenFile | Included | ValueLines | Iteration

/** A line, or the rest of one, to be read. */
export interface Region {
  readonly source: Source
  readonly start: number
  /** Where the content ends: in front of a comment, or of the backslash that ends the line. */
  readonly stop: number
  /** Where the line ends. */
  readonly end: number
  /** Definitions whose text it is. */
  readonly ancestry: Ancestry | undefined
}

/** What is open, the innermost last. */
export class FrameStack {
  readonly #frames: Frame[] = []
  readonly #files: OpenFile[] = []
  #depth = 0

  get top(): Frame | undefined {
    return this.#frames.at(-1)
  }

  /** The innermost file. */
  get file(): OpenFile | undefined {
    return this.#files.at(-1)
  }

  /** The files that are open, the main one first. */
  get files(): readonly OpenFile[] {
    return this.#files
  }

  /** How many sequences and definitions are open. */
  get depth(): number {
    return this.#depth
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    if (frame.kind === 'file') this.#files.push(frame)
    else if (isExpansion(frame)) this.#depth++
  }

  pop(): void {
    const frame = this.#frames.pop()
    if (frame?.kind === 'file') this.#files.pop()
    else if (frame !== undefined && isExpansion(frame)) this.#depth--
  }

  /** Gives up what came of the line that the innermost file was read up to. */
  unwindToFile(): void {
    while (this.#frames.length > 0 && this.top?.kind !== 'file') this.pop()
  }

  /** Gives up all that is still to come of sequences and definitions. */
  dropExpansions(): void {
    this.#frames.splice(0, this.#frames.length, ...this.#frames.filter((frame) => !isExpansion(frame)))
    this.#depth = 0
  }
}

function isExpansion({ kind }: Frame): boolean {
  return kind === 'values' || kind === 'sequence'
}
