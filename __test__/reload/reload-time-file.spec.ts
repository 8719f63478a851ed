import { writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { ReloadTimeFile } from '../../src/reload/reload-time-file.ts'
import { reloadTimeText } from '../../src/reload/reload-time.ts'
import { waitFor } from '../lab/wait-for.ts'
import { RecordedLog } from './recorded-log.ts'

interface Followed {
  readonly path: string
  readonly directory: string
  readonly log: RecordedLog
  readonly file: ReloadTimeFile
  /** Times of reloads so far. */
  readonly reloads: () => number
}

async function follow(t: ExecutionContext, repeats = false, name = 'reload-time'): Promise<Followed> {
  const directory = await mkdtemp(join(tmpdir(), 'ka-reload-time-'))
  const log = new RecordedLog()
  const state = { reloads: 0 }
  const file = new ReloadTimeFile(() => {
    state.reloads += 1
  }, log.logger)
  t.teardown(async () => {
    file.close()
    await rm(directory, { recursive: true, force: true })
  })
  const path = join(directory, name)
  file.configure(path, repeats)
  return { path, directory, log, file, reloads: () => state.reloads }
}

/** In so many seconds a time is to come, the next one where a busy machine did not read of the former before it was over. */
const SOON = [3, 10, 30]

/** A time a few seconds from now, as the file has it. */
function soon(seconds: number): { readonly time: string; readonly text: string } {
  const text = reloadTimeText(Date.now() + seconds * 1_000)
  return { time: text.slice('2026-01-01 '.length), text }
}

async function isGone(path: string): Promise<boolean> {
  return await readFile(path).then(
    () => false,
    () => true,
  )
}

/** Waits until a time is said, or that it is over or of another day; whether it is to come. */
async function isToCome(log: RecordedLog, text: string): Promise<boolean> {
  await log.waitFor(/^Scheduling reload for |is in the past/)
  return log.lines[0] === `Scheduling reload for ${text}`
}

/** A file with a time that is said to come soon. */
async function followSoon(t: ExecutionContext): Promise<Awaited<ReturnType<typeof follow>> & { readonly text: string }> {
  let followed = await follow(t)
  let text = ''
  for (const seconds of SOON) {
    followed = await follow(t)
    text = soon(seconds).text
    await writeFile(followed.path, `${text}\n`)
    if (await isToCome(followed.log, text)) break
  }
  return { ...followed, text }
}

test('reloads at the time and removes the file', async (t) => {
  const { path, log, reloads, text } = await followSoon(t)
  await waitFor('the time comes', () => reloads() === 1)
  t.true(Date.now() >= new Date(text.replace(' ', 'T')).getTime())
  await waitFor('the file is gone', async () => await isGone(path))
  t.deepEqual(log.lines.slice(1), [], 'nothing is cancelled')
})

test('a time that comes while the file is read comes once', async (t) => {
  const { path, log, reloads, text } = await followSoon(t)
  // A change is heard of; when JavaScript can go on, the file is to be read and the time is over.
  writeFileSync(path, `${text}\n`)
  await sleep(50)
  while (Date.now() < new Date(text.replace(' ', 'T')).getTime() + 100);
  await waitFor('the time comes', () => reloads() === 1)
  await waitFor('the file is gone', async () => await isGone(path))
  // What was being read is through.
  await sleep(300)
  t.deepEqual(log.lines.slice(1), [])
  t.is(reloads(), 1)
})

test('a file that is there already counts, and a time without a date repeats where it is told to', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'ka-reload-time-'))
  t.teardown(async () => {
    await rm(directory, { recursive: true, force: true })
  })
  const path = join(directory, 'time')
  let followed = await follow(t)
  let time = ''
  for (const seconds of SOON) {
    const next = soon(seconds)
    time = next.time
    await writeFile(path, `${time}\nmore lines do not count`)
    followed.file.close()
    followed = await follow(t)
    followed.file.configure(path, true)
    if (await isToCome(followed.log, next.text)) break
  }
  const { log, reloads } = followed
  await waitFor('the time comes', () => reloads() === 1)
  await waitFor('tomorrow is waited for', () => log.lines.length === 2)
  t.regex(log.lines[1] ?? '', new RegExp(`^Scheduling reload for \\d{4}-\\d{2}-\\d{2} ${time}$`))
  t.not(log.lines[1], log.lines[0])
  t.is(await readFile(path, 'utf8').then((content) => content.split('\n')[0]), time)
})

// Written at once: what is half written is another thing.
test('changes are told, in whatever way an editor makes them', async (t) => {
  const { path, directory, log, reloads } = await follow(t)
  writeFileSync(path, '2098-01-01 00:00:00\n')
  await log.waitFor(/^Scheduling reload for 2098-01-01 00:00:00$/)
  writeFileSync(join(directory, 'other'), '2097-01-01 00:00:00\n')
  await rename(join(directory, 'other'), path)
  await log.waitFor(/^Reload time updated from 2098-01-01 00:00:00 to 2097-01-01 00:00:00$/)
  // The one that took its place is followed like the first.
  writeFileSync(path, '2096-01-01 00:00:00')
  await log.waitFor(/^Reload time updated from 2097-01-01 00:00:00 to 2096-01-01 00:00:00$/)
  writeFileSync(path, 'nonsense\n')
  await log.waitFor(/^Cancelling reload scheduled for 2096-01-01 00:00:00$/)
  writeFileSync(path, '2095-01-01 00:00:00\n')
  await log.waitFor(/^Scheduling reload for 2095-01-01 00:00:00$/)
  await rm(path)
  await log.waitFor(/^Cancelling reload scheduled for 2095-01-01 00:00:00$/)
  // Where it was about to be read anyway it is read once more when the change is told, and says so again.
  const isRepeated = (line: string, index: number): boolean => line.includes('nonsense') && log.lines.indexOf(line) < index
  t.deepEqual(
    log.lines.filter((line, index) => !isRepeated(line, index)),
    [
      'Scheduling reload for 2098-01-01 00:00:00',
      'Reload time updated from 2098-01-01 00:00:00 to 2097-01-01 00:00:00',
      'Reload time updated from 2097-01-01 00:00:00 to 2096-01-01 00:00:00',
      'Reload time nonsense format is incorrect - ignoring',
      "Invalid reload time 'nonsense' specified - ignoring",
      'Cancelling reload scheduled for 2096-01-01 00:00:00',
      'Scheduling reload for 2095-01-01 00:00:00',
      'Cancelling reload scheduled for 2095-01-01 00:00:00',
    ],
  )
  t.is(reloads(), 0)
})

test('where a link leads is followed too', async (t) => {
  const { path, directory, log } = await follow(t)
  const target = join(await mkdtemp(join(tmpdir(), 'ka-reload-time-')), 'target')
  t.teardown(async () => {
    await rm(join(target, '..'), { recursive: true, force: true })
  })
  writeFileSync(target, '2098-01-01 00:00:00\n')
  await symlink(target, join(directory, 'link'))
  await rename(join(directory, 'link'), path)
  await log.waitFor(/^Scheduling reload for 2098/)
  // The link is watched a moment after it has come.
  await waitFor('a change of the target is seen', async () => {
    writeFileSync(target, '2097-01-01 00:00:00\n')
    return log.lines.some((line) => line.startsWith('Reload time updated'))
  })
  t.is(log.lines.length, 2)
})

test('a directory that does not exist is said, once', async (t) => {
  const { log, file, directory } = await follow(t)
  file.configure(join(directory, 'missing', 'time'), false)
  await log.waitFor(/^reload_time_file cannot be watched, it is read once a minute: ENOENT/)
  file.configure(join(directory, 'missing', 'time'), true)
  t.is(log.lines.length, 1)
})

test('a file that is none is said', async (t) => {
  const { log, file, directory } = await follow(t)
  file.configure(directory, false)
  await log.waitFor(/^reload_time_file cannot be read: it is no regular file$/)
  t.pass()
})
