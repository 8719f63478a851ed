#!/usr/bin/env node
/** The command `ka-native`: subcommands of its own, and without one keepalived's command line. */
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
} else {
  const { runKeepalived } = await import('./keepalived.ts')
  process.exitCode = await runKeepalived(args, hungUp)
}
