import test from 'ava'
import { KaError } from '../../src/errors.ts'
import { Reloads } from '../../src/reload/reloads.ts'
import { waitFor } from '../lab/wait-for.ts'
import { RecordedLog } from './recorded-log.ts'

const REPORT = { added: 0, changed: 0, unchanged: 1, removed: 0, refusals: [] }

test('while one runs another waits, and only one', async (t) => {
  const log = new RecordedLog()
  const ends: (() => void)[] = []
  const reloads = new Reloads(
    async () => {
      await new Promise<void>((resolve) => {
        ends.push(resolve)
      })
      return REPORT
    },
    () => false,
    log.logger,
  )
  for (let request = 1; request <= 4; request += 1) reloads.request()
  t.is(ends.length, 1)
  ends[0]?.()
  await waitFor('the one that waits', () => ends.length === 2)
  ends[1]?.()
  await waitFor('both are done', () => log.lines.filter((line) => line === 'Reload complete').length === 2)
  t.deepEqual(log.lines, ['Reload already in progress, request queued', 'Reload complete', 'Processing queued reload', 'Reload complete'])
  reloads.request()
  await waitFor('a later one runs at once', () => ends.length === 3)
})

test('one that is refused is said, and the one that waits runs all the same', async (t) => {
  const log = new RecordedLog()
  const errors = [new KaError('KA_ERR_CONFIG_UNUSABLE', 'no'), new KaError('KA_ERR_STOPPED', 'stopped')]
  const reloads = new Reloads(
    async () => {
      const error = errors.shift()
      if (error !== undefined) throw error
      return await Promise.resolve(REPORT)
    },
    () => false,
    log.logger,
  )
  reloads.request()
  reloads.request()
  await waitFor('both were tried', () => log.lines.includes('reload given up: the daemon stops'))
  t.deepEqual(log.lines, [
    'Reload already in progress, request queued',
    'reload refused, the former configuration stays',
    'Processing queued reload',
    'reload given up: the daemon stops',
  ])
})

test('nothing that waits is begun once the daemon stops', async (t) => {
  const log = new RecordedLog()
  const state = { isStopping: false, runs: 0 }
  const reloads = new Reloads(
    async () => {
      state.runs += 1
      state.isStopping = true
      return await Promise.reject(new KaError('KA_ERR_ENGINE', 'whatever'))
    },
    () => state.isStopping,
    log.logger,
  )
  reloads.request()
  reloads.request()
  await log.waitFor(/^reload given up: the daemon stops$/)
  t.is(state.runs, 1)
  t.false(log.lines.includes('Processing queued reload'))
})
