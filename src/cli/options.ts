/** Options that several commands take. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { DEFAULT_CONFIG_FILE } from '../daemon/options.ts'
import { parseLevels } from '../log/levels.ts'
import type { LogLevels } from '../log/levels.ts'

/** `--file` */
export const fileOption = (): Option => new Option('-f, --file <file>', 'configuration file').default(DEFAULT_CONFIG_FILE)

/** `--config-id` */
export const configIdOption = (): Option =>
  new Option('-i, --config-id <id>', 'what lines starting with @ name; the host name up to its first dot unless given')

/** `--runtime-dir` */
export const runtimeDirOption = (): Option => new Option('--runtime-dir <dir>', 'directory of the lock and the runtime file')

/** `--log-format` */
export const logFormatOption = (): Option =>
  new Option('--log-format <format>', 'how to log; unless given: pretty on a terminal, journald under systemd, else json').choices([
    'json',
    'pretty',
    'syslog',
    'journald',
  ])

/** `--log-level` */
export const logLevelOption = (): Option =>
  new Option('--log-level <levels>', 'from which level on to log, everywhere or in a component: debug; warn,vrrp=debug').argParser(
    readLevels,
  )

function readLevels(text: string): LogLevels {
  try {
    return parseLevels(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

/** `--log-file` */
export const logFileOption = (): Option => new Option('--log-file <file>', 'file to add lines to, in place of standard output')

/** `--color` */
export const colorOption = (): Option =>
  new Option('--color <when>', 'colours; on a terminal unless NO_COLOR or FORCE_COLOR says otherwise')
    .choices(['auto', 'always', 'never'])
    .default('auto')

/** Adds `--file`, which may be left out in front of the file. */
export function withFile(command: Command): Command {
  return command.argument('[file]', 'configuration file, as with --file').addOption(fileOption())
}

/** The file of a command with {@link withFile}; that it is named twice ends the command. */
export function namedFile(named: string | undefined, file: string, command: Command): string {
  if (named !== undefined && command.getOptionValueSource('file') === 'cli') command.error('error: the file is named twice')
  return named ?? file
}

/** Reads what `--indent` says. */
export function parseIndent(text: string): string {
  if (text === 'tab') return '\t'
  if (/^(?:[1-9]|1[0-6])$/.test(text)) return ' '.repeat(Number(text))
  throw new InvalidArgumentError('It is a number from 1 to 16, or `tab`.')
}
