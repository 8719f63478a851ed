/**
 * Reads a command line as GNU's getopt_long does, which keepalived's users rely on: no library for Node takes abbreviated long
 * names, values that may only be attached, and options behind other words.
 */

/** How an option may be written. */
export interface OptionName {
  /** The letter behind one dash. */
  readonly short?: string
  /** The name behind two dashes. */
  readonly long?: string
  /**
   * Whether a value follows: `optional` ones are attached (`-tFILE`, `--name=FILE`), the others may be the next word too. With `rest`
   * all that follows is left to somebody else.
   */
  readonly value: 'none' | 'required' | 'optional' | 'rest'
}

/** What was found, in the order of the command line. */
export type Found<T extends OptionName> =
  | { readonly kind: 'option'; readonly option: T; readonly value?: string }
  /** @param name as it is written: `-x`, `--name` */
  | { readonly kind: 'rest'; readonly option: T; readonly name: string; readonly args: readonly string[] }
  /** @param text as it is written: `-x`, `--name`, `--name=value` */
  | { readonly kind: 'unknown'; readonly text: string }
  | { readonly kind: 'missing'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }

/** Reads all words of a command line, without the program's name. */
export function readOptions<T extends OptionName>(args: readonly string[], options: readonly T[]): Found<T>[] {
  const rest = [...args]
  const found: Found<T>[] = []
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      found.push(...rest.splice(0).map((text): Found<T> => ({ kind: 'word', text })))
    } else if (word.startsWith('--')) {
      found.push(readLong(word, rest, options))
    } else if (word.startsWith('-') && word !== '-') {
      found.push(...readShort(word.slice(1), rest, options))
    } else {
      found.push({ kind: 'word', text: word })
    }
  }
  return found
}

function readLong<T extends OptionName>(word: string, rest: string[], options: readonly T[]): Found<T> {
  const equals = word.indexOf('=')
  const name = equals === -1 ? word.slice(2) : word.slice(2, equals)
  const attached = equals === -1 ? undefined : word.slice(equals + 1)
  const option = optionNamed(name, options)
  const takesNone = option?.value === 'none' || option?.value === 'rest'
  if (option === undefined || (takesNone && attached !== undefined)) return { kind: 'unknown', text: word }
  if (option.value === 'rest') return { kind: 'rest', option, name: `--${option.long ?? name}`, args: rest.splice(0) }
  return withValue(option, attached, `--${option.long ?? name}`, rest)
}

/** The option of this name, or the only one that begins so. */
function optionNamed<T extends OptionName>(name: string, options: readonly T[]): T | undefined {
  const exact = options.find(({ long }) => long === name)
  if (exact !== undefined) return exact
  const candidates = options.filter(({ long }) => long?.startsWith(name) === true)
  return candidates.length === 1 ? candidates[0] : undefined
}

/** One or more letters behind one dash; the first that takes a value takes what is left of the word. */
function readShort<T extends OptionName>(letters: string, rest: string[], options: readonly T[]): Found<T>[] {
  const found: Found<T>[] = []
  const characters = Array.from(letters)
  while (characters.length > 0) {
    const letter = characters.shift() ?? ''
    const option = options.find(({ short }) => short === letter)
    if (option === undefined) {
      found.push({ kind: 'unknown', text: `-${letter}` })
    } else if (option.value === 'none') {
      found.push({ kind: 'option', option })
    } else if (option.value === 'rest') {
      const left = characters.splice(0).join('')
      found.push({ kind: 'rest', option, name: `-${letter}`, args: [...(left === '' ? [] : [`-${left}`]), ...rest.splice(0)] })
    } else {
      const attached = characters.splice(0).join('')
      found.push(withValue(option, attached === '' ? undefined : attached, `-${letter}`, rest))
    }
  }
  return found
}

function withValue<T extends OptionName>(option: T, attached: string | undefined, text: string, rest: string[]): Found<T> {
  const value = attached ?? (option.value === 'required' ? rest.shift() : undefined)
  if (value !== undefined) return { kind: 'option', option, value }
  return option.value === 'required' ? { kind: 'missing', text } : { kind: 'option', option }
}
