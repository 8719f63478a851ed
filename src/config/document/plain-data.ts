/** Plain data: what JSON can hold. A program may hand over anything; a configuration is made of this. */
import { shown } from '../diagnostics/printable.ts'
import { PropertyPath } from './property-path.ts'

/** No table nests as deep. */
const MAX_DEPTH = 32
/** Values counted once for each place where they are. */
const MAX_VALUES = 4_000_000
const MAX_PROBLEMS = 1000

/** An object with properties, and no list. */
export type PlainObject = Readonly<Record<string, unknown>>

/** A value that is no plain data. */
export interface DataProblem {
  readonly property: PropertyPath
  /** One sentence. */
  readonly message: string
}

/** A copy of data, without what is none. */
export interface PlainData {
  readonly data: unknown
  readonly problems: readonly DataProblem[]
}

/** Whether a value is an object with properties, and no list. */
export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Copies a value as plain data. Never throws; properties whose value is `undefined` are left out. */
export function plainData(value: unknown): PlainData {
  const copier = new Copier()
  return { data: copier.copy(value, PropertyPath.ROOT), problems: copier.problems }
}

class Copier {
  readonly problems: DataProblem[] = []
  readonly #around: object[] = []
  #left = MAX_VALUES

  copy(value: unknown, path: PropertyPath): unknown {
    if (this.#left-- <= 0) return this.#left === -1 ? this.#reject(path, `the configuration has more than ${MAX_VALUES} values`) : undefined
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'undefined':
        return value
      case 'object':
        return value === null ? value : this.#copyObject(value, path)
      default:
        return this.#reject(path, `a ${typeof value} is no part of a configuration`)
    }
  }

  #copyObject(value: object, path: PropertyPath): unknown {
    const depth = this.#around.length
    try {
      return this.#copyInner(value, path)
    } catch (error) {
      // What looks like an object may be code.
      this.#around.length = depth
      return this.#reject(path, `the object cannot be read: ${said(error)}`)
    }
  }

  #copyInner(value: object, path: PropertyPath): unknown {
    const kind = strangeKind(value)
    if (kind !== undefined) return this.#reject(path, `${kind} is no part of a configuration`)
    if (this.#around.includes(value)) return this.#reject(path, 'the configuration holds itself here')
    if (this.#around.length >= MAX_DEPTH) return this.#reject(path, `the configuration is nested deeper than ${MAX_DEPTH} levels`)
    this.#around.push(value)
    const copy = Array.isArray(value) ? this.#copyItems(value, path) : this.#copyProperties(value, path)
    this.#around.pop()
    return copy
  }

  #copyItems(items: readonly unknown[], path: PropertyPath): unknown[] {
    const copies: unknown[] = []
    for (let index = 0; index < items.length && this.#left > 0; index++) {
      const place = path.child(index)
      copies.push(this.copy(this.#take(items, index, place), place))
    }
    return copies
  }

  #copyProperties(value: object, path: PropertyPath): object {
    const entries: [string, unknown][] = []
    for (const key of Object.keys(value)) {
      const place = path.child(key)
      const copy = this.copy(this.#take(value, key, place), place)
      if (copy !== undefined) entries.push([key, copy])
    }
    // Defines properties whatever their name, `__proto__` too.
    return Object.fromEntries(entries)
  }

  /** Reads a property, which may be code. */
  #take(value: object, key: string | number, path: PropertyPath): unknown {
    try {
      return (value as Readonly<Record<string | number, unknown>>)[key]
    } catch (error) {
      return this.#reject(path, `the property cannot be read: ${said(error)}`)
    }
  }

  #reject(property: PropertyPath, message: string): undefined {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ property, message })
    return undefined
  }
}

/** What was thrown, as far as it says. */
function said(error: unknown): string {
  return shown(error instanceof Error && typeof error.message === 'string' ? `${error.name}: ${error.message}` : typeof error)
}

/** What an object is that is neither a list nor plain: `a Date`. Objects of other contexts have prototypes of their own. */
function strangeKind(value: object): string | undefined {
  if (Array.isArray(value)) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || typeof prototype !== 'object' || Object.getPrototypeOf(prototype) === null) return undefined
  const { constructor } = prototype
  const name: unknown = typeof constructor === 'function' ? constructor.name : undefined
  return typeof name === 'string' && name !== '' ? `an object of class ${shown(name)}` : 'such an object'
}
