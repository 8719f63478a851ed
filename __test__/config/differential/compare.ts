/** Writes all files, asks both programs about them and puts their answers side by side. */
import { availableParallelism } from 'node:os'
import { mkdirSync, readdirSync, writeFileSync, cpSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENDLESS } from '../differences.ts'
import { generatedCases } from './cases.ts'
import type { Row } from './rows.ts'
import { checkStatuses, keepalivedLog, keepalivedStatuses } from './statuses.ts'

const WHOLE = fileURLToPath(new URL('../../fixtures/whole/', import.meta.url))

/** What both programs say of one file. */
export interface Comparison {
  /** Block, keyword and variant of a generated file, or `whole/` and the name of a written one. */
  readonly name: string
  /** Absent for written files. */
  readonly row: Row | undefined
  readonly keepalived: number
  readonly ours: number
  /** Codes of our diagnostics. */
  readonly said: string
  /** What keepalived said. */
  readonly log: () => string
}

/** Compares all files whose name holds the text, in a folder that is empty before. */
export function compareAll(folder: string, filter = ''): Comparison[] {
  const cases = [...generatedFiles(folder), ...wholeFiles(folder)].filter(({ name }) => name.includes(filter) && !ENDLESS.has(name))
  const files = cases.map(({ file }) => file)
  const keepalived = keepalivedStatuses(files, Math.min(availableParallelism(), 4))
  const ours = checkStatuses(files)
  return cases.map(({ name, row, file }) => {
    const status = keepalived.get(file)
    const checked = ours.get(file)
    if (status === undefined || checked === undefined) throw new Error(`no answer about ${file}`)
    return { name, row, keepalived: status, ours: checked.status, said: checked.said, log: () => keepalivedLog(file) }
  })
}

/** A file to compare. */
interface File {
  readonly name: string
  readonly row: Row | undefined
  readonly file: string
}

function generatedFiles(folder: string): File[] {
  return generatedCases().map(({ name, row, text }) => {
    // Names hold characters that mean something to xargs.
    const file = join(folder, `${name.replaceAll(/[^\w/.-]/g, (character) => `=${character.codePointAt(0)?.toString(16) ?? ''}`)}.conf`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return { name, row, file }
  })
}

/** Copies: keepalived's messages are written beside a file. */
function wholeFiles(folder: string): File[] {
  cpSync(WHOLE, join(folder, 'whole'), { recursive: true })
  return readdirSync(WHOLE)
    .filter((file) => file.endsWith('.conf'))
    .map((file) => ({ name: `whole/${file.replace(/\.conf$/, '')}`, row: undefined, file: join(folder, 'whole', file) }))
}

/** Comparisons by block and pair of statuses. */
export function grouped(comparisons: readonly Comparison[]): ReadonlyMap<string, readonly Comparison[]> {
  const groups = new Map<string, Comparison[]>()
  for (const comparison of comparisons) {
    const { row, keepalived, ours } = comparison
    const key = `${row?.block ?? 'whole files'}: keepalived ${keepalived}, ka-native ${ours}`
    groups.set(key, [...(groups.get(key) ?? []), comparison])
  }
  return groups
}
