/** Forms of what a process or thread is given: priorities, processors, limits, permissions of files. */
import { shown } from '../diagnostics/printable.ts'
import type { Line } from '../blocks/line.ts'
import type { Form } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'
import { integer, microseconds, parseAnyBase, parseInteger, UINT32_MAX, unlessZero } from './numbers.ts'
import { requiredWord, wordsOf } from './words.ts'

/** The limits of SCHED_RR on Linux. */
const MIN_RT_PRIORITY = 1
export const MAX_RT_PRIORITY = 99
/** More processors than the kernel can be built for. */
const MAX_CPU = 8191
const ALL_PERMISSIONS = 0o777

/** A priority of SCHED_RR: values outside of its limits are reported and moved to the nearest. */
export function realtimePriority(): Form<number> {
  const form = unlessZero(integer(MIN_RT_PRIORITY, MAX_RT_PRIORITY))
  const range = `a priority from ${MIN_RT_PRIORITY} to ${MAX_RT_PRIORITY}`
  return {
    ...form,
    read(line, { diagnostics }, name) {
      const text = requiredWord(line, name, range, diagnostics, true)
      if (text === undefined) return undefined
      const value = parseInteger(text)
      if (value === undefined) {
        return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is not a whole number`, `expected ${range}`)
      }
      const clamped = Math.min(Math.max(value, MIN_RT_PRIORITY), MAX_RT_PRIORITY)
      if (clamped !== value) {
        diagnostics.error('value-replaced', line.wordSpan, `real-time priority ${value} does not exist; ${clamped} is used`)
      }
      return clamped
    },
  }
}

/** Processors by number: one that does not exist spoils the line. */
export function processors(): Form<readonly number[]> {
  const listed = wordsOf(integer(0, MAX_CPU), 'the numbers of processors', true)
  return {
    ...listed,
    read(line, context, name) {
      if (line.left === 0) return listed.read(line, context, name)
      const cpu = integer(0, context.host.cpuCount - 1)
      const cpus: number[] = []
      while (line.left > 0) {
        const number = cpu.read(line, context, name)
        if (number === undefined) return undefined
        cpus.push(number)
      }
      return cpus
    },
  }
}

/** A limit of processor time in microseconds; 1 is too little and becomes 2. */
export function processorTime(): Form<number> {
  const form = microseconds(1, UINT32_MAX)
  return {
    ...form,
    read(line, context, name) {
      const us = form.read(line, context, name)
      if (us !== 1) return us
      context.diagnostics.info('unusual-value', line.wordSpan, `the least that '${name}' can be is 2 microseconds, which is used`)
      return 2
    },
  }
}

const BITS: ReadonlyMap<string, number> = new Map([
  ['IRUSR', 0o400],
  ['IWUSR', 0o200],
  ['IXUSR', 0o100],
  ['IRWXU', 0o700],
  ['IRGRP', 0o040],
  ['IWGRP', 0o020],
  ['IXGRP', 0o010],
  ['IRWXG', 0o070],
  ['IROTH', 0o004],
  ['IWOTH', 0o002],
  ['IXOTH', 0o001],
  ['IRWXO', 0o007],
])

/** A file creation mask: a number in any base, or names of bits joined by `|`, with or without blanks around it. */
export function creationMask(): Form<number> {
  return {
    types: { model: 'number', input: 'string', schema: { type: 'string' } },
    read(line, context, name) {
      const text = requiredWord(line, name, 'a mask', context.diagnostics)
      if (text === undefined) return undefined
      return /^\d/.test(text) ? readNumber(text, line, context, name) : readBits(text, line, context)
    },
    toInput: (mask) => `0${mask.toString(8)}`,
    toWords: (input) => (typeof input === 'string' ? input.split(/\s+/).filter((text) => text !== '') : undefined),
  }
}

function readNumber(text: string, line: Line, { diagnostics }: ReadContext, name: string): number | undefined {
  const mask = parseAnyBase(text)
  if (mask === undefined || mask > ALL_PERMISSIONS) {
    return diagnostics.error('invalid-number', line.wordSpan, `${shown(text)} is no mask; the line is ignored`, 'expected 0 to 0777')
  }
  if (line.left === 0) return mask
  return diagnostics.error('unexpected-word', line.nextSpan, `'${name}' takes one number; the line is ignored`)
}

function readBits(first: string, line: Line, { diagnostics }: ReadContext): number | undefined {
  let mask = 0
  let isBitNext = true
  for (let text: string | undefined = first; text !== undefined; text = line.next()) {
    for (const part of text.split(/(\|)/).filter((one) => one !== '')) {
      const bit = BITS.get(part)
      if ((part === '|') === isBitNext || (part !== '|' && bit === undefined)) {
        const help = `names of bits are joined by |: ${[...BITS.keys()].join(', ')}`
        return diagnostics.error('invalid-word', line.wordSpan, `${shown(part)} cannot stand here; the line is ignored`, help)
      }
      mask |= bit ?? 0
      isBitNext = !isBitNext
    }
  }
  if (!isBitNext) return mask
  return diagnostics.error('invalid-word', line.wordSpan, 'the name of a bit is missing; the line is ignored')
}
