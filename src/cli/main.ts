#!/usr/bin/env node
/** The command `ka-native`: subcommands of its own, and without one keepalived's command line; or `genhash`, where it is called so. */
import { commandKind } from './commands.ts'

const [, name = '', ...args] = process.argv
const kind = commandKind(name, args)

// Before anything else is loaded, which takes long: until the engine takes it, SIGHUP would end the process, and systemd
// would count that as an orderly end.
const early = { hangUps: 0 }
if (kind === 'keepalived' || args[0] === 'start') {
  process.on('SIGHUP', () => {
    early.hangUps += 1
  })
}
const hungUp = (): boolean => early.hangUps > 0

if (kind === 'subcommand') {
  const { runCommandLine } = await import('./program.ts')
  await runCommandLine(hungUp)
} else if (kind === 'genhash') {
  const { runGenhash } = await import('./genhash.ts')
  const isSubcommand = args[0] === 'genhash'
  process.exitCode = await runGenhash(isSubcommand ? args.slice(1) : args, isSubcommand ? 'ka-native genhash' : 'genhash')
} else {
  const { runKeepalived } = await import('./keepalived.ts')
  process.exitCode = await runKeepalived(args, hungUp)
}
