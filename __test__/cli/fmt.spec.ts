import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { runFmt } from '../../src/cli/fmt.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'ka-fmt-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const UGLY = 'global_defs\n{\nrouter_id   a\n}\n'
const TIDY = 'global_defs {\n    router_id a\n}\n'
const BROKEN = 'global_defs {\n'

/** A folder of its own with these files. */
function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(scratch, name)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text, 'latin1')
  return path
}

/** Runs the command as a process. */
function ka(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, 'fmt', ...args], { encoding: 'latin1', input: Buffer.from(input, 'latin1') })
}

test('one file is printed and stays as it is', (t) => {
  const file = join(folder('print', { 'a.conf': UGLY }), 'a.conf')
  t.deepEqual(runFmt({ files: [file], mode: 'print' }), { output: TIDY, problems: '', exitCode: 0 })
  t.is(readFileSync(file, 'utf8'), UGLY)
})

test('files are rewritten where they change, and named', (t) => {
  const path = folder('write', { 'ugly.conf': UGLY, 'tidy.conf': TIDY, 'broken.conf': BROKEN })
  const files = ['broken.conf', 'ugly.conf', 'tidy.conf', 'none.conf'].map((name) => join(path, name))
  const untouched = statSync(join(path, 'tidy.conf')).ino
  const { output, problems, exitCode } = runFmt({ files, mode: 'write' })
  t.is(output, `formatted ${path}/ugly.conf\n`)
  t.is(exitCode, 2)
  t.true(problems.startsWith(`${path}/broken.conf:1:1: error: this block is never closed [missing-close-brace]\n`), problems)
  t.true(problems.includes(`\n${path}/broken.conf: not formatted, 1 error\n`), problems)
  t.true(problems.endsWith(`\nka-native: ${path}/none.conf cannot be read: there is no such file\n`), problems)
  t.is(readFileSync(join(path, 'ugly.conf'), 'utf8'), TIDY)
  t.is(readFileSync(join(path, 'broken.conf'), 'utf8'), BROKEN)
  t.is(statSync(join(path, 'tidy.conf')).ino, untouched)
  t.deepEqual(readdirSync(path).sort(), ['broken.conf', 'tidy.conf', 'ugly.conf'])
})

test('a file that would change is listed, and only that', (t) => {
  const path = folder('check', { 'ugly.conf': UGLY, 'tidy.conf': TIDY, 'broken.conf': BROKEN })
  const files = ['ugly.conf', 'tidy.conf'].map((name) => join(path, name))
  t.deepEqual(runFmt({ files, mode: 'check' }), { output: `${path}/ugly.conf\n`, problems: '', exitCode: 1 })
  t.is(runFmt({ files: [join(path, 'tidy.conf')], mode: 'check' }).exitCode, 0)
  t.is(runFmt({ files: [join(path, 'broken.conf'), ...files], mode: 'check' }).exitCode, 2)
  t.is(readFileSync(join(path, 'ugly.conf'), 'utf8'), UGLY)
})

test('a rewritten file keeps its mode, and a symbolic link its target', (t) => {
  const path = folder('link', { 'real.conf': UGLY })
  chmodSync(join(path, 'real.conf'), 0o640)
  mkdirSync(join(path, 'etc'))
  symlinkSync('../real.conf', join(path, 'etc/link.conf'))
  t.is(runFmt({ files: [join(path, 'etc/link.conf')], mode: 'write' }).exitCode, 0)
  t.is(readFileSync(join(path, 'real.conf'), 'utf8'), TIDY)
  t.is(statSync(join(path, 'real.conf')).mode & 0o7777, 0o640)
  t.true(lstatSync(join(path, 'etc/link.conf')).isSymbolicLink())
  t.deepEqual(readdirSync(join(path, 'etc')), ['link.conf'])
})

test('a file that cannot be replaced stays as it is', (t) => {
  const { problems, exitCode } = runFmt({ files: ['/proc/self/limits'], mode: 'write' })
  t.is(exitCode, 2)
  t.regex(problems, /^ka-native: \/proc\/self\/limits cannot be written: /)
})

test('standard input goes to standard output, octet by octet', (t) => {
  t.deepEqual(pick(ka(['-'], 'a   "\u00e4\u00ff"\n')), { status: 0, stdout: 'a "\u00e4\u00ff"\n', stderr: '' })
  t.deepEqual(pick(ka(['--indent', 'tab', '-'], UGLY)), { status: 0, stdout: TIDY.replace('    ', '\t'), stderr: '' })
  t.deepEqual(pick(ka(['--indent', '2', '-'], UGLY)), { status: 0, stdout: TIDY.replace('    ', '  '), stderr: '' })
  const broken = ka(['-'], BROKEN)
  t.deepEqual([broken.status, broken.stdout], [2, ''])
  t.true(broken.stderr.startsWith('<stdin>:1:1: error: '), broken.stderr)
})

test('a refusal says where the brace was forgotten', (t) => {
  const text = 'vrrp_instance A {\n  authentication {\n    auth_type PASS\n  priority 9\n}\n'
  const { problems } = runFmt({ files: [join(folder('forgotten', { 'a.conf': text }), 'a.conf')], mode: 'check' })
  t.regex(problems, /^\S*a\.conf:4:3: error: the block 'authentication' of line 2 is not closed before this line/)
  t.regex(problems, /\n\n\S*a\.conf: not formatted, 1 error\n$/)
})

test('what makes no sense on the command line is refused', (t) => {
  for (const args of [
    ['a', 'b'],
    ['--write', '-'],
    ['--write', '--check', 'a'],
    ['--indent', '0', '-'],
    ['--indent', 'tabs', '-'],
  ]) {
    const { status, stdout, stderr } = ka(args, UGLY)
    t.deepEqual([status, stdout], [1, ''], args.join(' '))
    t.regex(stderr, /^error: /, args.join(' '))
  }
})

function pick({ status, stdout, stderr }: ReturnType<typeof ka>): object {
  return { status, stdout, stderr }
}

test('a configuration of another kind is left as it is', (t) => {
  const program = 'export default {  }\n'
  const path = folder('kinds', { 'ka-native.config.ts': program, 'a.yaml': 'globalDefs:   {}\n', 'a.conf': UGLY })
  const file = (name: string): string => join(path, name)
  const { problems, exitCode } = runFmt({ files: ['ka-native.config.ts', 'a.yaml', 'a.conf'].map(file), mode: 'write' })
  t.is(
    problems,
    ['ka-native.config.ts', 'a.yaml']
      .map((name) => `ka-native: ${file(name)} is left as it is: its name says that it is no keepalived.conf\n`)
      .join(''),
  )
  t.is(exitCode, 2)
  t.is(readFileSync(file('ka-native.config.ts'), 'utf8'), program)
  t.is(readFileSync(file('a.conf'), 'utf8'), TIDY)
})
