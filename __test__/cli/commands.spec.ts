import test from 'ava'
import { commandKind, SUBCOMMANDS } from '../../src/cli/commands.ts'
import { commandLine } from '../../src/cli/program.ts'

test('the subcommands that are known before their code is loaded are those that there are', (t) => {
  const commands = commandLine(() => false).commands.map((command) => command.name())
  t.deepEqual([...SUBCOMMANDS].sort(), [...commands, 'help'].sort())
})

const KINDS: readonly (readonly [program: string, args: readonly string[], kind: ReturnType<typeof commandKind>])[] = [
  ['/usr/bin/ka-native', [], 'keepalived'],
  ['/usr/bin/ka-native', ['-D', 'check'], 'keepalived'],
  ['/usr/bin/ka-native', ['--help'], 'keepalived'],
  ['/usr/bin/ka-native', [''], 'keepalived'],
  ['/usr/bin/ka-native', ['check', '-f', 'x'], 'subcommand'],
  ['/usr/bin/ka-native', ['chek'], 'subcommand'],
  ['/usr/bin/ka-native', ['help'], 'subcommand'],
  ['/usr/sbin/keepalived', ['check'], 'subcommand'],
  ['/usr/sbin/keepalived', ['chek'], 'keepalived'],
  ['/usr/sbin/keepalived', [], 'keepalived'],
  ['/usr/bin/ka-native', ['genhash', '-v'], 'genhash'],
  ['/usr/bin/ka-native', ['-T', '-v'], 'keepalived'],
  ['/usr/bin/genhash', ['-s', '192.0.2.1'], 'genhash'],
  ['/usr/bin/genhash', [], 'genhash'],
]

for (const [program, args, kind] of KINDS) {
  test(`${program} ${JSON.stringify(args)}: ${kind}`, (t) => {
    t.is(commandKind(program, args), kind)
  })
}
