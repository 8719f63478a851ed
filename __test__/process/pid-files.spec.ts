/** Which pid files there are, and that they are held. Beside keepalived's: ../cli/keepalived/run.spec.ts. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import pino from 'pino'
import { KaError } from '../../src/errors.ts'
import { PidFiles, pidFilePaths } from '../../src/process/pid-files.ts'
import type { PidFileNames, PidFilePlace } from '../../src/process/pid-files.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-pid-files-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const log = pino({ level: 'silent' })
const HERE: PidFilePlace = { usesDirectory: false }
const ALL = { vrrp: true, checkers: true, bfd: true }
const NONE = { vrrp: false, checkers: false, bfd: false }

const NAMES: Readonly<Record<string, { readonly names: PidFileNames; readonly place: PidFilePlace; readonly paths: readonly string[] }>> = {
  'none are named': { names: {}, place: { usesDirectory: true, instance: 'a' }, paths: [] },
  'one is named': { names: { main: '/x.pid' }, place: { usesDirectory: true }, paths: ['/x.pid'] },
  "keepalived's": {
    names: { keepalived: true },
    place: HERE,
    paths: ['/run/keepalived.pid', '/run/vrrp.pid', '/run/checkers.pid', '/run/bfd.pid'],
  },
  "keepalived's in its directory": {
    names: { keepalived: true },
    place: { usesDirectory: true },
    paths: ['/run/keepalived/keepalived.pid', '/run/keepalived/vrrp.pid', '/run/keepalived/checkers.pid', '/run/keepalived/bfd.pid'],
  },
  "keepalived's of an instance, one named otherwise": {
    names: { keepalived: true, vrrp: '/v.pid' },
    place: { usesDirectory: true, instance: 'a' },
    paths: ['/run/keepalived/keepalived_a.pid', '/v.pid', '/run/keepalived/checkers_a.pid', '/run/keepalived/bfd_a.pid'],
  },
}

for (const [title, { names, place, paths }] of Object.entries(NAMES)) {
  test(`names: ${title}`, (t) => {
    t.deepEqual([...pidFilePaths(names, place).values()], paths)
  })
}

/** The paths of a fresh directory. */
function names(directory: string): Required<Omit<PidFileNames, 'keepalived' | 'all'>> {
  const path = (name: string): string => join(mkdtempSync(join(scratch, directory)), name)
  return { main: path('main.pid'), vrrp: path('vrrp.pid'), checkers: path('checkers.pid'), bfd: path('bfd.pid') }
}

test('only the files of what is configured are there; they stay until the end', async (t) => {
  const paths = names('configured')
  const files = new PidFiles(paths, HERE, log)
  await files.hold(NONE)
  t.deepEqual([existsSync(paths.main), existsSync(paths.vrrp)], [true, false])
  await files.hold({ ...NONE, vrrp: true })
  await files.hold(NONE)
  t.deepEqual([existsSync(paths.main), existsSync(paths.vrrp), existsSync(paths.checkers)], [true, true, false])
  t.is(readFileSync(paths.vrrp, 'utf8'), `${process.pid}\n`)
  t.is(statSync(paths.main).mode & 0o777, 0o644)
  files.remove()
  t.deepEqual(Object.values(paths).filter(existsSync), [])
  files.remove()
})

test('a file that others hold is refused, and theirs stays', async (t) => {
  const paths = names('held')
  const first = new PidFiles(paths, HERE, log)
  await first.hold(ALL)
  const second = new PidFiles({ main: paths.bfd }, HERE, log)
  const error = await t.throwsAsync(second.hold(NONE), { instanceOf: KaError, message: 'daemon is already running' })
  t.is(error?.code, 'KA_ERR_ALREADY_RUNNING')
  second.remove()
  t.true(existsSync(paths.bfd))
  first.remove()
  await second.hold(NONE)
  second.remove()
})

test('two parts may share a file; one that is stale is taken', async (t) => {
  const { main } = names('shared')
  writeFileSync(main, '1\n')
  const files = new PidFiles({ main, vrrp: main }, HERE, log)
  await files.hold(ALL)
  t.is(readFileSync(main, 'utf8'), `${process.pid}\n`)
  files.remove()
  t.false(existsSync(main))
})

test('a file that cannot be written is an error at the start; at a reload the log says so', async (t) => {
  const lines: string[] = []
  const files = new PidFiles(
    { vrrp: join(scratch, 'none', 'x.pid') },
    HERE,
    pino({ level: 'error' }, { write: (line: string) => lines.push(line) }),
  )
  const error = await t.throwsAsync(files.hold(ALL), { instanceOf: KaError, message: /No such file or directory/ })
  t.is(error?.code, 'KA_ERR_USAGE')
  t.deepEqual(lines, [])
  await files.holdMore(ALL)
  t.is(lines.length, 1)
  t.regex(lines[0] ?? '', /a pid file could not be written/)
})
