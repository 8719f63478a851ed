/** `startDaemon`, as a service that embeds it uses it: every member of {@link Daemon}, against the kernel. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ApplyReport } from '#native'
import type { ThrowsExpectation } from 'ava'
import type { DaemonOptions } from '../../src/index.ts'
import type { Advertisement } from '../lab/packet.ts'
import type { Capture } from '../lab/capture.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'

const ADDRESS = '192.0.2.200'

/** Master within moments where it is alone. */
const ROUTER: InstanceConf = { name: 'VI_1', vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] }
const CONF = keepalivedConf(ROUTER)

/** Master at once, and then silent for minutes: whatever more it sends was caused by something. */
function owner(vrid: number, changes: Partial<InstanceConf> = {}): InstanceConf {
  return {
    name: `VI_${vrid}`,
    vrid,
    priority: 255,
    version: 2,
    advertInt: 255,
    addresses: [`192.0.2.${vrid}/24`],
    // An owner that says BACKUP would wait for minutes.
    extra: ['state MASTER', 'garp_master_delay 0', 'garp_master_repeat 1'],
    ...changes,
  }
}

async function start(lab: Lab<'a'>, conf: string, options: DaemonOptions = {}): Promise<Program> {
  const program = await Program.start(lab.host('a'))
  await program.run(async (realm, [text, daemonOptions]) => await realm.start(text, daemonOptions), [conf, options] as const)
  return program
}

/** Writes keepalived.conf and gives its path as the program sees it. */
async function writeConf(lab: Lab<'a'>, conf: string): Promise<string> {
  await writeFile(`${lab.sandbox.scratch.outside}/keepalived.conf`, conf)
  return `${lab.sandbox.scratch.inside}/keepalived.conf`
}

const reload = async (program: Program, conf: string): Promise<ApplyReport> =>
  await program.run(async ({ daemon, load }, text) => await daemon.reload(load(text)), conf)

async function waitForAdvertisements(capture: Capture, vrid: number): Promise<Advertisement[]> {
  return await capture.waitFor(`advertisements of ${vrid}`, (packets) => {
    const found = packets.filter((packet) => packet.kind === 'advertisement').filter((packet) => packet.vrid === vrid)
    return found.length > 0 && found
  })
}

serialLabTest(
  'a daemon made of a file: status, reload of the file, stop',
  inLab(['a'], async (t, lab) => {
    const before = [...(await lab.host('a').addresses())]
    const file = await writeConf(lab, CONF)
    const program = await start(lab, '', { configFile: file })
    await lab.waitForHolders(ADDRESS, 'a')
    const { instances } = await program.run(async ({ daemon }) => await daemon.status())
    t.like(instances[0], { name: 'VI_1', interface: 'eth0', vrid: 51, family: 4, state: 'MASTER', priority: 200, addressesHeld: 1 })

    await writeConf(lab, keepalivedConf({ ...ROUTER, addresses: ['192.0.2.201/24'] }))
    t.deepEqual(await program.run(async ({ daemon }) => await daemon.reload()), {
      added: 0,
      changed: 1,
      unchanged: 0,
      removed: 0,
      refusals: [],
    })
    await lab.waitForHolders('192.0.2.201', 'a')
    await lab.waitForHolders(ADDRESS)

    await program.run(async ({ daemon }) => await daemon.stop())
    t.deepEqual([...(await lab.host('a').addresses())], before)
    await program.run(async ({ daemon }) => await daemon.stopped)
    await program.run(async ({ daemon }) => await daemon.stop())
    const stopped = { name: 'KaError', code: 'KA_ERR_STOPPED' }
    await t.throwsAsync(
      program.run(async ({ daemon }) => void (await daemon.status())),
      stopped,
    )
    await t.throwsAsync(
      program.run(async ({ daemon }) => void (await daemon.reload())),
      stopped,
    )
    t.deepEqual(await program.end(), { code: 0, signal: null }, 'nothing keeps the program alive')
  }),
)

serialLabTest(
  'a daemon made of a file in TypeScript: SIGHUP and reload() run it anew, with what it imports',
  inLab(['a'], async (t, lab) => {
    const write = async (last: number): Promise<void> => {
      const instance = `{ name: 'VI_1', interface: 'eth0', virtualRouterId: 51, priority: 200, version: 3, advertInt: 0.1, virtualIpaddress }`
      const config = `import { defineConfig } from 'ka-native'\nimport { virtualIpaddress } from '../addresses.ts'\nexport default defineConfig({ vrrpInstances: [${instance}] })\n`
      await writeFile(`${lab.sandbox.scratch.outside}/addresses.ts`, `export const virtualIpaddress: string[] = ['192.0.2.${last}/24']\n`)
      await writeFile(`${lab.sandbox.scratch.outside}/config.ts`, config)
    }
    await write(200)
    const program = await start(lab, '', { configFile: `${lab.sandbox.scratch.inside}/config.ts`, signals: true })
    await lab.waitForHolders('192.0.2.200', 'a')
    await write(201)
    await program.run(() => void process.kill(process.pid, 'SIGHUP'))
    await lab.waitForHolders('192.0.2.201', 'a')
    await lab.waitForHolders('192.0.2.200')
    await write(202)
    await program.run(async ({ daemon }) => void (await daemon.reload()))
    await lab.waitForHolders('192.0.2.202', 'a')

    await writeFile(`${lab.sandbox.scratch.outside}/config.ts`, "throw new Error('not today')\n")
    await t.throwsAsync(
      program.run(async ({ daemon }) => void (await daemon.reload())),
      { name: 'ConfigError', code: 'KA_ERR_CONFIG_UNUSABLE' },
    )
    await lab.waitForHolders('192.0.2.202', 'a')
  }),
)

serialLabTest(
  'a daemon made of an object: what reload() is given counts from then on',
  inLab(['a'], async (t, lab) => {
    const instance = { name: 'VI_1', interface: 'eth0', virtualRouterId: 51, priority: 200, version: 3, advertInt: 0.1 }
    const program = await start(lab, '', { config: { vrrpInstances: [{ ...instance, virtualIpaddress: [`${ADDRESS}/24`] }] } })
    await lab.waitForHolders(ADDRESS, 'a')
    const changed = { vrrpInstances: [{ ...instance, virtualIpaddress: ['192.0.2.201/24'] }] }
    const report = await program.run(async ({ daemon }, config) => await daemon.reload(config), changed)
    t.like(report, { changed: 1, unchanged: 0 })
    await lab.waitForHolders('192.0.2.201', 'a')
    t.like(await program.run(async ({ daemon }) => await daemon.reload()), { changed: 0, unchanged: 1 })
    await t.throwsAsync(
      program.run(async ({ daemon }) => void (await daemon.reload({ vrrpInstances: [{ name: 'VI_1' }] }))),
      { name: 'ConfigError', code: 'KA_ERR_CONFIG_UNUSABLE' },
    )
    await lab.waitForHolders('192.0.2.201', 'a')
  }),
)

serialLabTest(
  'a reload disturbs nothing that stays the same: not a packet, not a counter',
  inLab(['a'], async (t, lab) => {
    const capture = await lab.capture('a', 'ip proto 112 or arp')
    const program = await start(lab, keepalivedConf(owner(61), owner(62), owner(63)))
    for (const vrid of [61, 62, 63]) {
      await waitForAdvertisements(capture, vrid)
      // A Master speaks before it has its address.
      await lab.waitForHolders(`192.0.2.${vrid}`, 'a')
    }
    const statistics = async (): Promise<unknown> => {
      const { instances } = await program.run(async ({ daemon }) => await daemon.status())
      return instances
        .filter(({ vrid }) => vrid === 61)
        .map(({ state, addressesHeld, statistics }) => ({ state, addressesHeld, statistics }))
    }
    const before = await statistics()

    const report = await reload(program, keepalivedConf(owner(61), owner(62, { addresses: ['192.0.2.72/24'] }), owner(64)))
    t.deepEqual(report, { added: 1, changed: 1, unchanged: 1, removed: 1, refusals: [] })
    // The new one spoke: what the others had to say at the reload is said.
    await waitForAdvertisements(capture, 64)
    await lab.waitForHolders('192.0.2.72', 'a')
    await lab.waitForHolders('192.0.2.62')
    await lab.waitForHolders('192.0.2.63')
    await capture.waitFor('the resignation of the one that is gone', (packets) =>
      packets.some((packet) => packet.kind === 'advertisement' && packet.vrid === 63 && packet.priority === 0),
    )
    const ofUnchanged = (await capture.packets()).filter(
      (packet) =>
        (packet.kind === 'advertisement' && packet.vrid === 61) || (packet.kind === 'arp' && packet.senderAddress === '192.0.2.61'),
    )
    t.deepEqual(
      ofUnchanged.map(({ kind }) => kind).sort(),
      ['advertisement', 'arp'],
      'what it said when it became Master, and nothing since',
    )
    t.deepEqual(await statistics(), before)
    t.deepEqual(await lab.holders('192.0.2.61'), ['a'])
  }),
)

serialLabTest(
  'a reload with another priority changes the priority of the Master, and counts on',
  inLab(['a'], async (t, lab) => {
    const capture = await lab.capture('a', 'ip proto 112')
    const program = await start(lab, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    await reload(program, keepalivedConf({ ...ROUTER, priority: 150 }))
    await capture.waitFor('the new priority', (packets) =>
      packets.some((packet) => packet.kind === 'advertisement' && packet.priority === 150),
    )
    const { instances } = await program.run(async ({ daemon }) => await daemon.status())
    t.like(instances[0], { state: 'MASTER', priority: 150, statistics: { becameMaster: 1, releasedMaster: 0, priorityZeroSent: 0 } })
    t.false((await capture.advertisements()).some(({ priority }) => priority === 0))
  }),
)

serialLabTest(
  'reloads that come at once are done one after the other, the last one wins',
  inLab(['a'], async (t, lab) => {
    const program = await start(lab, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    const confs = Array.from({ length: 20 }, (_, index) =>
      keepalivedConf({ ...ROUTER, priority: 100 + index, addresses: [`192.0.2.${100 + index}/24`] }),
    )
    const reports = await program.run(
      async ({ daemon, load }, texts) => await Promise.all(texts.map(async (text) => await daemon.reload(load(text)))),
      confs,
    )
    t.true(reports.every(({ changed }) => changed === 1))
    await lab.waitForHolders('192.0.2.119', 'a')
    await waitFor(
      'only the last address is held',
      async () => [...(await lab.host('a').addresses())].filter((address) => address.startsWith('192.0.2.')).length === 2,
    )
    const { instances } = await program.run(async ({ daemon }) => await daemon.status())
    t.is(instances[0]?.priority, 119)
  }),
)

serialLabTest(
  'a reload that is refused changes nothing, not even the scripts',
  inLab(['a'], async (t, lab) => {
    const scratch = lab.sandbox.scratch
    for (const name of ['first', 'second']) {
      await writeFile(`${scratch.outside}/${name}`, `#!/bin/sh\necho "$4" >> ${scratch.inside}/${name}.log\n`, { mode: 0o755 })
    }
    const withScript = (name: string, changes: Partial<InstanceConf> = {}): string =>
      `global_defs {\n  script_user root\n}\n${keepalivedConf({ ...ROUTER, extra: [`notify ${scratch.inside}/${name}`], ...changes })}`
    const file = await writeConf(lab, withScript('first'))
    const program = await start(lab, '', { configFile: file })
    await lab.waitForHolders(ADDRESS, 'a')

    await writeConf(lab, `${withScript('second')}vrrp_instance broken {\n`)
    const broken = await t.throwsAsync(
      program.run(async ({ daemon }) => void (await daemon.reload())),
      { name: 'ConfigError', code: 'KA_ERR_CONFIG_UNUSABLE' },
    )
    t.regex(broken.message, /keepalived\.conf/)
    const found = await program.run(async ({ daemon, ka }) => {
      try {
        await daemon.reload()
      } catch (error) {
        return error instanceof ka.ConfigError ? [...error.diagnostics].map(({ severity, code, line }) => ({ severity, code, line })) : []
      }
      return []
    })
    t.true(
      found.some(({ severity, line }) => severity === 'error' && line !== undefined),
      JSON.stringify(found),
    )

    await lab.host('a').exec(['rm', file])
    await t.throwsAsync(
      program.run(async ({ daemon }) => void (await daemon.reload())),
      { name: 'ConfigError', code: 'KA_ERR_CONFIG_MISSING' },
    )
    // The configuration is fine in itself; it is the engine that finds no such interface.
    const unusable = withScript('second', { priority: 10 })
    for (const [from, to] of [
      ['"eth0"', '"eth9"'],
      [ADDRESS, '192.0.2.300'],
    ]) {
      await t.throwsAsync(
        program.run(
          async ({ daemon, load }, [text, good, bad]) => {
            const config = load(text)
            await daemon.reload(JSON.parse(JSON.stringify(config).replaceAll(good, bad)) as typeof config)
          },
          [unusable, from ?? '', to ?? ''] as const,
        ),
        { name: 'KaError', code: 'KA_ERR_CONFIG_UNUSABLE' },
      )
    }
    const { instances } = await program.run(async ({ daemon }) => await daemon.status())
    t.like(instances[0], { state: 'MASTER', priority: 200, statistics: { becameMaster: 1 } })
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    // Not by a stop, at which scripts have a second and no more.
    await lab.unplug('a')
    const told = async (): Promise<string> => await readFile(`${scratch.outside}/first.log`, 'utf8')
    await waitFor('the third state is told', async () => (await told()).split('\n').length > 3, { seen: told })
    t.regex(await told(), /^100\n200\n200\n$|^200\n200\n200\n$/)
    await program.run(async ({ daemon }) => await daemon.stop())
    await t.throwsAsync(readFile(`${scratch.outside}/second.log`), { code: 'ENOENT' })
  }),
)

serialLabTest(
  'await using stops a daemon',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    const dispose = program.run(async ({ ka, load, keep }, conf) => {
      const daemon = await ka.startDaemon({ config: load(conf) })
      while (keep.told === undefined) await new Promise((resolve) => setTimeout(resolve, 50))
      await daemon[Symbol.asyncDispose]()
    }, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    await program.run(({ keep }) => {
      keep.told = ['the end']
    })
    await dispose
    t.deepEqual(await lab.holders(ADDRESS), [])
    await program.waitForThreads()
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a failed start leaves nothing behind, and the next one in the same process works',
  inLab(['a'], async (t, lab) => {
    const file = await writeConf(lab, 'vrrp_instance broken {\n')
    const program = await Program.start(lab.host('a'))
    const attempts: readonly (readonly [string, DaemonOptions, ThrowsExpectation<Error>])[] = [
      ['no file', { configFile: '/run/none.conf' }, { name: 'ConfigError', code: 'KA_ERR_CONFIG_MISSING' }],
      ['a broken file', { configFile: file }, { name: 'ConfigError', code: 'KA_ERR_CONFIG_UNUSABLE' }],
      ['an unusable directory', { runtimeDir: '/dev/null' }, { name: 'KaError', code: 'KA_ERR_ENGINE' }],
      ['an unusable priority', { realtimePriority: 200 }, { name: 'KaError' }],
    ]
    for (const [name, options, error] of attempts) {
      const attempt = program.run(
        async ({ ka, load }, [conf, given]) =>
          void (await ka.startDaemon(given.configFile === undefined ? { config: load(conf), ...given } : given)),
        [CONF, options] as const,
      )
      await t.throwsAsync(attempt, error, name)
    }
    await t.throwsAsync(
      program.run(async ({ ka, load }, conf) => void (await ka.startDaemon({ config: load(conf), configFile: '/run/none.conf' })), CONF),
      { name: 'KaError', code: 'KA_ERR_USAGE' },
    )
    const listeners = async (): Promise<number> => await program.run(() => process.listenerCount('exit'))
    const before = await listeners()
    // Refused by the engine, when its thread runs already.
    await t.throwsAsync(
      program.run(async ({ ka, load }, conf) => {
        const config = load(conf)
        await ka.startDaemon({ config: JSON.parse(JSON.stringify(config).replaceAll('"eth0"', '"eth9"')) as typeof config })
      }, CONF),
      { name: 'KaError', code: 'KA_ERR_CONFIG_UNUSABLE', message: /eth9/ },
    )
    t.is(await listeners(), before)
    await program.waitForThreads()
    t.regex(await lab.host('a').exec(['ls', '/run/ka-native']), /^\d+\.lock\n$/)
    t.deepEqual(await lab.holders(ADDRESS), [])

    await program.run(async ({ start }, conf) => await start(conf), CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    await program.run(async ({ daemon }) => await daemon.stop())
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a stop that could not remove an address rejects, at every call, and so does stopped',
  inLab(['a'], async (t, lab) => {
    const program = await start(lab, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    const codes = await program.run(async ({ native, daemon }) => {
      const prototype = native.Engine.prototype
      const release = Reflect.get(prototype, 'stop')
      // The kernel cannot be made to refuse from here; the engine's own test sees it refuse.
      prototype.stop = async function stop() {
        await release.call(this)
        throw Object.assign(new Error('left behind'), { code: 'KA_ERR_NOT_RELEASED' })
      }
      const code = async (promise: Promise<void>): Promise<unknown> => {
        const error: unknown = await promise.catch((caught: unknown) => caught)
        return error instanceof Error && 'code' in error ? error.code : error
      }
      return [await code(daemon.stop()), await code(daemon.stop()), await code(daemon.stopped)]
    })
    t.deepEqual(codes, ['KA_ERR_NOT_RELEASED', 'KA_ERR_NOT_RELEASED', 'KA_ERR_NOT_RELEASED'])
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'signals: false leaves every handler as it is; signals: true takes them and gives them back',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    const caught = async (): Promise<string | undefined> =>
      /^SigCgt:\s*(\w+)$/m.exec(await lab.host('a').exec(['cat', `/proc/${program.child.pid}/status`]))?.[1]
    const before = await caught()
    await program.run(async ({ start }, conf) => await start(conf), CONF)
    t.is(await caught(), before)
    await program.run(async ({ daemon }) => await daemon.stop())
    await program.run(async ({ start }, conf) => await start(conf, { signals: true }), CONF)
    t.not(await caught(), before)
    await program.run(async ({ daemon }) => await daemon.stop())
    t.is(await caught(), before)
    // With nobody to catch it, the signal does what it does to any program.
    await program.child.signal('SIGTERM')
    t.deepEqual(await program.child.exited, { code: null, signal: 'SIGTERM' })
  }),
)

serialLabTest(
  'the handlers of an embedding service run, and it stops the daemon itself',
  inLab(['a'], async (t, lab) => {
    const program = await start(lab, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    await program.run(({ daemon }) => {
      process.once('SIGTERM', () => {
        void daemon.stop().then(() => process.exit(5))
      })
    })
    await program.child.signal('SIGTERM')
    t.deepEqual(await program.child.exited, { code: 5, signal: null })
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  serialLabTest(
    `README's example gives the address back at ${signal}`,
    inLab(['a'], async (t, lab) => {
      const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
      const example =
        [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code).find((code) => code.includes('startDaemon')) ?? ''
      // So long that the example listens before it is Master, also on a busy machine: six seconds.
      const file = await writeConf(lab, keepalivedConf({ ...ROUTER, advertInt: 2 }))
      const program = example
        .replace("'ka-native'", JSON.stringify(new URL('../../src/index.ts', import.meta.url).href))
        .replace('/etc/keepalived/keepalived.conf', file)
      await writeFile(`${lab.sandbox.scratch.outside}/example.ts`, program)
      const loader = fileURLToPath(import.meta.resolve('@oxc-node/core/register'))
      const command = [process.execPath, `--import=file://${loader}`, `${lab.sandbox.scratch.inside}/example.ts`]
      const child = await lab.host('a').spawn(command)
      await child.waitForLine(/BACKUP -> MASTER/)
      await lab.waitForHolders(ADDRESS, 'a')
      await child.signal(signal)
      t.deepEqual(await child.exited, { code: 0, signal: null })
      t.deepEqual(child.lines('stdout'), ['VI_1 BACKUP -> MASTER', 'VI_1 MASTER -> STOP'])
      t.deepEqual(await lab.holders(ADDRESS), [])
    }),
  )
}

serialLabTest(
  'every reader of events gets all of them, until it returns or the daemon stops',
  inLab(['a'], async (t, lab) => {
    // Readers are told what happens once they are there: until then nothing does.
    await lab.unplug('a')
    const program = await Program.start(lab.host('a'))
    await program.run(async (realm, conf) => {
      await realm.start(conf)
      const { daemon, keep } = realm
      const readers = { first: [] as string[], second: [] as string[], leaving: [] as string[], ended: [] as string[] }
      const read = async (name: 'first' | 'second' | 'leaving', limit: number): Promise<void> => {
        for await (const event of daemon.events()) {
          if (event.type === 'stateChanged') readers[name].push(event.to)
          if (readers[name].length === limit) break
        }
        readers.ended.push(name)
      }
      void read('first', Infinity)
      void read('second', Infinity)
      void read('leaving', 1)
      keep.readers = readers
    }, CONF)
    await lab.plug('a')
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.unplug('a')
    await lab.waitForHolders(ADDRESS)
    await lab.plug('a')
    await lab.waitForHolders(ADDRESS, 'a')
    // The kernel may know before JavaScript was told.
    const left = async (): Promise<string[]> => await program.run(({ keep }) => keep.readers?.['ended'] ?? [])
    await waitFor('one has left', async () => (await left()).length > 0)
    t.deepEqual(await left(), ['leaving'])
    await program.run(async ({ daemon }) => await daemon.stop())
    const seen = await program.run(async ({ keep }) => {
      await new Promise((resolve) => setTimeout(resolve, 0))
      return keep.readers
    })
    const all = ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER', 'STOP']
    t.deepEqual(seen, { first: all, second: all, leaving: ['BACKUP'], ended: ['leaving', 'first', 'second'] })
    t.deepEqual(await program.run(async ({ daemon }) => await daemon.events().next()), { done: true })
  }),
)

serialLabTest(
  'return() detaches a reader that waits, without an event',
  inLab(['a'], async (t, lab) => {
    const program = await start(lab, '')
    const result = await program.run(async ({ daemon }) => {
      const reader = daemon.events()
      const waiting = reader.next()
      const returned = await reader.return?.()
      return { returned, waiting: await waiting, after: await reader.next() }
    })
    t.deepEqual(result, { returned: { done: true }, waiting: { done: true }, after: { done: true } } as unknown as typeof result)
  }),
)

serialLabTest(
  'JavaScript that is blocked while the daemon starts loses no event',
  inLab(['a'], async (t, lab) => {
    // The program reads events from the end of the start on: it must not be Master before, however late that is.
    await lab.unplug('a')
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ native }) => await native.release()) // the addon is loaded
    await program.run(async ({ start, block }, conf) => {
      const started = start(conf)
      // The engine opens meanwhile, and asks for us more than once.
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
      setImmediate(() => block(2_500))
      await started
    }, CONF)
    await lab.plug('a')
    await lab.waitForHolders(ADDRESS, 'a')
    await waitFor(
      'the takeover is told',
      async () =>
        await program.run(
          ({ events, daemon }) => events.some((event) => event.type === 'stateChanged' && event.to === 'MASTER') && daemon !== undefined,
        ),
    )
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
  }),
)

serialLabTest(
  'hooks are told every state, the first and the last one too, and what goes wrong in them concerns nobody',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ keep, start }, text) => {
      const told: string[] = []
      keep.told = told
      await start(text, {
        hookTimeoutMs: 300,
        hooks: {
          onStateChange: async ({ kind, name, from, state, priority, generation }) => {
            told.push(`${generation} ${kind} ${name} ${from} ${state} ${priority}`)
            if (state === 'BACKUP') throw new Error('from a hook')
            if (state === 'MASTER') await new Promise(() => {})
          },
        },
      })
    }, CONF)
    await lab.waitForHolders(ADDRESS, 'a')
    const told = async (): Promise<string[]> => await program.run(({ keep }) => keep.told ?? [])
    await waitFor('both states are told', async () => (await told()).length === 2, { seen: told })
    await program.run(async ({ daemon }) => await daemon.stop())
    t.deepEqual(await told(), ['1 INSTANCE VI_1 INIT BACKUP 200', '2 INSTANCE VI_1 BACKUP MASTER 200', '3 INSTANCE VI_1 MASTER STOP 200'])
    t.deepEqual(await program.end(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a process that exits without a stop leaves no FIFO behind',
  inLab(['a'], async (t, lab) => {
    const fifo = `${lab.sandbox.scratch.inside}/fifo`
    const conf = CONF.replace('{\n', `{\n  vrrp_notify_fifo ${fifo}\n`)
    const program = await start(lab, conf)
    await lab.waitForHolders(ADDRESS, 'a')
    t.is((await lab.sandbox.run(['test', '-p', fifo])).code, 0)
    program.begin(({ native }) => {
      const { prototype } = native.Engine
      const release = Reflect.get(prototype, 'stopNow')
      // Half a second, which an exit gives the engine, may be over on a busy machine before it has had its turn.
      prototype.stopNow = function stopNow() {
        return release.call(this, 60_000)
      }
      process.exit(3)
    })
    t.deepEqual(await program.child.exited, { code: 3, signal: null })
    t.is((await lab.sandbox.run(['test', '-e', fifo])).code, 1)
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a reload that the engine refuses leaves the name and the mask of the process',
  inLab(['a'], async (t, lab) => {
    const program = await start(lab, CONF, { signals: true })
    const read = async (): Promise<string> => await lab.sandbox.exec(['grep', '-E', '^(Name|Umask)', `/proc/${program.child.pid}/status`])
    const before = await read()
    const wanted = CONF.replace('global_defs {', 'global_defs {\n process_name other\n umask 0')
    const refused = program.run(async ({ daemon, load }, conf) => {
      const config = load(conf)
      await daemon.reload(JSON.parse(JSON.stringify(config).replaceAll('"eth0"', '"eth9"')) as typeof config)
    }, wanted)
    await t.throwsAsync(refused, { code: 'KA_ERR_CONFIG_UNUSABLE', message: /eth9/ })
    t.is(await read(), before)
  }),
)
