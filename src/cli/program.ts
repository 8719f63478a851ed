import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { DEFAULT_CONFIG_FILE } from '../daemon-options.ts'
import { runCheck } from './check.ts'
import type { CheckOptions } from './check.ts'
import { runDemo } from './demo.ts'
import { writeOutput } from './output.ts'
import { runRelease } from './release.ts'
import type { ReleaseOptions } from './release.ts'
import { runStart } from './start.ts'
import type { StartOptions } from './start.ts'

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const description: unknown = JSON.parse(text)
  if (typeof description === 'object' && description !== null && 'version' in description) {
    return String(description.version)
  }
  throw new Error('package.json of ka-native has no version')
}

const fileOption = (): Option => new Option('-f, --file <file>', 'configuration file').default(DEFAULT_CONFIG_FILE)
const runtimeDirOption = (): Option => new Option('--runtime-dir <dir>', 'directory of the lock and the runtime file')

/**
 * Runs the command line of this process.
 *
 * @param hungUp whether SIGHUP came before the engine could take it
 */
export async function runCommandLine(hungUp: () => boolean): Promise<void> {
  const program = new Command('ka-native')
    .description('VRRP failover from keepalived.conf')
    .version(version())
    .showHelpAfterError('(see ka-native --help)')

  program
    .command('start')
    .description('run the daemon in the foreground until SIGTERM or SIGINT; SIGHUP reloads')
    .addOption(fileOption())
    .addOption(runtimeDirOption())
    .addOption(new Option('--log-format <format>', 'how to log; pretty on a terminal unless given').choices(['json', 'pretty']))
    .addHelpText('after', '\nExample:\n  ka-native start -f /etc/keepalived/keepalived.conf')
    .action(async (options: StartOptions) => {
      // Whatever still waits then, such as a log that nobody reads, waits in vain.
      process.exit(await runStart(options, hungUp))
    })

  program
    .command('check')
    .description('report what is wrong with a configuration, line by line')
    .addOption(fileOption())
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--strict', 'warnings and notes count as faults')
    .addHelpText('after', '\nExample:\n  ka-native check -f keepalived.conf --format json')
    .action(async (options: Pick<CheckOptions, 'file' | 'format' | 'strict'>) => {
      const { output, exitCode } = runCheck({ ...options, color: process.stdout.isTTY })
      process.exitCode = (await writeOutput(output)) ? exitCode : 1
    })

  program
    .command('release')
    .description('remove the addresses that killed daemons left behind (for ExecStopPost=)')
    .addOption(runtimeDirOption())
    .option('--instance <name>', 'only those of the daemon of this name (the keyword `instance`)')
    .addHelpText('after', '\nExample:\n  ExecStopPost=/usr/bin/ka-native release')
    .action(async (options: ReleaseOptions) => {
      process.exitCode = await runRelease(options)
    })

  program
    .command('demo')
    .description('show a failover between two routers in network namespaces')
    .option('--json', 'one JSON object instead of a drawing')
    .action(async (options: { json?: boolean }) => {
      process.exitCode = await runDemo({ json: options.json ?? false })
    })

  await program.parseAsync()
}
