/** Checks the files named on standard input, one a line, and prints the status and the codes of each. */
import { readFileSync } from 'node:fs'
import { testExitCode } from '../../../src/config/diagnostics/exit-code.ts'
import { localHost } from '../../../src/config/host/host.ts'
import { loadConfig } from '../../../src/config/load.ts'

// One for all: what it has looked up does not change.
const host = localHost()

for (const file of readFileSync(0, 'utf8').trimEnd().split('\n')) console.log(check(file).join('\t'))

function check(file: string): [number, string, string] {
  try {
    const { diagnostics } = loadConfig({ file, host })
    return [testExitCode(diagnostics), file, [...diagnostics].map(({ code }) => code).join(' ')]
  } catch (error) {
    return [-1, file, String(error).replaceAll(/\s+/g, ' ')]
  }
}
