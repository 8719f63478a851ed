/** The commands for operators, who talk to a daemon that runs. Each loads its own code. */
import { Argument, InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { DrainOptions } from './drain.ts'
import type { OperatorOptions, TargetOptions } from './operator.ts'
import { runtimeDirOption } from './options.ts'
import { finish } from './output.ts'

const MOST_SECONDS = 7 * 24 * 3_600
const MOST_WEIGHT = 2_147_483_647

const SERVERS = '\nSERVER is an address with or without a port, such as 10.0.2.11:80 or [fd00::11]:80: in all virtual servers that have it.'

/** `lvs`. */
export function addLvs(program: Command): void {
  withDaemon(program.command('lvs'))
    .description('show virtual servers and their real servers: state, weight, connections, and why')
    .option('--json', 'one JSON object instead of a table')
    .addHelpText('after', '\nExample:\n  ka-native lvs --json')
    .action(async (options: OperatorOptions & { readonly json?: true }) => {
      const { runLvs } = await import('./lvs.ts')
      const { output, exitCode } = await runLvs(options)
      await finish(output, exitCode)
    })
}

/** `drain`. */
export function addDrain(program: Command): void {
  withTarget(program.command('drain'))
    .description('give a real server no new connections, and wait until those that it has are over')
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait; the exit status is 1 when connections are left')
        .argParser(parseSeconds)
        .default(300, '300'),
    )
    .option('--undo', 'give it new connections again, and do not wait')
    .addHelpText(
      'after',
      `${SERVERS}\nIt stays at weight 0, over reloads and restarts, until it is undone.\n\nExample:\n  ka-native drain 10.0.2.11:80 --timeout 60`,
    ) // prettier-ignore
    .action(async (server: string, options: DrainOptions) => {
      const { runDrain } = await import('./drain.ts')
      process.exitCode = await runDrain(server, options)
    })
}

/** `maintenance`. */
export function addMaintenance(program: Command): void {
  withTarget(program.command('maintenance'))
    .description('take a real server out whatever its checkers say, or give it back to them')
    .addArgument(new Argument('<state>', 'what is to be').choices(['on', 'off']))
    .addHelpText('after', `${SERVERS}\nIt counts over reloads and restarts.\n\nExample:\n  ka-native maintenance 10.0.2.11 on`)
    .action(async (server: string, state: 'on' | 'off', options: TargetOptions) => {
      const { runMaintenance } = await import('./maintenance.ts')
      process.exitCode = await runMaintenance(server, state, options)
    })
}

/** `weight`. */
export function addWeight(program: Command): void {
  withTarget(program.command('weight'))
    .description('give a real server another weight than that of its configuration and its checkers')
    .addArgument(new Argument('<weight>', `0 to ${MOST_WEIGHT}, or default for that of its configuration`).argParser(parseWeight))
    .addHelpText('after', `${SERVERS}\nIt counts over reloads and restarts.\n\nExample:\n  ka-native weight 10.0.2.11:80 5`)
    .action(async (server: string, weight: number | 'default', options: TargetOptions) => {
      const { runWeight } = await import('./weight.ts')
      process.exitCode = await runWeight(server, weight, options)
    })
}

function withDaemon(command: Command): Command {
  return command.option('--instance <name>', 'the daemon of this name (the keyword `instance`)').addOption(runtimeDirOption())
}

function withTarget(command: Command): Command {
  return withDaemon(command.argument('<server>', 'the real server')).option('--service <name>', 'only in this virtual server: 10.0.1.1:80, a group, `fwmark 9`') // prettier-ignore
}

function parseSeconds(text: string): number {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= MOST_SECONDS) return seconds
  throw new InvalidArgumentError(`It is a number of seconds up to ${MOST_SECONDS}.`)
}

function parseWeight(text: string): number | 'default' {
  if (text === 'default') return text
  const weight = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (weight <= MOST_WEIGHT) return weight
  throw new InvalidArgumentError(`It is a whole number up to ${MOST_WEIGHT}, or \`default\`.`)
}
