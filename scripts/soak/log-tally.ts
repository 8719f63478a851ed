/** How often a message was logged. */
export interface Logged {
  readonly level: number
  readonly message: string
  readonly count: number
}

/** Messages that are told apart; a daemon whose messages are all different must not fill this process. */
const MAX_MESSAGES = 1_000

/** Counts the lines of a JSON log by level and message, in which numbers and names of scripts, routers and groups do not count. */
export class LogTally {
  readonly #counts = new Map<string, Logged>()
  #lines = 0

  /** Counts the lines of a piece of the log. */
  add(text: string): void {
    for (const line of text.split('\n')) {
      if (line !== '') this.#addLine(line)
    }
  }

  #addLine(line: string): void {
    this.#lines += 1
    const { level, msg } = readLine(line)
    const message = msg.replace(/\([^)]*\)|`[^`]*`/g, '(…)').replace(/\d+/g, 'N')
    const known = this.#counts.get(`${level} ${message}`)
    if (known === undefined && this.#counts.size >= MAX_MESSAGES) return
    this.#counts.set(`${level} ${message}`, { level, message, count: (known?.count ?? 0) + 1 })
  }

  /** Lines counted. */
  get lines(): number {
    return this.#lines
  }

  /** Messages of a level or above, most frequent first. */
  from(level: number): readonly Logged[] {
    return [...this.#counts.values()].filter((one) => one.level >= level).sort((a, b) => b.count - a.count)
  }
}

function readLine(line: string): { readonly level: number; readonly msg: string } {
  try {
    const { level, msg } = JSON.parse(line) as { level?: number; msg?: string }
    return { level: level ?? 0, msg: msg ?? '' }
  } catch {
    return { level: 60, msg: 'a line that is not JSON' }
  }
}
