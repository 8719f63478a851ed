/**
 * References in a text being formatted: which of them stand for plain words.
 *
 * Nothing is expanded here. A reference may bring quotes, braces or line ends that decide how the line around
 * it is read, so a line with one is laid out anew only where every value of the name is known to be plain.
 */

const DEFINITION = /\$([A-Za-z_]\w*)=(?=[ \t]*([^\n#!]{0,1023}))/g
/** An include may define names again, and the names that `~LST` sets hold any text. */
const MAY_REDEFINE = /include[rmwbea]?(?!\w)|~LST/
/** No quote, brace, backslash or `$`, and nothing that gives the line it starts another meaning. */
const PLAIN = /^(?!include)[\w.:/%*+,= \t-]*$/
const REFERENCE_START = /\$[A-Za-z_{]/g
const REFERENCE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)(?=[ \t,)]|$))/y
const NAMES = /\$\{?([A-Za-z_]\w*)/g

/** The names defined in one text. */
export class References {
  /** Whether all values are plain that a name may have anywhere. */
  readonly #plain = new Map<string, boolean>()
  /** Names that are defined by now, whatever the configuration id: others stay as they are written. */
  readonly #known = new Set<string>()
  /** How many more braces the value of a name opens than it closes, where that is not 0. */
  readonly #unbalanced = new Map<string, number>()

  constructor(text: string) {
    if (!text.includes('$') || MAY_REDEFINE.test(text)) return
    for (const [, name = '', value = ''] of text.matchAll(DEFINITION)) {
      this.#plain.set(name, PLAIN.test(value.replace(/[ \t\v\f\r]+$/, '')) && (this.#plain.get(name) ?? true))
    }
  }

  /** Whether a line, its comment cut, means the same however its blanks are set. */
  arePlain(content: string): boolean {
    for (const { index } of content.matchAll(REFERENCE_START)) {
      REFERENCE.lastIndex = index
      const found = REFERENCE.exec(content)
      const name = found?.[1] ?? found?.[2] ?? ''
      if (!this.#known.has(name) || this.#plain.get(name) !== true) return false
    }
    return true
  }

  /**
   * Notes a definition that was passed.
   *
   * @param balance how many more braces its value opens than it closes
   * @param isCertain whether it counts for every configuration id
   */
  define(name: string, balance: number, isCertain: boolean): void {
    if (isCertain) this.#known.add(name)
    if (balance === 0) this.#unbalanced.delete(name)
    else this.#unbalanced.set(name, balance)
  }

  /** How many more braces the references of a line open than they close, as far as the text says. */
  balance(line: string): number {
    if (this.#unbalanced.size === 0) return 0
    let sum = 0
    for (const [, name = ''] of line.matchAll(NAMES)) sum += this.#unbalanced.get(name) ?? 0
    return sum
  }
}
