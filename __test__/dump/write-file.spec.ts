import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { writeWhole } from '../../src/dump/write-file.ts'

async function scratch(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ka-write-'))
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  return directory
}

test('a file is whole, for its owner alone, and takes the place of the old one', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'keepalived.data')
  await writeFile(path, 'old', { mode: 0o644 })
  const pieces = Array.from({ length: 20_000 }, (_, index) => `piece ${index}\n`)
  await writeWhole(path, pieces)
  t.is(await readFile(path, 'utf8'), pieces.join(''))
  t.is((await stat(path)).mode & 0o777, 0o600)
  t.deepEqual(await readdir(directory), ['keepalived.data'])
})

test('readers find the old one or the whole new one', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'keepalived.data')
  const text = (word: string): string => `${word}\n`.repeat(20_000)
  await writeWhole(path, [text('aaaa')])
  const state = { isDone: false }
  const writing = (async (): Promise<void> => {
    for (let round = 0; round < 20; round += 1)
      await writeWhole(
        path,
        Array.from({ length: 20_000 }, () => (round % 2 === 0 ? 'bbbb\n' : 'aaaa\n')),
      )
    state.isDone = true
  })()
  const whole = new Set([text('aaaa'), text('bbbb')])
  while (!state.isDone) t.true(whole.has(await readFile(path, 'utf8')))
  await writing
})

test('a link that somebody planted is replaced, and what it leads to is left alone', async (t) => {
  const directory = await scratch(t)
  const [path, target] = [join(directory, 'keepalived.json'), join(directory, 'victim')]
  await writeFile(target, 'precious')
  await symlink(target, path)
  await writeWhole(path, ['[]\n'])
  t.is(await readFile(target, 'utf8'), 'precious')
  t.is(await readFile(path, 'utf8'), '[]\n')
  await t.throwsAsync(async () => await readlink(path))
})

test('what fails leaves the old file and nothing else', async (t) => {
  const directory = await scratch(t)
  const path = join(directory, 'keepalived.stats')
  await writeFile(path, 'old')
  function* failing(): Generator<string, void, void> {
    yield 'x'.repeat(200_000)
    throw new Error('the second piece fails')
  }
  await t.throwsAsync(
    async () => {
      await writeWhole(path, failing())
    },
    { message: 'the second piece fails' },
  )
  t.is(await readFile(path, 'utf8'), 'old')
  t.deepEqual(await readdir(directory), ['keepalived.stats'])
  await t.throwsAsync(
    async () => {
      await writeWhole(join(directory, 'missing', 'x'), ['x'])
    },
    { code: 'ENOENT' },
  )
})
