/** Definitions (`$NAME=TEXT`) and the names that exist without one (language.md §5). */
import { encodeText } from './source.ts'
import type { ExpandedName, Span } from './source.ts'

/** A name and its text, which is expanded only where it is used. A later definition is another object. */
export interface Definition extends ExpandedName {
  /** At least one line; one character per octet. */
  readonly lines: readonly string[]
  /** Where each line stands; absent where all stand at {@link definedAt}. */
  readonly linesAt?: readonly Span[]
}

/** What the predefined names stand for. */
export interface Surroundings {
  /** The configuration id, one character per octet. */
  readonly configId: string
  /** The directory of the file being read, one character per octet. */
  readonly directory: () => string
}

/** What a reference to a known name means. */
export interface Meaning {
  /** Absent when the reference stays as it is written. */
  readonly definition: Definition | undefined
  /** What is wrong with its arguments. */
  readonly problem: string | undefined
}

type Predefined = (args: readonly string[], surroundings: Surroundings) => Meaning

const DEFINITION = /\$([A-Za-z_]\w*)=[ \t]*/y
const DECIMAL = /^[0-9]{1,15}$/
const RANDOM_MIN = 0
const RANDOM_MAX = 32_767

const PREDEFINED: ReadonlyMap<string, Predefined> = new Map<string, Predefined>([
  ['_PWD', withoutArguments('_PWD', ({ directory }) => directory())],
  ['_INSTANCE', withoutArguments('_INSTANCE', ({ configId }) => configId)],
  ['_HASH', withoutArguments('_HASH', () => '#')],
  ['_BANG', withoutArguments('_BANG', () => '!')],
  ['_RANDOM', random],
  ['_ENV', environment],
])

/** The name that a line of a definition is shown to come from: where the line stands, not where the definition begins. */
export function nameOfLine(definition: Definition, line: number): ExpandedName {
  const definedAt = definition.linesAt?.[line]
  return definedAt === undefined ? definition : { name: definition.name, definedAt }
}

/** The names of a text, in reading order: the latest definition counts. */
export class Definitions {
  readonly #defined = new Map<string, Definition>()
  readonly #surroundings: Surroundings

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  set(definition: Definition): void {
    this.#defined.set(definition.name, definition)
  }

  /**
   * What a reference stands for.
   *
   * @param args the words after the name within braces; absent when there are none
   * @returns `undefined` for an unknown name, which stays as it is written
   */
  find(name: string, args: string | undefined): Meaning | undefined {
    const words = (args ?? '').split(/[ \t]+/).filter((word) => word !== '')
    const definition = this.#defined.get(name)
    if (definition !== undefined) return words.length === 0 ? { definition, problem: undefined } : undefined
    return PREDEFINED.get(name)?.(words, this.#surroundings)
  }
}

/** Whether something can refer to a name. */
export function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text)
}

/**
 * The name that a line defines.
 *
 * @param at where the line starts, leading blanks aside
 * @returns the name, and where its text starts
 */
export function matchDefinition(text: string, at: number, stop: number): { name: string; valueStart: number } | undefined {
  DEFINITION.lastIndex = at
  const name = DEFINITION.exec(text)?.[1]
  if (name === undefined || at + name.length + 2 > stop) return undefined
  return { name, valueStart: Math.min(DEFINITION.lastIndex, stop) }
}

function means(name: string, text: string, problem?: string): Meaning {
  return { definition: { name, lines: [text], definedAt: undefined }, problem }
}

function meansNothing(problem: string): Meaning {
  return { definition: undefined, problem: `${problem}: the reference stays as it is written` }
}

function withoutArguments(name: string, text: (surroundings: Surroundings) => string): Predefined {
  return (args, surroundings) => (args.length === 0 ? means(name, text(surroundings)) : meansNothing(`'${name}' takes no arguments`))
}

/** Any whole number from MIN to MAX, both included. */
function random(args: readonly string[]): Meaning {
  const [min = RANDOM_MIN, max = RANDOM_MAX, surplus] = args.map(decimal)
  if (surplus !== undefined || Number.isNaN(min) || Number.isNaN(max)) {
    return meansNothing("'_RANDOM' takes two decimal numbers at most, MIN and MAX")
  }
  if (min > max) return means('_RANDOM', String(min), `the lower bound ${min} of '_RANDOM' is above its upper bound ${max}: ${min} is used`)
  return means('_RANDOM', String(min + Math.floor(Math.random() * (max - min + 1))))
}

function decimal(word: string): number {
  return DECIMAL.test(word) ? Number(word) : Number.NaN
}

/** An environment variable of this process; a line end in it is a blank, as it is between words. */
function environment(args: readonly string[]): Meaning {
  const [name, surplus] = args
  if (name === undefined || surplus !== undefined) return meansNothing("'_ENV' takes the name of an environment variable")
  const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined
  return means('_ENV', encodeText(value ?? '').replaceAll('\n', ' '))
}
