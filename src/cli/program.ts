import { Argument, Command } from 'commander'
import { addCheck, addExplain, addFmt, addImportConfig, addPrintConfig } from './config-commands.ts'
import { withDelivery } from './delivery.ts'
import { GENHASH_OPTIONS } from './genhash/options.ts'
import { SHELLS } from './shells.ts'
import type { Shell } from './shells.ts'
import { finish } from './output.ts'
import { addDrain, addLvs, addMaintenance, addWeight } from './operator-commands.ts'
import { optionLines } from './keepalived/texts.ts'
import { configIdOption, fileOption, logFileOption, logFormatOption, logLevelOption, runtimeDirOption } from './options.ts'
import type { ReleaseOptions } from './release.ts'
import type { StartOptions } from './start.ts'

/**
 * Runs the command line of this process.
 *
 * @param hungUp whether SIGHUP came before the engine could take it
 */
export async function runCommandLine(hungUp: () => boolean): Promise<void> {
  await commandLine(hungUp).parseAsync()
}

/** All commands. Each loads its own code: none waits for that of the others. */
export function commandLine(hungUp: () => boolean): Command {
  const program = new Command('ka-native')
    .description('VRRP failover and load balancing by IPVS from keepalived.conf')
    .usage('<command> [options]\n       ka-native [options of keepalived]')
    .addHelpText(
      'after',
      `\nWithout a command it is started and tested as keepalived is, by keepalived's options:\n${optionLines().join('\n')}`,
    )
    .showHelpAfterError('(see ka-native --help)')
  addStart(program, hungUp)
  addCheck(program)
  addFmt(program)
  addPrintConfig(program)
  addImportConfig(program)
  addLvs(program)
  addDrain(program)
  addMaintenance(program)
  addWeight(program)
  addRelease(program)
  addDemo(program)
  addGenhash(program)
  addExplain(program)
  addCompletion(program)
  // Now that the commands have theirs: without one, all options are keepalived's, which are read elsewhere (keepalived.ts).
  return program.helpOption(false)
}

function addStart(program: Command, hungUp: () => boolean): void {
  const start = program
    .command('start')
    .description('run the daemon in the foreground until SIGTERM or SIGINT; SIGHUP reloads')
    .addOption(fileOption())
    .addOption(configIdOption())
    .addOption(runtimeDirOption())
    .option('--pid <file>', 'pid file to hold while it runs')
    .addOption(logFormatOption())
    .addOption(logLevelOption())
    .addOption(logFileOption())
  withDelivery(start)
    .addHelpText('after', '\nExample:\n  ka-native start -f /etc/keepalived/keepalived.conf')
    .action(async (options: StartOptions) => {
      const { runStart } = await import('./start.ts')
      // Whatever still waits then, such as a log that nobody reads, waits in vain.
      process.exit(await runStart(options, hungUp))
    })
}

function addRelease(program: Command): void {
  program
    .command('release')
    .description('remove the addresses that killed daemons left behind (for ExecStopPost=)')
    .addOption(runtimeDirOption())
    .option('--instance <name>', 'only those of the daemon of this name (the keyword `instance`)')
    .addHelpText('after', '\nExample:\n  ExecStopPost=/usr/bin/ka-native release')
    .action(async (options: ReleaseOptions) => {
      const { runRelease } = await import('./release.ts')
      process.exitCode = await runRelease(options)
    })
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description('show a failover between two routers in network namespaces')
    .option('--json', 'one JSON object instead of a drawing')
    .addHelpText('after', '\nExample:\n  ka-native demo --json')
    .action(async (options: { json?: boolean }) => {
      const { runDemo } = await import('./demo.ts')
      process.exitCode = await runDemo({ json: options.json ?? false })
    })
}

/** For the help and for completion: its command line is read as keepalived's genhash reads its own (genhash.ts). */
function addGenhash(program: Command): void {
  const genhash = program.command('genhash').description('print the MD5 digest of what a web server answers, for the keyword `digest`')
  for (const { short, long, placeholder, meaning } of GENHASH_OPTIONS) {
    genhash.option(`-${short}, --${long}${placeholder === undefined ? '' : ` <${placeholder}>`}`, meaning)
  }
  genhash.addHelpText('after', '\nExample:\n  ka-native genhash -s 192.0.2.10 -p 80 -u /health')
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, options and keywords in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', '\nExample, in ~/.bashrc:\n  source <(ka-native completion bash)')
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion.ts')
      await finish(completionScript(program, shell), 0)
    })
}
