/** The commands about configurations, which run nothing. Each loads its own code. */
import { setFlagsFromString } from 'node:v8'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { TextFormat } from '../config/document/text.ts'
import { DEFAULT_CONFIG_FILE } from '../daemon/options.ts'
import type { CheckOptions } from './check.ts'
import { usesColor } from './color.ts'
import type { ColorChoice } from './color.ts'
import type { ImportFormat } from './import-config.ts'
import { colorOption, configIdOption, namedFile, parseIndent, withFile } from './options.ts'
import { finish } from './output.ts'

type CheckFlags = Pick<CheckOptions, 'file' | 'format' | 'strict' | 'fix'> & { readonly color: ColorChoice }

/** `check`. */
export function addCheck(program: Command): void {
  withFile(program.command('check'))
    .description('report what is wrong with a configuration, line by line')
    .addOption(configIdOption())
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json', 'sarif']).default('text'))
    .option('--strict', 'warnings and notes count as faults')
    .option('--fix', 'first make those changes in the files that are certain')
    .addOption(colorOption())
    .addHelpText('after', '\nExample:\n  ka-native check keepalived.conf --format json')
    .action(async (named: string | undefined, { color, ...options }: CheckFlags, command: Command) => {
      // A large configuration outgrows the young generation of the heap at once: growing it late costs a tenth of the time.
      setFlagsFromString('--semi-space-growth-factor=16')
      const { checkFile } = await import('./check.ts')
      const file = namedFile(named, options.file, command)
      const { output, exitCode } = await checkFile({ ...options, file, color: usesColor(color, process.stdout, process.env) })
      await finish(output, exitCode)
    })
}

interface FmtFlags {
  readonly write?: true
  readonly check?: true
  readonly indent?: string
  readonly color: ColorChoice
}

/** `fmt`. */
export function addFmt(program: Command): void {
  program
    .command('fmt')
    .description('lay out a configuration anew; what it means stays the same')
    .argument('[files...]', `configuration files, or - for standard input (default: ${DEFAULT_CONFIG_FILE})`)
    .addOption(new Option('-w, --write', 'rewrite the files in place instead of printing one').conflicts('check'))
    .option('-c, --check', 'list the files that would change; then the exit status is 1')
    .addOption(new Option('--indent <width>', 'blanks per level, or `tab`').argParser(parseIndent).default('    ', '4'))
    .addOption(colorOption())
    .addHelpText('after', '\nIncluded files are not followed.\n\nExample:\n  ka-native fmt --write /etc/keepalived/*.conf')
    .action(async (named: readonly string[], flags: FmtFlags, command: Command) => {
      const files = named.length === 0 ? [DEFAULT_CONFIG_FILE] : named
      const mode = flags.write ? 'write' : flags.check ? 'check' : 'print'
      if (mode === 'print' && files.length > 1) command.error('error: several files need --write or --check')
      if (mode === 'write' && files.includes('-')) command.error('error: standard input cannot be rewritten')
      const { runFmt } = await import('./fmt.ts')
      const color = usesColor(flags.color, process.stderr, process.env)
      const { output, problems, exitCode } = runFmt({ files, mode, color, ...(flags.indent === undefined ? {} : { indent: flags.indent }) })
      process.stderr.write(problems)
      await finish(Buffer.from(output, 'latin1'), exitCode)
    })
}

interface PrintFlags {
  readonly file: string
  readonly configId?: string
  readonly format: TextFormat
  readonly asWritten?: true
  readonly showSecrets?: true
  readonly color: ColorChoice
}

/** `print-config`. */
export function addPrintConfig(program: Command): void {
  withFile(program.command('print-config'))
    .description('print what a configuration says, with includes, defaults and all that is inherited')
    .addOption(configIdOption())
    .addOption(new Option('--format <format>', 'what to print it as').choices(['conf', 'json', 'yaml', 'ts']).default('conf'))
    .option('--as-written', 'without defaults and what is inherited')
    .option('--show-secrets', 'passwords and keys as they are, not as asterisks')
    .addOption(colorOption())
    .addHelpText('after', '\nExample:\n  ka-native print-config keepalived.conf --format yaml')
    .action(async (named: string | undefined, { color, ...flags }: PrintFlags, command: Command) => {
      const { runPrintConfig } = await import('./print-config.ts')
      const options = { ...flags, file: namedFile(named, flags.file, command), color: usesColor(color, process.stderr, process.env) }
      const { output, problems, exitCode } = await runPrintConfig(options)
      process.stderr.write(problems)
      await finish(output, exitCode)
    })
}

interface ImportFlags {
  readonly configId?: string
  readonly output?: string
  readonly format?: ImportFormat
  readonly force?: true
  readonly color: ColorChoice
}

/** `import-config`. */
export function addImportConfig(program: Command): void {
  program
    .command('import-config')
    .description('write a keepalived.conf as a configuration in TypeScript, passwords and keys as they are')
    .argument('[file]', 'configuration file', DEFAULT_CONFIG_FILE)
    .option('-o, --output <file>', 'file to write, - for standard output (default: "ka-native.config.ts")')
    .addOption(configIdOption())
    .addOption(
      new Option('--format <format>', 'what to write; what the name of the output says unless given').choices(['ts', 'json', 'yaml']),
    )
    .option('--force', 'replace a file that exists')
    .addOption(colorOption())
    .addHelpText('after', '\nExample:\n  ka-native import-config /etc/keepalived/keepalived.conf -o ka-native.config.ts')
    .action(async (file: string, { color, ...flags }: ImportFlags) => {
      const { runImportConfig } = await import('./import-config.ts')
      const options = { file, ...flags, color: usesColor(color, process.stderr, process.env) }
      const { output, problems, exitCode } = await runImportConfig(options)
      process.stderr.write(problems)
      await finish(output, exitCode)
    })
}

/** `explain`. */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('say what a keyword, one of its options or a diagnostic code means')
    .argument('<word...>', 'keyword, `keyword option`, `block/keyword`, or the code of a diagnostic')
    .option('--in <block>', 'only in this block')
    .option('--json', 'one JSON object')
    // Some options of a configuration start with a dash.
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nExamples:\n  ka-native explain advert_int\n  ka-native explain weight --in vrrp_script\n  ka-native explain missing-vrid',
    )
    .action(async (words: readonly string[], options: { readonly in?: string; readonly json?: true }) => {
      const { runExplain } = await import('./explain.ts')
      const { in: block, json = false } = options
      const { output, problem, exitCode } = runExplain({ query: words.join(' '), json, ...(block === undefined ? {} : { block }) })
      process.stderr.write(problem)
      await finish(output, exitCode)
    })
}
