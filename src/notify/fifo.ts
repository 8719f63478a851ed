import { closeSync, constants, fchownSync, fstatSync, lstatSync, openSync, unlinkSync, writeSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { Logger } from 'pino'
import type { Account } from '../process/account.ts'

/** As keepalived: others may read where the umask lets them. */
const MODE = 0o644

/** Read and write, so that it opens without a reader and a write without one is no error. */
const FLAGS = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** The pipe is full. */
const NO_ROOM = 'EAGAIN'

/** Makes a FIFO; throws an error with the symbol of the system's as `code`. */
export type MakeFifo = (path: string, mode: number) => void

/** What a FIFO is made of. */
export interface FifoOptions {
  /** Keyword, such as `vrrp_notify_fifo`. */
  readonly keyword: string
  readonly path: string
  /** Bits that a FIFO made here does not get. */
  readonly umask: number
  /** Whom it belongs to: the daemon's own user where absent. */
  readonly owner: Pick<Account, 'uid' | 'gid'> | undefined
}

/** An open FIFO. */
interface Pipe {
  readonly descriptor: number
  readonly identity: string
}

/**
 * A named pipe into which lines are written (process.md §7.2).
 *
 * It is made where there is none, and removed at the end only by who made it. A write never waits: while nobody reads, the kernel keeps
 * what fits into the pipe, and further lines are dropped, counted and said. The calls here are of a file system in memory; none waits
 * for a reader.
 */
export class Fifo {
  readonly #options: FifoOptions
  readonly #makeFifo: MakeFifo
  readonly #log: Logger
  #pipe: Pipe | undefined
  /** We made what is open. */
  #isOurs = false
  /** Lines dropped since the last one that was written. */
  #lost = 0

  constructor(options: FifoOptions, makeFifo: MakeFifo, log: Logger) {
    this.#options = options
    this.#makeFifo = makeFifo
    this.#log = log.child({ fifo: options.path })
  }

  /** Makes the FIFO where there is none, and opens it. Says why where that fails: nothing is written then. */
  open(): boolean {
    const { path, keyword } = this.#options
    try {
      const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
      if (found === undefined) this.#make()
      else this.#check(found)
      this.#pipe = this.#openChecked()
    } catch (error) {
      const name = keyword.replace(/_fifo$/, ' fifo')
      this.#log.error(`Unable to open ${name} ${path}: ${reasonOf(error)}; nothing is written to it until the next reload`)
      this.#remove()
      return false
    }
    return true
  }

  /** Writes a line, without its end; drops it where there is no room. */
  write(line: string): void {
    if (!this.offer(line)) this.drop(1)
  }

  /** Writes a line where there is room for it; whether there was. Where it cannot be written at all it is dropped. */
  offer(line: string): boolean {
    if (this.#pipe !== undefined && !this.#isStillThere(this.#pipe)) this.#openAnew()
    if (this.#pipe === undefined) return true
    try {
      writeSync(this.#pipe.descriptor, `${line}\n`)
    } catch (error) {
      const code = codeOf(error)
      if (code === NO_ROOM) return false
      this.#lose(1, code)
      return true
    }
    this.#sayLost()
    return true
  }

  /** So many lines found no room, and are given up. */
  drop(count: number): void {
    this.#lose(count, NO_ROOM)
  }

  /** Removes it where it was made here, then closes it: a reader reads what is in it, and its end. */
  close(): void {
    this.#sayLost()
    this.#remove()
    if (this.#pipe !== undefined) closeSync(this.#pipe.descriptor)
    this.#pipe = undefined
  }

  #make(): void {
    const { path, umask } = this.#options
    this.#makeFifo(path, MODE & ~umask)
    this.#isOurs = true
  }

  /** Refuses what is no FIFO, or somebody's else. */
  #check(found: BigIntStats): void {
    if (!found.isFIFO()) throw new Error(`it is ${kindOf(found)}, not a FIFO`)
    const { owner } = this.#options
    const allowed = [process.geteuid?.(), owner?.uid]
    if (!allowed.includes(Number(found.uid))) throw new Error(`it belongs to the user with number ${found.uid}`)
  }

  #openChecked(): Pipe {
    const descriptor = openSync(this.#options.path, FLAGS)
    try {
      const found = fstatSync(descriptor, { bigint: true })
      // It may have been replaced since it was looked at.
      this.#check(found)
      const { owner } = this.#options
      if (this.#isOurs && owner !== undefined) fchownSync(descriptor, owner.uid, owner.gid)
      return { descriptor, identity: identityOf(found) }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
  }

  /** Whether the path still leads to what is open. */
  #isStillThere({ identity }: Pipe): boolean {
    try {
      const found = lstatSync(this.#options.path, { bigint: true, throwIfNoEntry: false })
      return found !== undefined && identityOf(found) === identity
    } catch {
      // Not even the directory can be looked into: a reader that has it open goes on.
      return true
    }
  }

  #openAnew(): void {
    this.#log.warn('the FIFO was removed or replaced by somebody else and is opened anew')
    if (this.#pipe !== undefined) closeSync(this.#pipe.descriptor)
    this.#pipe = undefined
    this.#isOurs = false
    this.open()
  }

  #lose(count: number, code: string): void {
    const isFirst = this.#lost === 0
    this.#lost += count
    if (!isFirst) return
    const reason = code === NO_ROOM ? 'nobody reads it and it is full' : code
    this.#log.warn({ reason }, 'lines for the FIFO are dropped')
  }

  #sayLost(): void {
    if (this.#lost > 0) this.#log.warn({ lost: this.#lost }, `${this.#lost} lines for the FIFO were dropped`)
    this.#lost = 0
  }

  /** Removes it, if it was made here and is still what the path leads to. */
  #remove(): void {
    if (!this.#isOurs) return
    this.#isOurs = false
    if (this.#pipe !== undefined && !this.#isStillThere(this.#pipe)) return
    try {
      unlinkSync(this.#options.path)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#log.warn(`the FIFO cannot be removed: ${codeOf(error)}`)
    }
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

function kindOf(found: BigIntStats): string {
  if (found.isFile()) return 'a regular file'
  if (found.isDirectory()) return 'a directory'
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (found.isSocket()) return 'a socket'
  return 'a device'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
