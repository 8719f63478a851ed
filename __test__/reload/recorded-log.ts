import pino from 'pino'
import type { Logger } from 'pino'
import { waitFor } from '../lab/wait-for.ts'

/** A logger that keeps what it is told. */
export class RecordedLog {
  readonly lines: string[] = []
  readonly logger: Logger = pino(
    { level: 'trace', base: null },
    {
      write: (line: string): void => {
        this.lines.push((JSON.parse(line) as { msg: string }).msg)
      },
    },
  )

  /** Waits until it was told something that matches. */
  async waitFor(pattern: RegExp): Promise<string> {
    return await waitFor(`the log says ${String(pattern)}`, () => this.lines.find((line) => pattern.test(line)), { seen: () => this.lines })
  }
}
