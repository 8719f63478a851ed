/**
 * One part of a file pattern, between two slashes, as fnmatch(3) reads it in the C locale.
 *
 * Parts are read once and compared with many names, one character per octet in both.
 */

/** What one step of a part matches: an octet, one octet of a set, or (`*`) any number of octets. */
export type Step = number | ReadonlySet<number> | '*'

const ANY: ReadonlySet<number> = new Set(Array.from({ length: 256 }, (_, octet) => octet))
const NONE: ReadonlySet<number> = new Set()
const DOT = 46

/** The character classes of POSIX, ASCII only. */
const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ['alnum', /[0-9A-Za-z]/],
  ['alpha', /[A-Za-z]/],
  ['blank', /[ \t]/],
  // oxlint-disable-next-line no-control-regex -- the class of control characters
  ['cntrl', /[\u0000-\u001f\u007f]/],
  ['digit', /[0-9]/],
  ['graph', /[!-~]/],
  ['lower', /[a-z]/],
  ['print', /[ -~]/],
  ['punct', /[!-/:-@[-`{-~]/],
  ['space', /[ \t\n\v\f\r]/],
  ['upper', /[A-Z]/],
  ['xdigit', /[0-9A-Fa-f]/],
])

/** Reads a part. A `[` that opens no set stands for itself. */
export function readPart(part: string): readonly Step[] {
  const steps: Step[] = []
  for (let at = 0; at < part.length; at++) {
    const char = part.charAt(at)
    if (char === '*') {
      if (steps.at(-1) !== '*') steps.push('*')
    } else if (char === '?') {
      steps.push(ANY)
    } else if (char === '[') {
      const set = readSet(part, at)
      steps.push(set?.octets ?? char.charCodeAt(0))
      at = set?.last ?? at
    } else {
      if (char === '\\' && at + 1 < part.length) at++
      steps.push(part.charCodeAt(at))
    }
  }
  return steps
}

/** Whether a part stands for one name only. */
export function isLiteral(steps: readonly Step[]): steps is readonly number[] {
  return steps.every((step) => typeof step === 'number')
}

/** Whether a name matches; every comparison takes a step off the budget. A leading dot must be written. */
export function matches(steps: readonly Step[], name: string, budget: { steps: number }): boolean {
  if (name.charCodeAt(0) === DOT && steps[0] !== DOT) return false
  let at = 0
  let inName = 0
  let starAt = -1
  let starInName = 0
  while (inName < name.length) {
    if (budget.steps-- <= 0) return false
    const step = steps[at]
    if (step === '*') {
      starAt = at++
      starInName = inName
    } else if (step !== undefined && accepts(step, name.charCodeAt(inName))) {
      at++
      inName++
    } else if (starAt === -1) {
      return false
    } else {
      at = starAt + 1
      inName = ++starInName
    }
  }
  while (steps[at] === '*') at++
  return inName === name.length && at === steps.length
}

function accepts(step: number | ReadonlySet<number>, octet: number): boolean {
  return typeof step === 'number' ? step === octet : step.has(octet)
}

/** One element of a set: an octet, or a class, and where the next one starts. */
interface Element {
  readonly octets: readonly number[]
  /** An octet by itself can start or end a range. */
  readonly isOctet: boolean
  readonly next: number
}

/** The set that `[` opens at `open`, and where its `]` is. With a class that does not exist nothing matches. */
function readSet(part: string, open: number): { octets: ReadonlySet<number>; last: number } | undefined {
  const isNegated = part[open + 1] === '!' || part[open + 1] === '^'
  const start = open + (isNegated ? 2 : 1)
  const members = new Set<number>()
  let isKnown = true
  for (let at = start; at < part.length;) {
    if (part[at] === ']' && at > start) {
      const octets = isNegated ? new Set([...ANY].filter((octet) => !members.has(octet))) : members
      return { octets: isKnown ? octets : NONE, last: at }
    }
    const first = readElement(part, at)
    at = first.next
    if (first.isOctet && part[at] === '-' && at + 1 < part.length && part[at + 1] !== ']') {
      const last = readElement(part, at + 1)
      at = last.next
      for (let octet = first.octets[0] ?? 0; octet <= (last.octets[0] ?? -1); octet++) members.add(octet)
    } else {
      isKnown &&= first.octets.length > 0
      for (const octet of first.octets) members.add(octet)
    }
  }
  return undefined
}

function readElement(part: string, at: number): Element {
  const mark = part[at] === '[' ? (part[at + 1] ?? '') : ''
  if (mark === ':' || mark === '.' || mark === '=') {
    const end = part.indexOf(`${mark}]`, at + 2)
    const text = part.slice(at + 2, end)
    if (end !== -1 && mark === ':') return { octets: classMembers(text), isOctet: false, next: end + 2 }
    if (end !== -1 && text.length === 1) return { octets: [text.charCodeAt(0)], isOctet: true, next: end + 2 }
  }
  const from = part[at] === '\\' && at + 1 < part.length ? at + 1 : at
  return { octets: [part.charCodeAt(from)], isOctet: true, next: from + 1 }
}

function classMembers(name: string): readonly number[] {
  const pattern = CLASSES.get(name)
  return pattern === undefined ? [] : [...ANY].filter((octet) => pattern.test(String.fromCharCode(octet)))
}
