import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { LogDestination } from '../../src/log/destination.ts'
import { LogFile } from '../../src/log/file.ts'
import { waitFor } from '../lab/wait-for.ts'

async function scratch(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/ka-native-log-`)
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  return directory
}

const destinationOf = (file: LogFile): LogDestination => new LogDestination(file.sink, (count, reason) => `lost ${count}: ${reason}\n`)

test('lines are added to what is there', async (t) => {
  const path = `${await scratch(t)}/log`
  for (const isSynchronous of [false, true]) {
    const destination = destinationOf(new LogFile(path, isSynchronous))
    destination.write('one\n')
    destination.write('two\n')
    await destination.flush(60_000)
  }
  t.is(await readFile(path, 'utf8'), 'one\ntwo\none\ntwo\n')
})

test('a file that was moved away is made anew, and the old one gets no more', async (t) => {
  const path = `${await scratch(t)}/log`
  const destination = destinationOf(new LogFile(path, false))
  destination.write('before\n')
  await destination.flush(60_000)
  await rename(path, `${path}.1`)
  await waitFor('there is a new one', async () => {
    destination.write('after\n')
    await destination.flush(60_000)
    return await stat(path).catch(() => undefined)
  })
  const old = await readFile(`${path}.1`, 'utf8')
  destination.write('last\n')
  await destination.flush(60_000)
  t.regex(await readFile(path, 'utf8'), /^(?:after\n)+last\n$/)
  t.is(await readFile(`${path}.1`, 'utf8'), old)
})

test('a directory that is not there yet costs lines, which are counted', async (t) => {
  const directory = `${await scratch(t)}/later`
  const destination = destinationOf(new LogFile(`${directory}/log`, false))
  destination.write('one\n')
  await destination.flush(60_000)
  await mkdir(directory)
  destination.write('two\n')
  const text = async (): Promise<string> => await readFile(`${directory}/log`, 'utf8').catch(() => '')
  await waitFor('it is written', async () => (await text()).endsWith('two\n'), { seen: text })
  t.is(await text(), 'lost 1: ENOENT\ntwo\n')
})

test('it goes on in another file when it is told to', async (t) => {
  const directory = await scratch(t)
  const file = new LogFile(`${directory}/log`, false)
  const destination = destinationOf(file)
  destination.write('one\n')
  await destination.flush(60_000)
  file.moveTo(`${directory}/log_other`)
  destination.write('two\n')
  await destination.flush(60_000)
  t.is(await readFile(`${directory}/log`, 'utf8'), 'one\n')
  t.is(await readFile(`${directory}/log_other`, 'utf8'), 'two\n')
})
