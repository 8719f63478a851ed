/** `ka-native completion`: the scripts, run by the shells that are there. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { completionScript } from '../../src/cli/completion.ts'
import { commandLine } from '../../src/cli/program.ts'
import { SHELLS } from '../../src/cli/shells.ts'
import type { Shell } from '../../src/cli/shells.ts'

const program = commandLine(() => false)
const scratch = mkdtempSync(join(tmpdir(), 'ka-completion-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

for (const shell of SHELLS) writeFileSync(join(scratch, `script.${shell}`), completionScript(program, shell))
mkdirSync(join(scratch, 'conf'))
writeFileSync(join(scratch, 'conf', 'one two.conf'), '')

function run(shell: Shell, ...args: string[]): ReturnType<typeof spawnSync> {
  return spawnSync(shell, args, { cwd: scratch, encoding: 'utf8' })
}

function isInstalled(shell: Shell): boolean {
  return run(shell, '-c', 'exit 0').status === 0
}

/** What bash offers for the last of these words. */
function bash(...words: string[]): readonly string[] {
  const text = `set -eu -o pipefail
    source script.bash
    declare -F _ka_native >/dev/null
    COMP_WORDS=(ka-native "$@"); COMP_CWORD=$#
    set +e; _ka_native; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = run('bash', '-c', text, '_', ...words)
  if (status !== 0 || stderr !== '') throw new Error(String(stderr))
  return String(stdout)
    .split('\n')
    .filter((line) => line !== '')
}

test("bash: commands, and keepalived's options without one", (t) => {
  const offered = bash('')
  for (const word of ['--help', '--version', '--use-file', ...program.commands.map((command) => command.name())])
    t.true(offered.includes(word))
  t.deepEqual(bash('ex'), ['explain'])
  t.deepEqual(bash('-n', '--log-d'), ['--log-detail'])
  t.deepEqual(bash('-f', 'conf', '--log-d'), ['--log-detail'])
  t.deepEqual(bash('-f', 'conf/'), ['conf/one two.conf'])
})

test('bash: options of a command, and their values', (t) => {
  t.deepEqual(bash('check', '--str'), ['--strict'])
  t.deepEqual(bash('demo', '--'), ['--json', '--help'])
  t.true(bash('check', '--format', '').includes('json'))
  t.deepEqual(bash('completion', ''), ['bash', 'zsh', 'fish', '--help'])
  t.deepEqual(bash('release', '--instance', ''), [])
  t.deepEqual(bash('maintenance', '10.0.2.11', 'o'), ['on', 'off'])
  t.deepEqual(bash('drain', '10.0.2.11', '--ti'), ['--timeout'])
})

test('bash: keywords, codes and blocks after explain', (t) => {
  t.deepEqual(bash('explain', 'virtual_router'), ['virtual_router_id'])
  t.deepEqual(bash('explain', 'missing-vr'), ['missing-vrid'])
  t.deepEqual(bash('explain', '--in', 'vrrp_instance/auth'), ['vrrp_instance/auth_hmac', 'vrrp_instance/authentication'])
})

test('bash: file names, blanks included', (t) => {
  t.deepEqual(bash('check', '-f', 'conf/'), ['conf/one two.conf'])
  t.deepEqual(bash('check', '--strict', '--file', 'co'), ['conf'])
  t.deepEqual(bash('fmt', 'conf/o'), ['conf/one two.conf'])
})

for (const shell of SHELLS) {
  const shellTest = isInstalled(shell) ? test : undefined
  shellTest?.(`${shell} reads the script`, (t) => {
    const { stderr, status } = run(shell, '-n', `script.${shell}`)
    t.deepEqual([stderr, status], ['', 0])
  })

  test(`the script for ${shell} has every command and option, and the keywords`, (t) => {
    const script = completionScript(program, shell)
    for (const command of program.commands) {
      t.true(script.includes(command.name()), command.name())
      for (const { long } of command.options) t.true(script.includes(shell === 'fish' ? `-l ${long?.slice(2)}` : String(long)), long)
    }
    for (const word of ['virtual_router_id', 'missing-vrid', 'vrrp_instance/auth_hmac']) t.true(script.includes(word), word)
    t.true(script.endsWith('\n'))
  })
}

test('quotes in descriptions end no string', (t) => {
  const quoting = commandLine(() => false)
  quoting.command('odd').description("what's [this]: `a` \\ $b").option('--it <value>', "it's [that]: $c")
  t.true(completionScript(quoting, 'zsh').includes("'odd:what'\\''s [this]: `a` \\ $b'"))
  t.true(completionScript(quoting, 'zsh').includes("'--it[it'\\''s \\[that\\]\\: $c]:value: '"))
  t.true(completionScript(quoting, 'fish').includes("-a odd -d 'what\\'s [this]: `a` \\\\ $b'"))
})
