/** `ka-native check` as a process: what becomes of its output. What it says is in ../config/check.spec.ts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'ka-check-cli-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const file = join(scratch, 'long.conf')
writeFileSync(file, 'bogus\n'.repeat(5000))

/** Runs a shell line in which `$CHECK` is the command with a long report. */
function shell(line: string): { status: number | null; stdout: string; stderr: string } {
  const CHECK = `${process.execPath} ${MAIN} check -f ${file} --format json`
  return spawnSync('bash', ['-c', line], { encoding: 'utf8', env: { ...process.env, CHECK } })
}

test('a long report arrives whole through a pipe', (t) => {
  const { stdout, stderr, status } = shell('set -o pipefail; $CHECK | cat')
  t.is(stderr, '')
  t.is(status, 5)
  t.like(JSON.parse(stdout), { errors: 5000 })
})

test('a reader that has had enough is no failure', (t) => {
  const { stdout, stderr } = shell('$CHECK | head -1; echo ${PIPESTATUS[0]}')
  t.deepEqual([stdout, stderr], ['{\n5\n', ''])
})

test('a full disk is one sentence and status 1', (t) => {
  const { stdout, stderr, status } = shell('$CHECK > /dev/full')
  t.deepEqual([stdout, stderr, status], ['', 'ka-native: the report cannot be written: ENOSPC\n', 1])
})

test('colours come as asked', (t) => {
  const ESCAPE = '\u001b['
  t.false(shell('env -u FORCE_COLOR $CHECK --format text').stdout.includes(ESCAPE))
  t.true(shell('env -u FORCE_COLOR $CHECK --format text --color always').stdout.includes(ESCAPE))
  t.true(shell('FORCE_COLOR=1 $CHECK --format text').stdout.includes(ESCAPE))
  t.false(shell('FORCE_COLOR=1 $CHECK --format text --color never').stdout.includes(ESCAPE))
})

test('-i names the configuration id', (t) => {
  const conditional = join(scratch, 'conditional.conf')
  writeFileSync(conditional, '@one first\n@two second\n')
  const { stdout, status } = shell(`${process.execPath} ${MAIN} check -f ${conditional} -i two`)
  t.is(status, 5)
  t.regex(stdout, /unknown keyword 'second'.*1 error\n$/s)
})

test('the file may be named without --file, but not twice', (t) => {
  const named = shell(`${process.execPath} ${MAIN} check ${file}`)
  t.is(named.status, 5)
  t.regex(named.stdout, /5000 errors\n$/)
  const twice = shell(`${process.execPath} ${MAIN} check ${file} -f ${file}`)
  t.is(twice.status, 1)
  t.regex(twice.stderr, /^error: the file is named twice\n/)
})
