/**
 * Bounds of the configuration language: what a text may make of itself. Hostile input ends at one of them
 * with an error; docs/architecture.md lists them.
 */

/** Octets of a line, its line end aside: keepalived's buffer. Lines after substitution are held to it too. */
export const MAX_LINE_OCTETS = 1023
/** Files read at most, the same file counted each time. */
export const MAX_FILES = 10_000
/** Octets read at most, over all files. */
export const MAX_OCTETS: number = 128 * 1024 * 1024
/** Lines that sequences and definitions of several lines produce at most, over all files. */
export const MAX_EXPANDED_LINES = 500_000
/** Octets of those lines, and of lines in which references were replaced, at most. */
export const MAX_EXPANDED_OCTETS: number = 32 * 1024 * 1024
/** References replaced at most, over all files. */
export const MAX_SUBSTITUTIONS = 2_000_000
/** References replaced at most in one line. */
export const MAX_SUBSTITUTIONS_PER_LINE = 1000
/** Sequences and definitions of several lines that produce lines out of each other's lines. */
export const MAX_EXPANSION_DEPTH = 100

/** How much of the bounds over all files is left. */
export class Budget {
  #lines = MAX_EXPANDED_LINES
  #octets = MAX_EXPANDED_OCTETS
  #substitutions = MAX_SUBSTITUTIONS
  /** Whether one of them was exceeded: then nothing more is expanded. */
  isExhausted = false

  /** Takes a line that is produced; false: there is none left. */
  line(octets: number): boolean {
    this.isExhausted ||= --this.#lines < 0
    return this.octets(octets)
  }

  /** Takes the text of a line in which references were replaced; false: there is none left. */
  octets(octets: number): boolean {
    this.#octets -= octets
    this.isExhausted ||= this.#octets < 0
    return !this.isExhausted
  }

  /** Takes a reference that is replaced; false: there is none left. */
  substitution(): boolean {
    this.isExhausted ||= --this.#substitutions < 0
    return !this.isExhausted
  }
}
