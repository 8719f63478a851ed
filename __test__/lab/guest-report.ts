/** One line that a program in a guest prints for {@link GuestReports} of the host. */
export interface Report {
  readonly name: string
  /** How long it took. */
  readonly seconds: number
  /** What was seen. */
  readonly value?: unknown
  /** Why nothing was. */
  readonly error?: string
}

/** Does a part of a test and prints what it returns, or what it threw. Whether it went well. */
export async function report(name: string, body: () => unknown): Promise<boolean> {
  const start = performance.now()
  const seconds = (): number => Math.round(performance.now() - start) / 1_000
  try {
    const value = await body()
    print({ name, seconds: seconds(), value })
    return true
  } catch (error) {
    print({ name, seconds: seconds(), error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return false
  }
}

function print(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
