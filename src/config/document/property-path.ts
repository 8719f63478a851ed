/** Which property of a document is meant: `vrrpInstances[0].priority`. */
import { printable } from '../diagnostics/printable.ts'

const NAME = /^[A-Za-z_$][\w$]*$/

/** One property, by way of those that it is in: a link each, because most paths are never looked at. */
export class PropertyPath {
  /** The document itself. */
  static readonly ROOT: PropertyPath = new PropertyPath(undefined, '')
  readonly #parent: PropertyPath | undefined
  readonly #key: string | number

  private constructor(parent: PropertyPath | undefined, key: string | number) {
    this.#parent = parent
    this.#key = key
  }

  /** A property of this one, or an item of a list. */
  child(key: string | number): PropertyPath {
    return new PropertyPath(this, key)
  }

  /** Names and indexes from the document down. */
  get keys(): readonly (string | number)[] {
    const keys: (string | number)[] = []
    // oxlint-disable-next-line typescript/no-this-alias -- the walk starts here
    let at: PropertyPath = this
    while (at.#parent !== undefined) {
      keys.push(at.#key)
      at = at.#parent
    }
    return keys.toReversed()
  }

  toString(): string {
    let text = ''
    for (const key of this.keys) {
      if (typeof key === 'number') text += `[${key}]`
      else if (!NAME.test(key)) text += `[${JSON.stringify(printable(key))}]`
      else text += text === '' ? key : `.${key}`
    }
    return text
  }
}
