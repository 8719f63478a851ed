/** `-t`: a test of the configuration, with the messages and the status of keepalived's (errors.md §2, §7). */
import { appendFileSync } from 'node:fs'
import type { Diagnostic } from '../../config/diagnostics/diagnostic.ts'
import { testExitCode } from '../../config/diagnostics/exit-code.ts'
import { printable } from '../../config/diagnostics/printable.ts'
import type { Host } from '../../config/host/host.ts'
import { loadConfigFile } from '../../config/load-file.ts'
import { DEFAULT_CONFIG_FILE } from '../../daemon/options.ts'
import type { Settings } from './settings.ts'

/** An option that is wrong counts as keepalived's general class. */
const EXIT_FAULTY = 5

/** Statuses of higher classes, or of an end before the classes are looked at. */
const HIGHER: ReadonlySet<number> = new Set([2, 6])

/** A file for the messages that cannot be written. */
const EXIT_NO_FILE = 1

/** As keepalived's own. */
const LOG_FILE_MODE = 0o600

/** Tests the configuration that the settings name. @returns messages, a line each, and the status */
export async function testConfig(
  settings: Settings,
  host?: Host,
): Promise<{ readonly messages: readonly string[]; readonly exitCode: number }> {
  const { configFile: file = DEFAULT_CONFIG_FILE, configId, allConfig, mistakes } = settings
  const { diagnostics } = await loadConfigFile({ file, configId, allConfig, host })
  const messages = [...diagnostics].filter(({ severity, refusesStart }) => severity !== 'info' || refusesStart).map(describe)
  const exitCode = testExitCode(diagnostics)
  const isWrong = mistakes.some(({ failsTest }) => failsTest)
  return { messages, exitCode: isWrong && !HIGHER.has(exitCode) ? EXIT_FAULTY : exitCode }
}

/** Tests, and tells what is wrong on standard error or in the file that is named; the exit code to end the process with. */
export async function runConfigTest(settings: Settings, file: string | undefined): Promise<number> {
  const { messages, exitCode } = await testConfig(settings)
  const text = messages.map((message) => `${message}\n`).join('')
  if (file === undefined) {
    process.stderr.write(text)
    return exitCode
  }
  try {
    // Also without messages: it is there afterwards.
    appendFileSync(file, text, { mode: LOG_FILE_MODE })
    return exitCode
  } catch (error) {
    process.stderr.write(`Unable to open config-test log file ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
    return EXIT_NO_FILE
  }
}

/** A message in keepalived's form: the file and the line in front. */
function describe({ file, line, property, message, help }: Diagnostic): string {
  const place = line === undefined ? (property ?? '') : `Line ${line}`
  const where = place === '' ? '' : `(${printable(file)}: ${printable(place)}) `
  return `${where}${printable(message)}${help === undefined ? '' : ` (${printable(help)})`}`
}
