import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import test from 'ava'
import { componentLog } from '../../src/log/components.ts'
import { loadNative } from '../../src/engine/native.ts'
import { parseLevels } from '../../src/log/levels.ts'
import { keepalivedLog, openLog, startLog } from '../../src/log/log.ts'
import { DEFAULT_LOG_SETTINGS } from '../../src/log/settings.ts'
import { freePort } from '../lab/free-port.ts'
import { waitFor } from '../lab/wait-for.ts'

test('where keepalived’s options let it log', (t) => {
  const outputs = (change: Partial<typeof DEFAULT_LOG_SETTINGS>): unknown =>
    keepalivedLog({ ...DEFAULT_LOG_SETTINGS, ...change }, {}).outputs
  t.deepEqual(outputs({}), [{ kind: 'syslog', facility: 3 }])
  t.deepEqual(outputs({ facility: 17, console: true }), [
    { kind: 'syslog', facility: 17 },
    { kind: 'stream', fd: 2, format: 'keepalived' },
  ])
  t.deepEqual(outputs({ syslog: false, file: '/var/log/k.log', flushFile: true }), [
    { kind: 'file', path: '/var/log/k.log', format: 'keepalived', isSynchronous: true },
  ])
  t.deepEqual(outputs({ syslog: false }), [])
})

test('where start logs', (t) => {
  const outputs = (options: Parameters<typeof startLog>[0], isTerminal = false): unknown => startLog(options, isTerminal, {}).outputs
  t.deepEqual(outputs({}), [{ kind: 'stream', fd: 1, format: 'json' }])
  t.deepEqual(outputs({}, true), [{ kind: 'stream', fd: 1, format: 'pretty' }])
  t.deepEqual(outputs({ format: 'json' }, true), [{ kind: 'stream', fd: 1, format: 'json' }])
  t.deepEqual(outputs({ file: '/f' }, true), [{ kind: 'file', path: '/f', format: 'json', isSynchronous: false }])
  t.deepEqual(outputs({ file: '/f', format: 'pretty' }), [{ kind: 'file', path: '/f', format: 'pretty', isSynchronous: false }])
  t.deepEqual(outputs({ format: 'syslog' }), [{ kind: 'syslog', facility: 3 }])
  t.deepEqual(outputs({ format: 'journald', file: '/f' }), [
    { kind: 'journal', facility: 3 },
    { kind: 'file', path: '/f', format: 'json', isSynchronous: false },
  ])
})

test('each component logs from its level on, also through children of its own', async (t) => {
  const directory = await mkdtemp(`${tmpdir()}/ka-native-log-`)
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  const { outputs } = startLog({ file: `${directory}/all.log` }, false, {})
  const { log, flush, identify } = await openLog({ outputs, levels: parseLevels('warn,vrrp=debug') })
  const vrrp = componentLog(log, 'vrrp')
  log.info('left out')
  vrrp.debug('told')
  vrrp.trace('left out')
  vrrp.child({ instance: 'A' }).debug('told too')
  componentLog(log, 'notify').info('left out')
  componentLog(log, 'notify').warn({ err: new Error('why') }, 'told at last')
  await flush(60_000)
  const records = (await readFile(`${directory}/all.log`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.deepEqual(
    records.map(({ level, component, instance, msg }) => ({ level, component, instance, msg })),
    [
      { level: 20, component: 'vrrp', instance: undefined, msg: 'told' },
      { level: 20, component: 'vrrp', instance: 'A', msg: 'told too' },
      { level: 40, component: 'notify', instance: undefined, msg: 'told at last' },
    ],
  )
  t.like(records[2], { err: { message: 'why' } })

  identify({ netNamespace: 'ns', instance: 'one' })
  log.warn('elsewhere')
  await flush(60_000)
  t.regex(await readFile(`${directory}/all_ns_one.log`, 'utf8'), /"msg":"elsewhere"/)
})

test('lines of one turn have one time, those of another one theirs, also where a thread calls', async (t) => {
  const directory = await mkdtemp(`${tmpdir()}/ka-native-log-`)
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  const { outputs } = startLog({ file: `${directory}/all.log` }, false, {})
  const { log, flush } = await openLog({ outputs, levels: parseLevels('info') })
  /** Between which times each line was said. */
  const spans: (readonly [from: number, to: number])[] = []
  const say = (what: string): void => {
    const from = Date.now()
    log.info(what)
    spans.push([from, Date.now()])
  }
  const { Prober } = await loadNative()
  let calls = 0
  const prober = Prober.open(() => {
    say(`called ${calls}`)
    calls += 1
    prober.drain()
    // Not before: both results could come with one call.
    if (calls === 1) prober.run(Uint32Array.of(1), Float64Array.of(300_000))
  })
  t.teardown(async () => {
    await prober.stop(1_000)
  })
  const port = await freePort()
  prober.define([0, 1].map((id) => ({ id, address: '127.0.0.1', port, timeoutUs: 1_000_000, action: { type: 'tcp' as const } })))
  prober.run(Uint32Array.of(0), Float64Array.of(200_000))
  say('first')
  log.info('in the same turn')
  await waitFor('the thread has called twice', () => calls >= 2)
  setTimeout(say, 200, 'a timer')
  await waitFor('a timer has gone off', () => spans.length === 4)
  await flush(60_000)
  const records = (await readFile(`${directory}/all.log`, 'utf8')).trim().split('\n')
  const [first, same, ...others] = records.map((line) => (JSON.parse(line) as { readonly time: number }).time)
  t.is(first, same)
  for (const [place, time = 0] of [first, ...others].entries()) {
    const [from = 0, to = 0] = spans[place] ?? []
    t.true(from <= time && time <= to, `line ${place} of ${time} was said from ${from} to ${to}`)
  }
})
