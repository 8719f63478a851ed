import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { waitFor, type WaitOptions } from './wait-for.ts'

/** How a process ended: exactly one of the two is not null. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One line that a {@link Child} wrote. */
export interface OutputLine {
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** A process inside a sandbox: it leads a process group of its own and its output is kept line by line. */
export class Child {
  /** The process id as seen inside the sandbox. */
  readonly pid: number
  readonly command: string
  /** Both streams in the order of arrival. */
  readonly output: OutputLine[]
  /** Settles when the process has ended and its output is complete. */
  readonly exited: Promise<Exit>
  #exit: Exit | undefined
  readonly #outer: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #kill: (pid: number, signal: NodeJS.Signals) => Promise<void>

  private constructor(
    command: string,
    pid: number,
    output: OutputLine[],
    outer: ChildProcessByStdio<Writable, Readable, Readable>,
    kill: (pid: number, signal: NodeJS.Signals) => Promise<void>,
  ) {
    this.command = command
    this.pid = pid
    this.output = output
    this.#outer = outer
    this.#kill = kill
    this.exited = new Promise((resolve) => {
      outer.once('close', (code: number | null, signal: NodeJS.Signals | null) => {
        this.#exit = { code, signal }
        resolve(this.#exit)
      })
    })
  }

  /** Takes over `outer`, the process that entered the sandbox, once the command has told its own pid on `pidPipe`. */
  static async adopt(
    command: string,
    outer: ChildProcessByStdio<Writable, Readable, Readable>,
    pidPipe: Readable,
    kill: (pid: number, signal: NodeJS.Signals) => Promise<void>,
  ): Promise<Child> {
    const output: OutputLine[] = []
    createInterface({ input: outer.stdout }).on('line', (text) => output.push({ stream: 'stdout', text }))
    createInterface({ input: outer.stderr }).on('line', (text) => output.push({ stream: 'stderr', text }))
    outer.stdin.on('error', () => undefined) // EPIPE when it ends without reading
    const [first] = (await Promise.race([once(pidPipe, 'data'), once(outer, 'close')])) as [unknown]
    const pid = Number(String(first))
    if (!Buffer.isBuffer(first) || !(pid > 0)) throw new Error(`${command} did not start: ${output.map((line) => line.text).join('\n')}`)
    return new Child(command, pid, output, outer, kill)
  }

  /** How it ended, or `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#exit
  }

  /** The lines of one stream so far. */
  lines(stream: OutputLine['stream']): string[] {
    return this.output.filter((line) => line.stream === stream).map((line) => line.text)
  }

  /** Standard input of the process. */
  get stdin(): Writable {
    return this.#outer.stdin
  }

  /** Sends a signal to this process alone. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#kill(this.pid, signal)
    // nsenter stops itself once it sees that its child has stopped; woken too early, it would then stay so.
    if (signal === 'SIGSTOP') await this.#waitForNsenter('T')
    if (signal !== 'SIGCONT') return
    this.#outer.kill(signal)
    // Awake, it continues its child once more. Late, it would undo the next stop.
    await this.#waitForNsenter('S')
  }

  /** Sends a signal to the process and all its descendants at once, none of which can react to another's death first. */
  async signalGroup(signal: NodeJS.Signals): Promise<void> {
    await this.#kill(-this.pid, signal)
  }

  /** Waits until nsenter is in a state of proc(5), or has ended. */
  async #waitForNsenter(state: 'T' | 'S'): Promise<void> {
    const seen = async (): Promise<string | undefined> => {
      const stat = await readFile(`/proc/${this.#outer.pid}/stat`, 'utf8').catch(() => '')
      return stat.match(/\) (\w) /)?.[1]
    }
    const hasEnded = (): boolean => this.#outer.exitCode !== null || this.#outer.signalCode !== null
    await waitFor(`nsenter of ${this.command} is in state ${state}`, async () => hasEnded() || (await seen()) === state, { seen })
  }

  /** Waits until a line of the output matches, and returns the match. */
  async waitForLine(pattern: RegExp, options: WaitOptions = {}): Promise<RegExpMatchArray> {
    return waitFor(
      `${this.command} writes ${String(pattern)}`,
      () => {
        for (const line of this.output) {
          const match = line.text.match(pattern)
          if (match !== null) return match
        }
        if (this.#exit !== undefined) throw new Error(`${this.command} ended before it wrote ${String(pattern)}: ${this.tail()}`)
        return undefined
      },
      { seen: () => this.tail(), ...options },
    )
  }

  /** The last lines of the output, for error messages. */
  tail(lines = 20): string {
    return this.output
      .slice(-lines)
      .map((line) => line.text)
      .join('\n')
  }
}
