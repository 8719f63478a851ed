/** Every export of the addon (index.d.ts), against the kernel. How a process ends is in ends.spec.ts, what it tells in events.spec.ts. */
import type { ApplyReport, EngineConfig, EngineOptions, VirtualAddress } from '#native'
import { inLab, labTest, serialLabTest } from '../lab/in-lab.ts'
import type { Host } from '../lab/host.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { address, engineConfig, instance } from './engine-config.ts'

const ADDRESS = '192.0.2.200'

/** A program with an open engine. */
async function openEngine(host: Host, options: Partial<EngineOptions> = {}): Promise<Program> {
  const program = await Program.start(host)
  await program.run(async ({ open }, engineOptions) => await open(engineOptions), options)
  return program
}

const apply = async (program: Program, config: EngineConfig): Promise<ApplyReport> =>
  await program.run(async ({ engine }, wanted) => await engine.apply(wanted), config)

serialLabTest(
  'the addon exports what index.d.ts says',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    t.deepEqual(
      await program.run(({ native }) =>
        Object.keys(native)
          .filter((name) => name !== 'default')
          .sort(),
      ),
      [
        'DatagramSender',
        'Description',
        'Engine',
        'HttpResponse',
        'Ipvs',
        'PidFile',
        'Prober',
        'ScriptWorker',
        '__napiBindingTarget',
        'allowCoreFiles',
        'enterNetworkNamespace',
        'leaveNetworkNamespace',
        'lockMemory',
        'makeFifo',
        'nameThread',
        'release',
        'scheduleThreads',
      ],
    )
    t.is(await program.run(({ native }) => native.__napiBindingTarget), 'native')
    t.deepEqual(
      await program.run(({ native }) =>
        Object.getOwnPropertyNames(native.Engine.prototype)
          .filter((name) => name !== 'constructor')
          .sort(),
      ),
      ['apply', 'describe', 'drain', 'followWith', 'schedule', 'setTrack', 'snapshot', 'stop', 'stopNow'],
    )
  }),
)

serialLabTest(
  'a fresh engine is empty; stopped it says so and leaves only the lock file',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab.host('a'))
    const { instances, engine } = await program.run(async (realm) => await realm.engine.snapshot())
    t.deepEqual(instances, [])
    t.is(engine.advertisementsSent, 0)
    t.deepEqual(await program.run(({ engine }) => engine.drain()), [])
    await apply(program, engineConfig(instance()))
    await lab.waitForHolders(ADDRESS, 'a')

    await program.run(async ({ engine }) => await engine.stop())
    t.deepEqual(await lab.holders(ADDRESS), [])
    await program.waitForThreads()
    t.regex((await lab.host('a').exec(['ls', '/run/ka-native'])).trim(), /^\d+\.lock$/)
    const stopped = { code: 'KA_ERR_STOPPED', message: 'the engine has stopped' }
    await t.throwsAsync(apply(program, engineConfig(instance())), stopped)
    await t.throwsAsync(
      program.run(async ({ engine }) => await engine.snapshot()),
      stopped,
    )
    await program.run(async ({ engine }) => await engine.stop())
    t.true(await program.run(({ engine }) => engine.stopNow(1_000)))
    t.deepEqual(await lab.holders(ADDRESS), [], 'the refused apply did nothing')

    await program.run(async ({ open }) => await open())
    await apply(program, engineConfig(instance()))
    await lab.waitForHolders(ADDRESS, 'a')
  }),
)

serialLabTest(
  'stopNow() has removed everything when it returns, and the last events can be drained',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab.host('a'))
    await apply(program, engineConfig(instance({ virtualAddresses: hundred() })))
    await lab.waitForHolders('198.51.100.100', 'a')
    const after = await program.run(({ engine }) => {
      const released = engine.stopNow(60_000)
      const { execFileSync } = process.getBuiltinModule('node:child_process')
      const list = execFileSync('ip', ['-o', 'address', 'show', 'dev', 'eth0'], { encoding: 'utf8' })
      return { released, isHeld: list.includes('198.51.100.'), events: engine.drain() }
    })
    t.true(after.released)
    t.false(after.isHeld)
    t.like(after.events.at(-1)?.event, { type: 'stateChanged', instance: 'VI_1', from: 'MASTER', to: 'STOP', cause: { type: 'stop' } })
  }),
)

function hundred(): VirtualAddress[] {
  return Array.from({ length: 100 }, (_, index) => address(`198.51.100.${index + 1}`, { prefixLength: 32 }))
}

serialLabTest(
  'stopNow() says when its time was too short',
  inLab(['a'], async (t, lab) => {
    // An engine that does not take the processor from JavaScript, and has more to do than can be done where it does all the same.
    const program = await openEngine(lab.host('a'), { realtimePriority: 0 })
    const excludedAddresses = Array.from({ length: 4_000 }, (_, index) =>
      address(`198.18.${Math.floor(index / 200)}.${(index % 200) + 1}`, { prefixLength: 32 }),
    )
    await apply(program, engineConfig(instance({ virtualAddresses: hundred(), excludedAddresses })))
    await lab.waitForHolders('198.18.19.200', 'a')
    t.false(await program.run(({ engine }) => engine.stopNow(0)))
    await program.run(async ({ engine }) => await engine.stop())
    t.deepEqual(await lab.holders('198.51.100.100'), [])
    t.deepEqual(await lab.holders('198.18.19.200'), [])
  }),
)

serialLabTest(
  'stop() resigns at once while the host keeps every worker thread of Node busy',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab.host('a'))
    await apply(program, engineConfig(instance()))
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.host('a').exec(['mkfifo', '/run/fifo'])
    await program.run(({ engine, keep }) => {
      const { readFile } = process.getBuiltinModule('node:fs')
      // Each waits for a writer, in one of the four threads.
      for (let count = 0; count < 4; count++) readFile('/run/fifo', () => {})
      keep.promise = engine.stop()
    })
    await lab.waitForHolders(ADDRESS)
    // The engine has ended.
    await program.waitForThreads()
    await lab.host('a').exec(['sh', '-c', ': > /run/fifo'])
    await program.run(async ({ keep }) => {
      await keep.promise
    })
    t.pass()
  }),
)

serialLabTest(
  'an engine that was stopped leaves no descriptor open',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    const descriptors = async (engines: number): Promise<number> => {
      await program.run(async ({ native }, count) => {
        for (let index = 0; index < count; index++) {
          const engine = await native.Engine.open({ signals: false }, () => {})
          await engine.stop()
        }
      }, engines)
      // A thread that has told its end may still have what it wakes by.
      await program.waitForThreads()
      return await program.run(async () => {
        const { readdirSync } = process.getBuiltinModule('node:fs')
        process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc')
        const collect = process.getBuiltinModule('node:vm').runInNewContext('gc') as () => void
        // What a first collection finds unused, later ones give up.
        for (let round = 0; round < 3; round++) {
          await new Promise((resolve) => {
            setImmediate(resolve)
          })
          collect()
        }
        return readdirSync('/proc/self/fd').length
      })
    }
    const before = await descriptors(1)
    const after = await descriptors(10)
    t.true(after <= before + 2, `${before} descriptors after one engine, ${after} after ten more`)
  }),
)

serialLabTest(
  'apply() reports what is new, changed, unchanged and gone, and the kernel follows',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab.host('a'))
    const one = instance()
    const two = instance({ name: 'VI_2', vrid: 52, virtualAddresses: [address('192.0.2.201')] })
    t.deepEqual(await apply(program, engineConfig(one, two)), { added: 2, changed: 0, unchanged: 0, removed: 0, refusals: [] })
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.waitForHolders('192.0.2.201', 'a')

    const changed = { ...two, priority: 150, virtualAddresses: [address('192.0.2.202'), address('192.0.2.203')] }
    t.deepEqual(await apply(program, engineConfig(one, changed)), { added: 0, changed: 1, unchanged: 1, removed: 0, refusals: [] })
    await lab.waitForHolders('192.0.2.203', 'a')
    await lab.waitForHolders('192.0.2.202', 'a')
    t.deepEqual(await lab.holders('192.0.2.201'), [])

    const renamed = { ...one, name: 'renamed' }
    const three = instance({ name: 'VI_3', vrid: 53, virtualAddresses: [address('192.0.2.204')] })
    t.deepEqual(await apply(program, engineConfig(renamed, three)), { added: 1, changed: 1, unchanged: 0, removed: 1, refusals: [] })
    await lab.waitForHolders('192.0.2.204', 'a')
    await lab.waitForHolders('192.0.2.203')
    t.deepEqual(await lab.holders(ADDRESS), ['a'])

    const { instances } = await program.run(async ({ engine }) => await engine.snapshot())
    t.deepEqual(
      instances.map(({ name, vrid, state }) => ({ name, vrid, state })).sort((a, b) => a.vrid - b.vrid),
      [
        { name: 'renamed', vrid: 51, state: 'MASTER' },
        { name: 'VI_3', vrid: 53, state: 'MASTER' },
      ],
    )
    t.deepEqual(await apply(program, engineConfig()), { added: 0, changed: 0, unchanged: 0, removed: 2, refusals: [] })
    await lab.waitForHolders(ADDRESS)
    t.deepEqual((await program.run(async ({ engine }) => await engine.snapshot())).instances, [])
  }),
)

serialLabTest(
  'a snapshot describes instances and the engine',
  inLab(['a', 'b'], async (t, lab) => {
    const master = await openEngine(lab.host('a'), { realtimePriority: 0 })
    // So long that a busy machine delays no Master for three of them.
    const advertIntUs = 1_000_000
    await apply(master, engineConfig(instance({ advertIntUs })))
    await lab.waitForHolders(ADDRESS, 'a')
    const backup = await openEngine(lab.host('b'))
    await apply(
      backup,
      engineConfig(instance({ advertIntUs, priority: 100, virtualAddresses: [address(ADDRESS), address('192.0.2.201')] })),
    )
    const heard = await waitFor('the Backup has heard five advertisements', async () => {
      const snapshot = await backup.run(async ({ engine }) => await engine.snapshot())
      return (snapshot.instances[0]?.statistics.advertisementsReceived ?? 0) >= 5 && snapshot
    })
    t.like(heard.instances[0], {
      name: 'VI_1',
      interface: 'eth0',
      vrid: 51,
      family: 4,
      state: 'BACKUP',
      priority: 100,
      masterAddress: lab.host('a').ipv4,
      masterPriority: 200,
      addressesHeld: 0,
      statistics: { advertisementsSent: 0, becameMaster: 0, releasedMaster: 0, priorityZeroReceived: 0, priorityZeroSent: 0 },
    })
    t.true((heard.instances[0]?.statistics.addressListErrors ?? 0) >= 1)
    t.true(heard.engine.packetsReceived >= 5)

    const { instances, engine } = await master.run(async (realm) => await realm.engine.snapshot())
    t.like(instances[0], { state: 'MASTER', priority: 200, addressesHeld: 1, statistics: { becameMaster: 1, releasedMaster: 0 } })
    t.true(engine.advertisementsSent > 0)
    t.is(engine.advertisementsSent, instances[0]?.statistics.advertisementsSent ?? 0)
    t.false(engine.realtime)
    t.true(engine.steps.count > 0 && engine.steps.longestUs >= engine.steps.medianUs * 0.75)
    t.true(engine.lateness.count > 0)
    t.true(engine.longestBatchUs > 0)
  }),
)

serialLabTest(
  'an engine takes the name, the directory and the real-time priority it is given',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab.host('a'), { instanceName: 'blue', runtimeDir: '/run/elsewhere/deep', realtimePriority: 7 })
    await apply(program, engineConfig(instance()))
    t.regex(await lab.host('a').exec(['ls', '/run/elsewhere/deep']), /^\d+\.blue\.json\n\d+\.blue\.lock\n$/)
    const scheduling = await lab
      .host('a')
      .exec(['sh', '-c', `for t in /proc/${program.child.pid}/task/*; do chrt -p "$(basename "$t")"; done`])
    const { engine } = await program.run(async (realm) => await realm.engine.snapshot())
    // Where real-time scheduling is not permitted the engine runs without.
    t.is(/SCHED_RR[^]*priority: 7$/m.test(scheduling), engine.realtime)
    const other = await openEngine(lab.host('a'), { instanceName: 'blue' })
    // The lock is in the directory.
    await other.waitForThreads('ka-engine', 'ka-wake')
    await t.throwsAsync(openEngine(lab.host('a'), { instanceName: 'blue', runtimeDir: '/run/elsewhere/deep' }), {
      code: 'KA_ERR_ALREADY_RUNNING',
    })
  }),
)

const UNUSABLE: Readonly<Record<string, readonly [EngineConfig, RegExp]>> = {
  'VRID 0': [engineConfig(instance({ vrid: 0 })), /VI_1/],
  'priority 0': [engineConfig(instance({ priority: 0 })), /VI_1/],
  'version 4': [engineConfig(instance({ version: 4 })), /VRRP version 4/],
  'family 5': [engineConfig(instance({ family: 5 })), /family 5/],
  'no interval': [engineConfig(instance({ advertIntUs: 0 })), /VI_1/],
  'an interval too long for its version': [engineConfig(instance({ advertIntUs: 41_000_000 })), /VI_1/],
  'a missing interface': [engineConfig(instance({ interface: 'eth7' })), /eth7/],
  'a missing interface of an address': [engineConfig(instance({ virtualAddresses: [address(ADDRESS, { interface: 'eth8' })] })), /eth8/],
  'an address that is none': [engineConfig(instance({ virtualAddresses: [address('192.0.2.256')] })), /192\.0\.2\.256/],
  'an advertised address of another family': [engineConfig(instance({ virtualAddresses: [address('2001:db8::c8')] })), /VI_1/],
  'a prefix length that is none': [engineConfig(instance({ virtualAddresses: [address(ADDRESS, { prefixLength: 33 })] })), /33/],
  'a group that is none': [engineConfig(instance({ group: '192.0.2.1' })), /192\.0\.2\.1/],
  'a source of another family': [engineConfig(instance({ sourceAddress: '2001:db8::1' })), /2001:db8::1/],
  'the same virtual router twice': [
    engineConfig(instance(), instance({ name: 'VI_2', virtualAddresses: [address('192.0.2.201')] })),
    /VI_1 and VI_2 both use VRID 51 on interface eth0/,
  ],
}

serialLabTest(
  'a refused apply says why and changes nothing',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab.host('a'))
    await apply(program, engineConfig(instance()))
    await lab.waitForHolders(ADDRESS, 'a')
    const file = async (): Promise<string> => await lab.host('a').exec(['sh', '-c', 'cat /run/ka-native/*.json'])
    const present = async (): Promise<unknown> => {
      const { instances } = await program.run(async ({ engine }) => await engine.snapshot())
      const known = instances.map(({ name, vrid, state, statistics: { becameMaster } }) => ({ name, vrid, state, becameMaster }))
      return { known, addresses: [...(await lab.host('a').addresses())], file: await file() }
    }
    const before = await present()
    for (const [name, [config, message]] of Object.entries(UNUSABLE)) {
      // The instances before the faulty one are as new as it is.
      const withOther = {
        ...config,
        instances: [instance({ name: 'VI_9', vrid: 99, virtualAddresses: [address('192.0.2.99')] }), ...config.instances],
      }
      await t.throwsAsync(apply(program, withOther), { code: 'KA_ERR_CONFIG_UNUSABLE', message }, name)
      t.deepEqual(await present(), before, name)
    }
    await t.throwsAsync(
      program.run(async ({ engine }, config) => {
        const [first] = config.instances
        if (first !== undefined) first.authPass = new Uint8Array(8)
        await engine.apply(config)
      }, engineConfig(instance())),
      { code: 'KA_ERR_CONFIG_UNUSABLE', message: /only VRRPv2 over IPv4 can be authenticated/ },
    )
    t.deepEqual(await present(), before)
    t.deepEqual(await apply(program, engineConfig(instance())), { added: 0, changed: 0, unchanged: 1, removed: 0, refusals: [] })
  }),
)

serialLabTest(
  'an address that was there before us is shared, and stays when we go',
  inLab(['a'], async (t, lab) => {
    await lab.host('a').exec(['ip', 'address', 'add', `${ADDRESS}/24`, 'dev', 'eth0'])
    const program = await openEngine(lab.host('a'))
    await apply(program, engineConfig(instance()))
    await waitFor('it is Master', async () => {
      const { instances } = await program.run(async ({ engine }) => await engine.snapshot())
      return instances[0]?.state === 'MASTER'
    })
    await program.run(async ({ engine }) => await engine.stop())
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
  }),
)

serialLabTest(
  'an address that moves between instances, or is shared by two, is never taken away in between',
  inLab(['a'], async (t, lab) => {
    const monitor = await lab.host('a').spawn(['ip', '-o', 'monitor', 'address', 'dev', 'eth0'])
    const program = await openEngine(lab.host('a'))
    const one = instance({ virtualAddresses: [address(ADDRESS), address('192.0.2.201')] })
    const two = instance({ name: 'VI_2', vrid: 52, virtualAddresses: [address('192.0.2.202')] })
    await apply(program, engineConfig(one, two))
    await lab.waitForHolders('192.0.2.202', 'a')
    await lab.waitForHolders('192.0.2.201', 'a')
    const add = (text: string): VirtualAddress[] => [address('192.0.2.202'), address(text)]
    await apply(program, engineConfig({ ...one, virtualAddresses: [address(ADDRESS)] }, { ...two, virtualAddresses: add('192.0.2.201') }))
    await apply(program, engineConfig({ ...one, virtualAddresses: [address(ADDRESS)] }, { ...two, virtualAddresses: add(ADDRESS) }))
    await lab.waitForHolders('192.0.2.201')
    await apply(program, engineConfig({ ...two, virtualAddresses: add(ADDRESS) }))
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    await program.run(async ({ engine }) => await engine.stop())
    await monitor.waitForLine(new RegExp(`^Deleted .*inet ${ADDRESS.replaceAll('.', '\\.')}/`))
    const deletions = monitor.lines('stdout').filter((line) => line.startsWith('Deleted') && line.includes(`inet ${ADDRESS}/`))
    t.is(deletions.length, 1, 'it went once, at the stop')
  }),
)

serialLabTest(
  'addresses carry what their configuration says',
  inLab(['a'], async (t, lab) => {
    await lab.host('a').exec(['ip', 'link', 'add', 'other0', 'type', 'bridge'])
    await lab.host('a').exec(['ip', 'link', 'set', 'other0', 'up'])
    const program = await openEngine(lab.host('a'))
    await apply(
      program,
      engineConfig(
        instance({
          virtualAddresses: [
            address(ADDRESS, { label: 'eth0:vip', broadcast: '192.0.2.255', noPrefixRoute: true }),
            address('192.0.2.201', { prefixLength: 32, scope: 253 }),
            address('198.51.100.1', { prefixLength: 32, peer: '198.51.100.2' }),
          ],
          excludedAddresses: [
            address('2001:db8::c8', { prefixLength: 64, preferredLifetimeS: 0 }),
            address('203.0.113.1', { interface: 'other0' }),
          ],
        }),
      ),
    )
    await lab.waitForHolders('2001:db8::c8', 'a')
    const list = await waitFor('the last address is there', async () => {
      const text = await lab.host('a').exec(['ip', '-o', 'address', 'show'])
      return text.includes('203.0.113.1/24') && text.replaceAll(/\\? +/g, ' ')
    })
    t.regex(list, /eth0 inet 192\.0\.2\.200\/24 brd 192\.0\.2\.255 scope global secondary noprefixroute eth0:vip /)
    t.regex(list, /eth0 inet 192\.0\.2\.201\/32 scope link eth0 /)
    t.regex(list, /eth0 inet 198\.51\.100\.1 peer 198\.51\.100\.2\/32 scope global /)
    t.regex(list, /eth0 inet6 2001:db8::c8\/64 scope global nodad deprecated /)
    t.regex(list, /other0 inet 203\.0\.113\.1\/24 scope global /)
  }),
)

for (const capability of ['net_admin', 'net_raw']) {
  labTest(
    `without CAP_${capability.toUpperCase()} an engine does not open and leaves nothing behind`,
    inLab(['a'], async (t, lab) => {
      const prefix = ['setpriv', '--bounding-set', `-${capability}`, '--inh-caps', `-${capability}`]
      const program = await Program.start(lab.host('a'), { prefix })
      const error = { code: 'KA_ERR_PERMISSION', message: `missing capability CAP_${capability.toUpperCase()}` }
      await t.throwsAsync(
        program.run(async ({ open }) => await open()),
        error,
      )
      await program.waitForThreads()
      t.is((await lab.host('a').run(['ls', '/run/ka-native'])).stdout, '')
    }),
  )
}

labTest(
  'an engine does not open where its directory cannot be used, nor twice with signals in one process',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    const open = async (options: Partial<EngineOptions>): Promise<void> =>
      await program.run(async (realm, engineOptions) => await realm.open(engineOptions), options)
    await t.throwsAsync(open({ runtimeDir: '/proc/ka-native' }), { code: 'KA_ERR_ENGINE', message: /\/proc\/ka-native/ })
    await t.throwsAsync(open({ runtimeDir: '/dev/null' }), { code: 'KA_ERR_ENGINE', message: /\/dev\/null/ })
    await program.waitForThreads()

    await open({ signals: true, instanceName: 'one' })
    await t.throwsAsync(open({ signals: true, instanceName: 'two' }), {
      code: 'KA_ERR_ENGINE',
      message: /^install signal handlers: already installed/,
    })
    await open({ instanceName: 'two' })
  }),
)

labTest(
  'release() without anything to release creates nothing',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    t.deepEqual(await program.run(async ({ native }) => await native.release('/run/none', 'none')), { released: [], failed: [] })
    t.is((await lab.host('a').run(['ls', '/run/none'])).stdout, '')
    await program.run(async ({ open }) => await open())
    await t.throwsAsync(
      program.run(async ({ native }) => await native.release()),
      { code: 'KA_ERR_ALREADY_RUNNING' },
    )
    await program.run(async ({ engine }) => await engine.stop())
    t.deepEqual(await program.run(async ({ native }) => await native.release()), { released: [], failed: [] })
  }),
)
