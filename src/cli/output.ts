/** Standard output of commands that print a report and end. */

/**
 * Writes text, or octets as they are, to standard output.
 *
 * @returns whether it was written, or its reader had had enough (`| head`); a failure is told on standard error
 */
async function writeOutput(text: string | Buffer): Promise<boolean> {
  const error = await new Promise<Error | undefined>((resolve) => {
    process.stdout.once('error', resolve)
    process.stdout.write(text, (problem) => {
      resolve(problem ?? undefined)
    })
  })
  if (error === undefined) return true
  const code = 'code' in error ? String(error.code) : error.message
  if (code === 'EPIPE') return true
  process.stderr.write(`ka-native: the report cannot be written: ${code}\n`)
  return false
}

/** Prints a report and sets the exit status; a report that cannot be printed makes it 1. */
export async function finish(output: string | Buffer, exitCode: number): Promise<void> {
  process.exitCode = (await writeOutput(output)) ? exitCode : 1
}
