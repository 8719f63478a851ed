/** The command line without subcommand: keepalived's own (keepalived(8)). */
import { readCommandLine } from './keepalived/command-line.ts'
import { versionLines } from './keepalived/texts.ts'
import { version } from './version.ts'

/**
 * Does what keepalived's options ask for; the exit code to end the process with.
 *
 * @param hungUp whether SIGHUP came before the engine could take it
 */
export async function runKeepalived(args: readonly string[], hungUp: () => boolean): Promise<number> {
  const { wanted, output, problems } = readCommandLine(args)
  process.stderr.write(lines(problems))
  process.stdout.write(lines(output))
  switch (wanted.kind) {
    case 'end':
      return wanted.status
    case 'version':
      // For programs: the first line of standard error as keepalived's, and our own version alone on standard output.
      process.stderr.write(lines(versionLines()))
      process.stdout.write(`${version()}\n`)
      return 0
    case 'help': {
      const { commandLine } = await import('./program.ts')
      commandLine(hungUp).outputHelp()
      return 0
    }
    case 'genhash': {
      const { runGenhash } = await import('./genhash.ts')
      return await runGenhash(wanted.args, 'ka-native --genhash')
    }
    case 'test': {
      const { runConfigTest } = await import('./keepalived/config-test.ts')
      return await runConfigTest(wanted.settings, wanted.file)
    }
    case 'run': {
      const { runDaemon } = await import('./keepalived/run.ts')
      // Whatever still waits then, such as a log that nobody reads, waits in vain.
      return process.exit(await runDaemon(wanted.settings, hungUp))
    }
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}
