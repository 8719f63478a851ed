#!/usr/bin/env node
/** The command `ka-native`. */

// Before anything else is loaded, which takes long: until the engine takes it, SIGHUP would end the process, and systemd
// would count that as an orderly end.
const early = { hangUps: 0 }
if (process.argv[2] === 'start') {
  process.on('SIGHUP', () => {
    early.hangUps += 1
  })
}

const { runCommandLine } = await import('./program.ts')
await runCommandLine(() => early.hangUps > 0)
