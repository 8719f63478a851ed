import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { V3_IPV4 } from '../lab/protocols.ts'
import { Installation } from './installation.ts'

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

/** Correct on every machine, whether or not it has an eth0. */
const CONF = keepalivedConf({ ...V3_IPV4.router, priority: 100 }).replace('global_defs {', 'global_defs {\n  dynamic_interfaces')

const installation = await Installation.make()
test.after.always(async () => installation.remove())

test('the packages hold what runs, the licences, and nothing else', (t) => {
  const { main, platform } = installation
  t.deepEqual([main.name, platform.name.replace(/-linux-.*/, '')], ['ka-native', 'ka-native'])
  t.deepEqual(main.files.filter((path) => !/^dist\/.*\.(?:d\.ts|js)$/.test(path)).toSorted(), [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'LICENSE-PCRE2',
    'README.md',
    'index.d.ts',
    'index.js',
    'package.json',
    'packaging/systemd/ka-native.default',
    'packaging/systemd/ka-native.service',
    'schema.json',
  ])
  t.deepEqual(platform.files.filter((path) => path.endsWith('.node')).length, 1)
})

test('no package runs a script when it is installed', async (t) => {
  for (const { name } of [installation.main, installation.platform]) {
    const text = await readFile(installation.path('node_modules', name, 'package.json'), 'utf8')
    const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> }
    t.deepEqual(
      Object.keys(scripts).filter((script) => /^(?:pre|post)?install$|^prepare$/.test(script)),
      [],
    )
  }
  const lock = JSON.parse(await readFile(installation.path('package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>
  }
  const scripted = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)
  t.deepEqual(scripted, [], 'nor does anything they depend on')
})

test('there is a platform package for every target, and no addon in any of them', async (t) => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const { napi } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as { napi: { targets: string[] } }
  const platforms = napi.targets.map((target) => {
    const [arch, , , libc] = target.split('-')
    return `linux-${arch === 'aarch64' ? 'arm64' : 'x64'}-${libc}`
  })
  t.deepEqual((await readdir(`${root}npm`)).toSorted(), platforms.toSorted())
  for (const platform of platforms)
    t.false(
      (await readdir(`${root}npm/${platform}`)).some((file) => file.endsWith('.node')),
      platform,
    )
})

test('ka-native --version', async (t) => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  const { stdout } = await installation.kaNative('--version')
  t.is(stdout, `${version}\n`)
})

test('ka-native check', async (t) => {
  const file = installation.path('keepalived.conf')
  await writeFile(file, CONF)
  await t.notThrowsAsync(installation.kaNative('check', '-f', file))
  const wrong = installation.path('wrong.conf')
  await writeFile(wrong, 'vrrp_instance VI_1 {\n  virtual_ruter_id 5\n}\n')
  const error = await t.throwsAsync<Error & { code: number; stdout: string }>(installation.kaNative('check', '-f', wrong))
  t.is(error?.code, 5)
  t.regex(error?.stdout ?? '', /did you mean .virtual_router_id/)
})

test('import and require give the same startDaemon, and the addon loads', async (t) => {
  const program = `
    import { createRequire } from 'node:module'
    import { startDaemon } from 'ka-native'
    const required = createRequire(import.meta.url)('ka-native')
    // Gets as far as the engine, which refuses this directory.
    const error = await startDaemon({ configFile: 'start.conf', runtimeDir: '/proc/no-such' }).catch((error) => error)
    console.log(JSON.stringify({ same: required.startDaemon === startDaemon, code: error.code }))`
  await writeFile(installation.path('start.conf'), CONF)
  const { stdout } = await installation.run(process.execPath, '--input-type=module', '--eval', program)
  const { same, code } = JSON.parse(stdout) as { same: boolean; code: string }
  t.true(same)
  t.true(['KA_ERR_ENGINE', 'KA_ERR_PERMISSION'].includes(code), code)
})

test('the types of the package compile in a strict project', async (t) => {
  await writeFile(
    installation.path('consumer.mts'),
    `import { startDaemon, type Daemon, type DaemonEvent } from 'ka-native'
     export async function watch(): Promise<DaemonEvent | undefined> {
       const daemon: Daemon = await startDaemon({ configFile: 'keepalived.conf', signals: false })
       for await (const event of daemon.events()) return event
       await daemon.stop()
       return undefined
     }
     // @ts-expect-error: options are checked
     void startDaemon({ configFil: 'keepalived.conf' })`,
  )
  const types = fileURLToPath(new URL('../../node_modules/@types', import.meta.url))
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,esnext.disposable',
    '--typeRoots',
    types,
  ]
  await t.notThrowsAsync(
    installation
      .run(process.execPath, TSC, ...options, '--types', 'node', 'consumer.mts')
      .catch((error: { stdout: string }) => Promise.reject(new Error(error.stdout))),
  )
})

labTest(
  'the installed command is Master with the addon of the platform package, and gives the address back',
  inLab(['a'], async (t, lab) => {
    const { scratch } = lab.sandbox
    await writeFile(`${scratch.outside}/keepalived.conf`, CONF)
    const command = installation.path('node_modules/.bin/ka-native')
    const child = await lab.host('a').spawn([command, 'start', '-f', `${scratch.inside}/keepalived.conf`])
    await lab.waitForHolders(V3_IPV4.address, 'a')
    const maps = await lab.host('a').exec(['cat', `/proc/${child.pid}/maps`])
    t.true(maps.includes(installation.path('node_modules', installation.platform.name)))
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
    t.deepEqual(await lab.holders(V3_IPV4.address), [])
  }),
)
