/** Every end of a process that is Master: what the kernel and the wire show afterwards, never what we say. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { DaemonOptions } from '../../src/index.ts'
import type { Exit } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program } from '../lab/program.ts'
import { ADDRESS, ADVERT_INTERVAL_MS, CONF, INSTANCE, startMaster, waitForResignation, type Master } from './master.ts'

/** Short, so that the tests are; JavaScript that is merely slow on a busy machine still answers in time. */
const HEARTBEAT_LIMIT_MS = 3_000

const DEAD_SENTENCE = 'ka-native: the JavaScript thread does not answer; resigned'

interface End {
  readonly options?: DaemonOptions
  /** Makes the end happen. */
  readonly act: (master: Master) => unknown
  readonly exit: Exit
  /** What the process says at its end. */
  readonly says?: RegExp
}

/** Becomes Master, ends, and leaves neither address nor silence behind. */
function endsCleanly({ options = {}, act, exit, says }: End): (t: ExecutionContext) => Promise<void> {
  return inLab(['a'], async (t, lab) => {
    const before = await addressesOf(lab)
    const master = await startMaster(lab, options)
    await act(master)
    t.deepEqual(await master.program.child.exited, exit)
    t.deepEqual(await addressesOf(lab), before)
    await waitForResignation(master.capture)
    if (says !== undefined) t.regex(master.program.child.lines('stderr').join('\n'), says)
  })
}

/** In an order of their own: the kernel's says nothing. */
async function addressesOf(lab: Lab<'a'>): Promise<string[]> {
  return [...(await lab.host('a').addresses())].sort()
}

const ENDS: Readonly<Record<string, End>> = {
  'the daemon is stopped and the program runs out of work': {
    act: async ({ program }) => {
      await program.run(async ({ daemon }) => await daemon.stop())
      await program.end()
    },
    exit: { code: 0, signal: null },
  },
  'process.exit()': {
    act: ({ program }) => program.begin(() => process.exit(3)),
    exit: { code: 3, signal: null },
  },
  'an uncaught exception': {
    act: ({ program }) =>
      program.begin(() =>
        setImmediate(() => {
          throw new Error('nobody catches this')
        }),
      ),
    exit: { code: 1, signal: null },
    says: /nobody catches this/,
  },
  'an unhandled rejection': {
    act: ({ program }) =>
      program.begin(() =>
        setImmediate(() => {
          void Promise.reject(new Error('nobody handles this'))
        }),
      ),
    exit: { code: 1, signal: null },
    says: /nobody handles this/,
  },
  'process.abort()': {
    options: { signals: true },
    act: ({ program }) => program.begin(() => process.abort()),
    exit: { code: null, signal: 'SIGABRT' },
  },
  'a check of V8 that fails': {
    options: { signals: true },
    act: ({ program }) => program.begin(() => process.kill(process.pid, 'SIGTRAP')),
    exit: { code: null, signal: 'SIGTRAP' },
  },
  SIGTERM: {
    options: { signals: true },
    act: async ({ program }) => {
      await program.child.signal('SIGTERM')
      await program.end()
    },
    exit: { code: 0, signal: null },
  },
  'JavaScript that never returns': {
    options: { heartbeatLimitMs: HEARTBEAT_LIMIT_MS },
    act: ({ program }) => program.begin(({ block }) => block(Number.POSITIVE_INFINITY)),
    exit: { code: 70, signal: null },
    says: new RegExp(`^${DEAD_SENTENCE}$`, 'm'),
  },
}

for (const [name, end] of Object.entries(ENDS)) serialLabTest(`${name}: resigns and leaves nothing behind`, endsCleanly(end))

serialLabTest(
  'SIGTERM while JavaScript is blocked: resigns at once, and ends with 70 when JavaScript does not come back',
  inLab(['a'], async (t, lab) => {
    const before = await addressesOf(lab)
    const { program, capture } = await startMaster(lab, { signals: true, heartbeatLimitMs: 30_000 })
    program.begin(({ block }) => {
      process.stdout.write('blocking\n')
      block(Number.POSITIVE_INFINITY)
    })
    await program.child.waitForLine(/^blocking$/)
    await program.child.signal('SIGTERM')
    await waitForResignation(capture)
    await lab.waitForHolders(ADDRESS)
    t.is(program.child.exit, undefined, 'it resigned before its JavaScript counted as dead')
    t.deepEqual(await program.child.exited, { code: 70, signal: null })
    t.deepEqual(await addressesOf(lab), before)
    t.deepEqual(program.child.lines('stderr'), [DEAD_SENTENCE])
  }),
)

serialLabTest(
  'SIGTERM while JavaScript is blocked for a while: resigns at once, and ends with 0 when JavaScript is back',
  inLab(['a'], async (t, lab) => {
    const { program, capture } = await startMaster(lab, { signals: true, heartbeatLimitMs: 60_000 })
    program.begin(({ block }) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      process.stdout.write('blocking\n')
      while (!existsSync('/run/lab/go')) block(50)
      process.stdout.write('back\n')
    })
    await program.child.waitForLine(/^blocking$/)
    await program.child.signal('SIGTERM')
    await waitForResignation(capture)
    await lab.waitForHolders(ADDRESS)
    t.false(program.child.lines('stdout').includes('back'), 'it resigned without JavaScript')
    await lab.sandbox.exec(['touch', '/run/lab/go'])
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a process that was stopped as a whole for longer than the heartbeat limit is not dead',
  inLab(['a'], async (t, lab) => {
    const { program, capture } = await startMaster(lab, { heartbeatLimitMs: HEARTBEAT_LIMIT_MS })
    await program.child.signal('SIGSTOP')
    await sleep(HEARTBEAT_LIMIT_MS * 1.5)
    await program.child.signal('SIGCONT')
    const heard = (await capture.packets()).length
    // As many seconds of advertisements as would make a process dead that answers none of them.
    await capture.waitFor('advertisements again', (packets) => packets.length > heard + HEARTBEAT_LIMIT_MS / ADVERT_INTERVAL_MS)
    t.deepEqual(await program.run(({ daemon }) => daemon.status().then(({ instances }) => instances.map(({ state }) => state))), ['MASTER'])
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
  }),
)

serialLabTest(
  'a worker that owns the daemon is terminated: resigns, and the process lives on',
  inLab(['a'], async (t, lab) => {
    const capture = await lab.capture('a', 'ip proto 112')
    const program = await Program.start(lab.host('a'))
    const worker = { url: new URL('engine-worker.ts', import.meta.url).href, conf: CONF }
    await program.run(async ({ keep }, { url, conf }) => {
      const { Worker } = process.getBuiltinModule('node:worker_threads')
      const started = new Worker(new URL(url), { workerData: conf })
      keep.worker = started
      await new Promise((resolve, reject) => {
        started.once('message', resolve)
        started.once('error', reject)
      })
    }, worker)
    await lab.waitForHolders(ADDRESS, 'a')

    await program.run(async ({ keep }) => await keep.worker?.terminate())
    // The end of the worker waits for the engine, but not for as long as a busy kernel may take.
    await lab.waitForHolders(ADDRESS)
    await waitForResignation(capture)
    await program.waitForThreads()
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a bare engine keeps no program alive, and resigns when the program ends by itself',
  inLab(['a'], async (t, lab) => {
    const before = await addressesOf(lab)
    const capture = await lab.capture('a', 'ip proto 112')
    const program = await Program.start(lab.host('a'))
    await program.run(async (realm, conf) => {
      await realm.open()
      await realm.engine.apply(realm.lower(conf))
    }, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    t.deepEqual(await program.end(), { code: 0, signal: null })
    t.deepEqual(await addressesOf(lab), before)
    await waitForResignation(capture)
  }),
)

serialLabTest(
  'SIGKILL: the address stays, also where a next start would not want it, until release() takes ours and nothing else',
  inLab(['a'], async (t, lab) => {
    const foreign = '192.0.2.201'
    await lab.host('a').exec(['ip', 'address', 'add', `${foreign}/32`, 'dev', 'eth0'])
    const before = await addressesOf(lab)
    const { program } = await startMaster(lab)
    const second = await startSecond(lab)
    await program.child.signal('SIGKILL')
    t.deepEqual(await program.child.exited, { code: null, signal: 'SIGKILL' })
    t.deepEqual(await addressesOf(lab), [...before, ADDRESS, SECOND_ADDRESS].sort())

    const report = await second.run(async ({ native }) => await native.release())
    t.deepEqual(report, { released: [`${ADDRESS} on eth0`], failed: [] })
    t.deepEqual(await addressesOf(lab), [...before, SECOND_ADDRESS].sort())
    t.deepEqual(await second.run(async ({ native }) => await native.release()), { released: [], failed: [] })
    await t.throwsAsync(
      second.run(async ({ native }) => await native.release(undefined, 'second')),
      { code: 'KA_ERR_ALREADY_RUNNING' },
    )
    t.deepEqual(await addressesOf(lab), [...before, SECOND_ADDRESS].sort(), 'a live engine keeps what it has')
  }),
)

serialLabTest(
  'SIGKILL: the next start removes the address, whether it wants it or not',
  inLab(['a'], async (t, lab) => {
    const before = await addressesOf(lab)
    const { program } = await startMaster(lab)
    const second = await startSecond(lab)
    await program.child.signal('SIGKILL')
    await program.child.exited
    const next = await Program.start(lab.host('a'))
    // It becomes Master only after its start-up delay: what is gone before went with the sweep.
    await next.run(async ({ start }, conf) => await start(conf), `global_defs {\n vrrp_startup_delay 1000\n}\n${CONF}`)
    t.deepEqual(await addressesOf(lab), [...before, SECOND_ADDRESS].sort())
    await next.run(async ({ daemon }) => await daemon.stop())
    await next.run(async ({ start }) => await start(''))
    t.deepEqual(await addressesOf(lab), [...before, SECOND_ADDRESS].sort())
    await second.run(async ({ daemon }) => await daemon.stop())
    t.deepEqual(await addressesOf(lab), before)
  }),
)

const SECOND_ADDRESS = '192.0.2.202'

/** A daemon of another name in the same network namespace, Master of another virtual router. */
async function startSecond(lab: Lab<'a'>): Promise<Program> {
  const program = await Program.start(lab.host('a'))
  const conf = keepalivedConf({ ...INSTANCE, vrid: 52, addresses: [`${SECOND_ADDRESS}/24`] })
  await program.run(async ({ start }, text) => await start(text, { instanceName: 'second' }), conf)
  await lab.waitForHolders(SECOND_ADDRESS, 'a')
  return program
}

serialLabTest(
  'one daemon of a name in a network namespace, several of different names',
  inLab(['a'], async (t, lab) => {
    const { program } = await startMaster(lab)
    const second = await startSecond(lab)
    for (const other of [program, second]) {
      await t.throwsAsync(
        other.run(async ({ ka, load }, conf) => void (await ka.startDaemon({ config: load(conf) })), CONF),
        { code: 'KA_ERR_ALREADY_RUNNING', message: /another process holds \/run\/ka-native\/\d+\.lock/ },
      )
    }
    t.deepEqual(await lab.holders(ADDRESS), ['a'], 'the refused ones took nothing away')
    await program.run(async ({ daemon }) => await daemon.stop())
    t.deepEqual(await lab.holders(SECOND_ADDRESS), ['a'])
    await second.run(async ({ start }, conf) => await start(conf), CONF)
    await lab.waitForHolders(ADDRESS, 'a')
  }),
)
