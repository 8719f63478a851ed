import { constants, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Logger } from 'pino'
import { readReloadTime, reloadTimeText } from './reload-time.ts'

/** More than the longest time that can be written. */
const MAX_OCTETS = 256
/** Several changes in a row are read as one. */
const SETTLE_MS = 100
/** Editors and shells empty a file, or remove it, before they write it: so long it may say nothing. */
const EMPTY_MS = 1_000
/** The clock is looked at this often at least: it may be set meanwhile. */
const LOOK_MS = 30_000
/** What could not be watched is tried again, and the file read, this often. */
const RETRY_MS = 60_000

/** When to reload, and whether every day. */
interface Schedule {
  readonly atMs: number
  readonly isDaily: boolean
}

/** Reloads at the time that a file says (`reload_time_file`). */
export class ReloadTimeFile {
  readonly #reload: () => void
  readonly #log: Logger
  #path: string | undefined
  /** A time without a date is kept after it came, and comes every day. */
  #repeats = false
  #watchers: FSWatcher[] = []
  #schedule: Schedule | undefined
  #settling: NodeJS.Timeout | undefined
  #looking: NodeJS.Timeout | undefined
  #retrying: NodeJS.Timeout | undefined
  /** What keeps it from being watched, as said. */
  #trouble = ''
  #reading: Promise<void> = Promise.resolve()
  /** Since when there has been nothing to read, on the clock of `performance.now()`. */
  #emptySinceMs: number | undefined

  constructor(reload: () => void, log: Logger) {
    this.#reload = reload
    this.#log = log
  }

  /** Follows the file at `path` from now on, or none. */
  configure(path: string | undefined, repeats: boolean): void {
    this.#repeats = repeats
    if (path === this.#path) return
    this.close()
    this.#path = path
    if (path === undefined) return
    this.#watch(path)
    this.#readSoon()
  }

  /** Follows no file any more. */
  close(): void {
    this.#path = undefined
    this.#unwatch()
    clearTimeout(this.#settling)
    this.#settling = undefined
    this.#emptySinceMs = undefined
    clearTimeout(this.#retrying)
    this.#set(undefined)
    this.#trouble = ''
  }

  /** The directory tells of files that come, go and change; the file itself is for one that a link leads to. */
  #watch(path: string): void {
    this.#unwatch()
    try {
      this.#follow(dirname(path), (name) => name === null || name === basename(path))
      this.#trouble = ''
    } catch (error) {
      this.#tellTrouble(error)
      return
    }
    this.#watchFile(path)
  }

  #watchFile(path: string): void {
    try {
      this.#follow(path, () => true)
    } catch (error) {
      // Of a file that is not there yet the directory tells.
      if (codeOf(error) !== 'ENOENT') this.#tellTrouble(error)
    }
  }

  #follow(path: string, concerns: (name: string | null) => boolean): void {
    const watcher = watch(path, { persistent: false }, (event, name) => {
      if (concerns(name)) this.#changed(event === 'rename')
    })
    watcher.on('error', (error) => {
      this.#tellTrouble(error)
    })
    this.#watchers.push(watcher)
  }

  #changed(mayBeAnother: boolean): void {
    // Another file may have its name now, which is to be watched instead.
    if (mayBeAnother) this.#retryIn(SETTLE_MS)
    this.#readSoon()
  }

  #tellTrouble(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#trouble !== reason)
      this.#log.warn({ path: this.#path }, `reload_time_file cannot be watched, it is read once a minute: ${reason}`)
    this.#trouble = reason
    this.#retryIn(RETRY_MS)
  }

  #retryIn(ms: number): void {
    clearTimeout(this.#retrying)
    this.#retrying = setTimeout(() => {
      if (this.#path !== undefined) this.#watch(this.#path)
      this.#readSoon()
    }, ms).unref()
  }

  #unwatch(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }

  #readSoon(delayMs = SETTLE_MS): void {
    if (this.#settling !== undefined) return
    this.#settling = setTimeout(() => {
      this.#settling = undefined
      this.#reading = this.#reading.then(async () => {
        await this.#read()
      })
    }, delayMs).unref()
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const path = this.#path
    if (path === undefined) return
    const schedule = this.#schedule
    const line = await firstLine(path)
    // It may have been configured away meanwhile, or its time have come: then what was read is of before.
    if (path !== this.#path || schedule !== this.#schedule) return
    if (schedule !== undefined && Date.now() >= schedule.atMs) {
      // The time has come and the timer is late: what the file says now would put the time off, or give it up.
      this.#come(schedule)
      return
    }
    if (typeof line === 'object' && line.code !== 'ENOENT') {
      this.#log.warn({ path }, `reload_time_file cannot be read: ${line.message}`)
      this.#cancel()
    } else if (typeof line === 'object' || line === '') this.#takeNothing()
    else this.#take(line)
  }

  /** There is nothing to read, which counts when it stays so. */
  #takeNothing(): void {
    this.#emptySinceMs ??= performance.now()
    if (performance.now() - this.#emptySinceMs >= EMPTY_MS) this.#cancel()
    else if (this.#schedule !== undefined) this.#readSoon(EMPTY_MS)
  }

  #take(line: string): void {
    this.#emptySinceMs = undefined
    const time = readReloadTime(line, Date.now())
    if (time.kind === 'ignored') {
      for (const sentence of time.sentences) this.#log.info(sentence)
      this.#cancel()
      return
    }
    const former = this.#schedule
    this.#set({ atMs: time.atMs, isDaily: !time.hasDate })
    const text = reloadTimeText(time.atMs)
    if (former === undefined) this.#log.info(`Scheduling reload for ${text}`)
    else if (former.atMs !== time.atMs) this.#log.info(`Reload time updated from ${reloadTimeText(former.atMs)} to ${text}`)
  }

  #cancel(): void {
    this.#emptySinceMs = undefined
    if (this.#schedule !== undefined) this.#log.info(`Cancelling reload scheduled for ${reloadTimeText(this.#schedule.atMs)}`)
    this.#set(undefined)
  }

  #set(schedule: Schedule | undefined): void {
    clearTimeout(this.#looking)
    this.#schedule = schedule
    if (schedule !== undefined) this.#lookAgain(schedule)
  }

  /** Looks at the clock when the time should have come, and in between. */
  #lookAgain(schedule: Schedule): void {
    const left = schedule.atMs - Date.now()
    const look = (): void => {
      if (Date.now() >= schedule.atMs) this.#come(schedule)
      else this.#lookAgain(schedule)
    }
    this.#looking = setTimeout(look, Math.min(Math.max(left, 0), LOOK_MS)).unref()
  }

  /** The time has come. */
  #come({ isDaily }: Schedule): void {
    const path = this.#path
    this.#set(undefined)
    if (path === undefined) return
    this.#reload()
    if (this.#repeats && isDaily) this.#readSoon()
    // In turn with reading, which would find a time that is over.
    else this.#reading = this.#reading.then(async () => await this.#remove(path))
  }

  /** Never rejects. */
  async #remove(path: string): Promise<void> {
    try {
      await unlink(path)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (codeOf(error) !== 'ENOENT') this.#log.warn({ path }, `reload_time_file is done with, but cannot be removed: ${reason}`)
    }
  }
}

/** The first line of a file without its end; what the file system says where it cannot be read. */
async function firstLine(path: string): Promise<string | { readonly code: string; readonly message: string }> {
  try {
    // Opening a FIFO that nobody writes to must not wait.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (!(await handle.stat()).isFile()) return { code: 'EINVAL', message: 'it is no regular file' }
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_OCTETS), 0, MAX_OCTETS, 0)
      const text = buffer.toString('latin1', 0, bytesRead)
      const [line = ''] = text.split('\n')
      // An empty line is one that says nothing; no line at all is a file that says nothing.
      return line === '' && text !== '' ? ' ' : line
    } finally {
      await handle.close()
    }
  } catch (error) {
    return { code: codeOf(error), message: error instanceof Error ? error.message : String(error) }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
