/** Dumps on signals, by the whole program: what can go wrong with the files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Engine, InstanceDetails } from '#native'
import { loadConfig } from '../../src/config/load.ts'
import { Dumper } from '../../src/dump/dumper.ts'
import { KaError } from '../../src/errors.ts'
import type { LvsStatus } from '../../src/lvs/lvs-status.ts'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Daemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { RecordedLog } from '../reload/recorded-log.ts'
import { lvsStatusOf } from './lvs-status.ts'
import { configOf, detailsOf } from './state.ts'

const ADDRESS = '192.0.2.200'
const INSTANCE: InstanceConf = { vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] }
const USR2 = 12
const JSON_SIGNAL = 36

interface Place {
  readonly inside: string
  readonly outside: string
  readonly daemon: Daemon
}

/** @param size of a file system for the dumps */
async function start(lab: Lab<'a'>, instances: readonly InstanceConf[] = [INSTANCE], size = '64m'): Promise<Place> {
  const directory = await lab.sandbox.makeDirectory('a')
  const inside = `${directory.inside}/dumps`
  await lab.sandbox.exec(['mkdir', inside])
  // Before the program starts: a host sees the mounts of before alone.
  await lab.sandbox.exec(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', inside])
  const daemon = await startDaemon(lab, 'a', 'ka-native', keepalivedConf(...instances), { env: { TMPDIR: inside } })
  await daemon.process.waitForLine(/Startup complete/)
  return { inside, outside: `${directory.outside}/dumps`, daemon }
}

async function send(lab: Lab<'a'>, { daemon }: Place, signal: number): Promise<void> {
  await lab.host('a').exec(['sh', '-c', `kill -${signal} ${daemon.process.pid}`])
}

serialLabTest(
  'a full disk leaves the former file, and is said; with room again the next dump is written',
  inLab(['a'], async (t, lab) => {
    const place = await start(
      lab,
      Array.from({ length: 30 }, (_, index) => ({ ...INSTANCE, vrid: index + 1, addresses: [`198.51.100.${index + 1}/32`] })),
      '12k',
    )
    const { daemon, inside, outside } = place
    await writeFile(`${outside}/keepalived.stats`, 'former\n')
    await send(lab, place, USR2)
    await daemon.process.waitForLine(/dump not written, the former file stays: ENOSPC/)
    t.is(await readFile(`${outside}/keepalived.stats`, 'utf8'), 'former\n')
    t.deepEqual(await readdir(outside), ['keepalived.stats'])
    await lab.sandbox.exec(['mount', '-o', 'remount,size=1m', inside])
    await send(lab, place, USR2)
    await waitFor('it is written', async () => (await readFile(`${outside}/keepalived.stats`, 'utf8')).startsWith('VRRP Instance: VI_1\n'))
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a link planted in the directory is replaced, and what it leads to is left alone',
  inLab(['a'], async (t, lab) => {
    const place = await start(lab)
    const { daemon, outside } = place
    await writeFile(`${outside}/victim`, 'precious')
    await symlink('victim', `${outside}/keepalived.json`)
    await send(lab, place, JSON_SIGNAL)
    await waitFor(
      'it is replaced',
      async () =>
        await readlink(`${outside}/keepalived.json`).then(
          () => false,
          () => true,
        ),
    )
    t.is(await readFile(`${outside}/victim`, 'utf8'), 'precious')
    t.true(Array.isArray(JSON.parse(await readFile(`${outside}/keepalived.json`, 'utf8'))))
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a thousand instances are told, and advertise meanwhile',
  inLab(['a'], async (t, lab) => {
    const instances = Array.from({ length: 1_000 }, (_, index) => ({
      ...INSTANCE,
      name: `VI_${index + 1}`,
      vrid: (index % 250) + 1,
      advertInt: 1,
      addresses: [`198.18.${Math.floor(index / 250)}.${(index % 250) + 1}/32`],
      // A group of their own lets more instances than there are identifiers be on one interface.
      extra: [`mcast_dst_ip 224.0.1.${Math.floor(index / 250) + 1}`],
    }))
    const place = await start(lab, instances)
    const { daemon, outside } = place
    await lab.waitForHolders('198.18.3.250', 'a')
    for (const [signal, file] of [
      [JSON_SIGNAL, 'keepalived.json'],
      [USR2, 'keepalived.stats'],
      [10, 'keepalived.data'],
    ] as const) {
      await send(lab, place, signal)
      const text = await waitFor(`${file} is written`, async () => await readFile(`${outside}/${file}`, 'utf8').catch(() => undefined))
      for (const name of ['VI_1', 'VI_500', 'VI_1000']) t.regex(text, new RegExp(`["= ]${name}\\b`), `${file}: ${name}`)
    }
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

/** An engine that describes itself when it is let. */
class HeldEngine {
  readonly waiting: (() => void)[] = []
  readonly zeroed: boolean[] = []
  readonly instances: InstanceDetails[]

  constructor(instances: InstanceDetails[]) {
    this.instances = instances
  }

  async describe(zero: boolean): Promise<unknown> {
    this.zeroed.push(zero)
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve)
    })
    const left = [...this.instances]
    return {
      instances: (limit: number) => left.splice(0, limit),
      interfaces: () => [],
      groups: () => [],
      trackers: () => [],
      engine: undefined,
    }
  }

  /** As what the dumper asks of an engine. */
  get asEngine(): Engine {
    return this as unknown as Engine
  }
}

const NO_SCRIPT = (): undefined => undefined

const CONF = 'vrrp_instance A {\n  interface eth0\n  virtual_router_id 7\n  virtual_ipaddress {\n    192.0.2.1\n  }\n}\n'

test('while a dump is written, others of one kind are one', async (t) => {
  const engine = new HeldEngine([])
  const log = new RecordedLog()
  const dumper = new Dumper({ engine: engine.asEngine, config: () => configOf(''), scripts: NO_SCRIPT }, log.logger)
  const requests = ['json', 'json', 'json', 'stats-and-zero', 'json', 'stats-and-zero'] as const
  for (const request of requests) dumper.request(request)
  for (let count = 1; count <= 3; count += 1) {
    await waitFor(`dump ${count} is begun`, () => engine.waiting.length === count)
    engine.waiting[count - 1]?.()
    // Version 1 has no file without instances, and the counters go to the directory of TMPDIR.
  }
  await dumper.finish(60_000)
  t.deepEqual(engine.zeroed, [false, false, true], 'the one that is written, and one of each kind that waits')
})

test('reading many instances lets the event loop turn, and a stop is no error', async (t) => {
  const config = configOf(CONF)
  const [instance] = config.vrrpInstances
  if (instance === undefined) throw new Error('no instance')
  const engine = new HeldEngine(Array.from({ length: 2_000 }, () => detailsOf(instance)))
  const log = new RecordedLog()
  const state = { turns: 0, isDone: false }
  const dumper = new Dumper({ engine: engine.asEngine, config: () => config, scripts: NO_SCRIPT }, log.logger)
  const text = dumper.text('json')
  await waitFor('it is asked', () => engine.waiting.length === 1)
  engine.waiting[0]?.()
  const turn = (): void => {
    state.turns += 1
    if (!state.isDone) setImmediate(turn)
  }
  setImmediate(turn)
  t.regex(await text, /^\[\{"data":\{"iname":"A"/)
  state.isDone = true
  t.true(state.turns > 2_000 / 64, `${state.turns} turns`)

  const stopped = { describe: async () => await Promise.reject(new KaError('KA_ERR_STOPPED', 'stopped')) }
  const late = new Dumper({ engine: stopped as unknown as Engine, config: () => config, scripts: NO_SCRIPT }, log.logger)
  late.request('stats')
  await log.waitFor(/^dump given up: the daemon stops$/)
  await t.throwsAsync(async () => await late.text('data'), { code: 'KA_ERR_STOPPED' })

  const early = new Dumper({ engine: engine.asEngine, config: () => undefined, scripts: NO_SCRIPT }, log.logger)
  early.request('stats')
  await log.waitFor(/^dump given up: nothing is configured yet$/)
})

test('virtual servers have a file of their own, for which alone their state is read', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ka-dumper-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true })
  })
  const service = 'virtual_server 10.0.1.1 80 {\n  protocol TCP\n  lvs_sched rr\n  lvs_method NAT\n  real_server 10.0.2.1 80 {\n  }\n}\n'
  const path = (file: string): string => join(directory, file)
  const texts = [service, ''].map((text) => `global_defs {\n  state_dump_file ${directory}/\n}\n${text}`)
  const [config, without] = texts.map((text) => loadConfig({ file: 'keepalived.conf', text }).config)
  if (config === undefined || without === undefined) throw new Error('nothing was read')
  const engine = new HeldEngine([])
  const log = new RecordedLog()
  const read = { count: 0, config: without }
  const lvs = async (): Promise<LvsStatus> => {
    read.count += 1
    return await Promise.resolve(lvsStatusOf(read.config))
  }
  const dumper = new Dumper({ engine: engine.asEngine, config: () => read.config, scripts: NO_SCRIPT, lvs }, log.logger)
  const answer = async (): Promise<void> => {
    await waitFor('it is asked', () => engine.waiting.length === 1)
    engine.waiting.shift()?.()
  }
  dumper.request('data')
  await answer()
  await dumper.finish(60_000)
  t.deepEqual(readdirSync(directory).toSorted(), ['keepalived.data', 'keepalived_parent.data'], 'without virtual servers there is none')
  read.config = config
  dumper.request('data')
  await answer()
  await dumper.finish(60_000)
  const written = readFileSync(path('keepalived_check.data'), 'utf8')
  t.regex(written, /^ VS VIP = 10\.0\.1\.1, VPORT = 80$/m)
  t.regex(written, /^   quorum_state_up = 1$/m)
  t.is(read.count, 1)
  const data = dumper.text('data')
  await answer()
  await data
  t.is(read.count, 1)
  const check = dumper.text('check')
  await answer()
  t.is(await check, written)
  t.is(read.count, 2)
})
