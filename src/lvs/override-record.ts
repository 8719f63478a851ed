import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { writeWhole } from '../dump/write-file.ts'
import { within } from '../time-limit.ts'
import { MOST_WEIGHT } from './destinations.ts'
import type { LvsObserver } from './lvs-observer.ts'
import { isOverride } from './override.ts'
import type { OverrideEntry } from './overrides.ts'

/** What the file looks like; another number is another layout. */
const VERSION = 1
/** A file that is larger is not ours. */
const MOST_OCTETS = 16 * 1024 * 1024
/** How long a start waits for the file. */
const READ_LIMIT_MS = 2_000

/**
 * The file that keeps what operators want over a restart.
 *
 * Writing is done in the background, one file at a time and the latest last: a disk that is full or slow holds nothing up. What could not
 * be recorded is said, and counts all the same for as long as the daemon runs.
 */
export class OverrideRecord {
  readonly #path: string
  readonly #log: LvsObserver['log']
  #wanted: readonly OverrideEntry[] | undefined
  #writing: Promise<void> | undefined

  constructor(path: string, log: LvsObserver['log']) {
    this.#path = path
    this.#log = log
  }

  /** What is recorded; nothing where there is no file, or none that can be used, which is said. Never rejects. */
  async read(): Promise<readonly OverrideEntry[]> {
    const state: { entries: readonly OverrideEntry[]; isDone: boolean } = { entries: [], isDone: false }
    const reading = async (): Promise<void> => {
      try {
        state.entries = entriesOf(await textOf(this.#path))
      } catch (error) {
        const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
        if (!isMissing) this.#log('warn', `${this.#path} cannot be used, no server is as an operator wanted it: ${reasonOf(error)}`)
      }
      state.isDone = true
    }
    await within(READ_LIMIT_MS, reading())
    if (state.isDone) return state.entries
    this.#log('warn', `${this.#path} cannot be read in time: no server is as an operator wanted it`)
    return []
  }

  /** Records these instead of what is recorded, as soon as it can. */
  write(entries: readonly OverrideEntry[]): void {
    this.#wanted = entries
    this.#writing ??= this.#writeWanted()
  }

  /** Waits until all is recorded, at most so long. Never rejects. */
  async finish(limitMs: number): Promise<void> {
    if (this.#writing !== undefined) await within(limitMs, this.#writing)
  }

  async #writeWanted(): Promise<void> {
    for (let entries = this.#wanted; entries !== undefined; entries = this.#wanted) {
      this.#wanted = undefined
      try {
        await writeWhole(this.#path, [textFor(entries)])
      } catch (error) {
        this.#log('warn', `what operators want of servers is not recorded in ${this.#path}: ${reasonOf(error)}`)
      }
    }
    this.#writing = undefined
  }
}

async function textOf(path: string): Promise<string> {
  // What is no file must not be waited for.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new Error('it is no regular file')
    if (stats.size > MOST_OCTETS) throw new Error('it is too large')
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

function textFor(entries: readonly OverrideEntry[]): string {
  const overrides = entries.map(({ service, server, override: { isMaintained, weight, isDrained, sinceMs } }) => ({
    service,
    server,
    isMaintained,
    ...(weight === undefined ? {} : { weight }),
    isDrained,
    sinceMs,
  }))
  return `${JSON.stringify({ version: VERSION, overrides })}\n`
}

function entriesOf(text: string): readonly OverrideEntry[] {
  const record: unknown = JSON.parse(text)
  if (!isObject(record) || record['version'] !== VERSION || !Array.isArray(record['overrides']))
    throw new Error('it is not of this version')
  const written: readonly unknown[] = record['overrides']
  return written.map(entryOf)
}

function entryOf(written: unknown): OverrideEntry {
  if (!isObject(written)) throw new Error('it is damaged')
  const { service, server, isMaintained, weight, isDrained, sinceMs } = written
  if (
    typeof service !== 'string' ||
    typeof server !== 'string' ||
    typeof isMaintained !== 'boolean' ||
    typeof isDrained !== 'boolean' ||
    typeof sinceMs !== 'number' ||
    !(weight === undefined || isWeight(weight))
  ) {
    throw new Error('it is damaged')
  }
  const entry: OverrideEntry = { service, server, override: { isMaintained, weight, isDrained, sinceMs } }
  if (!isOverride(entry.override)) throw new Error('it is damaged')
  return entry
}

/** Whether a value can be the weight of a server. */
export function isWeight(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_WEIGHT
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
