import { appendFileSync, closeSync, constants, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { run } from './network.ts'

/** Writes its process id and its arguments to a file, which is the first of them: ids tell the order in which scripts were started. */
export const NOTE_SCRIPT = '/run/lvs-note'
/** Of `notify_fifo` and of `lvs_notify_fifo`, within the directory of a subject. */
export const FIFOS = ['all.fifo', 'lvs.fifo'] as const

const NOTES_FILE = 'notes'
const FIFO_CHUNK_BYTES = 65_536

/** To be called once, before anything notes. */
export function installNoteScript(): void {
  writeFileSync(NOTE_SCRIPT, '#!/bin/busybox sh\nfile=$1\nshift\necho "$$ $*" >> "$file"\n', { mode: 0o755 })
}

/** A command for a keepalived.conf that notes `text`. */
export function noteCommand(directory: string, text: string): string {
  return `"${NOTE_SCRIPT} ${directory}/${NOTES_FILE} ${text}"`
}

/** What the scripts of a subject noted and what it wrote into its FIFOs. */
export class Notes {
  readonly #file: string
  readonly #fifos: readonly number[]
  readonly #texts: string[] = FIFOS.map(() => '')

  private constructor(file: string, fifos: readonly number[]) {
    this.#file = file
    this.#fifos = fifos
  }

  /** Makes the FIFOs in a directory and reads from them from now on: nobody misses a line. */
  static async open(directory: string): Promise<Notes> {
    const file = `${directory}/${NOTES_FILE}`
    appendFileSync(file, '')
    const paths = FIFOS.map((name) => `${directory}/${name}`)
    await run(undefined, ['mkfifo', ...paths])
    // Also open for writing, so that it never ends.
    const fifos = paths.map((path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
    return new Notes(file, fifos)
  }

  /** What scripts noted, in the order in which they were started. */
  scripts(): string[] {
    const lines = linesOf(readFileSync(this.#file, 'latin1')).map((line) => {
      const [pid = '', ...words] = line.split(' ')
      return { pid: Number(pid), text: words.join(' ') }
    })
    return lines.toSorted((one, other) => one.pid - other.pid).map(({ text }) => text)
  }

  /** The lines of each of {@link FIFOS}. */
  fifos(): string[][] {
    const buffer = Buffer.alloc(FIFO_CHUNK_BYTES)
    return this.#fifos.map((fd, index) => {
      this.#texts[index] += readWhatIsThere(fd, buffer)
      // keepalived writes the NUL of its text too.
      return linesOf((this.#texts[index] ?? '').replaceAll('\0', ''))
    })
  }

  close(): void {
    for (const fd of this.#fifos) closeSync(fd)
  }
}

function readWhatIsThere(fd: number, buffer: Buffer): string {
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return ''
    throw error
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
