/** What npm would publish, packed and installed into an empty project: the only thing that users get. */
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'

const run = promisify(execFile)

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const CONF = keepalivedConf({ vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: ['192.0.2.200/24'] })

/** The tarballs and the project that they are installed in. */
interface Installation {
  readonly project: string
  /** The files of each package, by its name. */
  readonly files: ReadonlyMap<string, readonly string[]>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

const state: { directory?: string; installation?: Installation } = {}

function installation(): Installation {
  if (state.installation === undefined) throw new Error('nothing was installed')
  return state.installation
}

async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest
}

/** Packs a directory; the path of the tarball and the files in it. */
async function pack(directory: string, destination: string): Promise<{ readonly tarball: string; readonly files: readonly string[] }> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', destination], { cwd: directory })
  const [packed] = JSON.parse(stdout) as { readonly filename: string; readonly files: readonly { readonly path: string }[] }[]
  if (packed === undefined) throw new Error(`npm packed nothing of ${directory}`)
  return { tarball: join(destination, packed.filename), files: packed.files.map(({ path }) => path) }
}

/** The addon in this clone, and the platform it is for. */
async function addon(): Promise<{ readonly file: string; readonly platform: string }> {
  const file = (await readdir(ROOT)).find((name) => /^ka-native\..+\.node$/.test(name))
  if (file === undefined) throw new Error('the addon has not been built')
  return { file, platform: file.slice('ka-native.'.length, -'.node'.length) }
}

test.before('pack and install', async (t) => {
  t.timeout(180_000)
  const directory = await mkdtemp(join(tmpdir(), 'ka-native-package-'))
  state.directory = directory
  // The packages are put together in a copy: no addon ever lies in npm/ of a clone.
  const { file, platform } = await addon()
  const main = join(directory, 'main')
  const prebuilt = join(directory, 'prebuilt')
  await mkdir(main)
  for (const name of await readdir(ROOT)) {
    if (!['.git', 'node_modules', 'target', '.cache'].includes(name)) await cp(join(ROOT, name), join(main, name), { recursive: true })
  }
  await cp(join(ROOT, 'npm', platform), prebuilt, { recursive: true })
  await cp(join(ROOT, file), join(prebuilt, file))

  const packages = [await pack(main, directory), await pack(prebuilt, directory)]
  const project = join(directory, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true }))
  const options = ['--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...options, ...packages.map(({ tarball }) => tarball)], { cwd: project })
  // A test in a network namespace starts it from here.
  await chmod(directory, 0o755)
  const names = ['ka-native', `ka-native-${platform}`]
  state.installation = { project, files: new Map(names.map((name, index) => [name, packages[index]?.files ?? []])) }
})

test.after.always('remove the project', async () => {
  if (state.directory !== undefined) await rm(state.directory, { recursive: true })
})

/** Runs a program of the project. */
async function runInProject(command: string, ...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  try {
    return { code: 0, ...(await run(command, args, { cwd: installation().project })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { readonly code: number; readonly stdout: string; readonly stderr: string }
    return { code, stdout, stderr }
  }
}

/** Writes a file of the project; its path. */
async function write(name: string, text: string): Promise<string> {
  const path = join(installation().project, name)
  await writeFile(path, text)
  return path
}

test('the main package has what it needs and nothing else', (t) => {
  const files = installation().files.get('ka-native') ?? []
  for (const needed of ['package.json', 'index.js', 'index.d.ts', 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js']) {
    t.true(files.includes(needed), needed)
  }
  for (const needed of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) t.true(files.includes(needed), needed)
  const others = files.filter((file) => !file.startsWith('dist/') && !/^(?:package\.json|index\.js|index\.d\.ts|README\.md|LICENSE-\w+)$/.test(file))
  t.deepEqual(others, [])
})

test('the platform package has the addon, for its platform alone', async (t) => {
  const { file, platform } = await addon()
  const name = `ka-native-${platform}`
  const files = installation().files.get(name) ?? []
  t.deepEqual(
    files.filter((path) => path !== 'README.md'),
    [file, 'package.json'],
  )
  const { os, cpu, libc, version } = await readManifest(join(installation().project, 'node_modules', name))
  t.deepEqual({ os, cpu }, { os: ['linux'], cpu: [process.arch] })
  t.deepEqual(libc, [platform.endsWith('musl') ? 'musl' : 'glibc'])
  t.is(version, (await readManifest(ROOT)).version)
})

test('there is a platform package for every target', async (t) => {
  const { napi } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { napi: { targets: string[] } }
  const expected = napi.targets.map((target) => {
    const [arch, , , libc] = target.split('-')
    return `linux-${arch === 'aarch64' ? 'arm64' : 'x64'}-${libc}`
  })
  t.deepEqual((await readdir(join(ROOT, 'npm'))).sort(), expected.sort())
  for (const platform of expected) {
    t.deepEqual((await readdir(join(ROOT, 'npm', platform))).filter((file) => file.endsWith('.node')), [])
  }
})

test('nothing runs when it is installed', async (t) => {
  for (const name of installation().files.keys()) {
    const { scripts = {} } = await readManifest(join(installation().project, 'node_modules', name))
    const atInstall = Object.keys(scripts).filter((script) => /^(?:pre|post)?(?:install|prepare)$/.test(script))
    t.deepEqual(atInstall, [], name)
  }
  const lock = JSON.parse(await readFile(join(installation().project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean }>
  }
  t.deepEqual(Object.keys(lock.packages).filter((path) => lock.packages[path]?.hasInstallScript === true), [], 'nor anything it depends on')
})

test('npx ka-native --version', async (t) => {
  const { version } = await readManifest(ROOT)
  t.deepEqual(await runInProject('npx', '--no-install', 'ka-native', '--version'), { code: 0, stdout: `${version}\n`, stderr: '' })
})

test('npx ka-native check', async (t) => {
  const good = await write('good.conf', CONF.replace('interface eth0', 'interface lo0').replace('global_defs {', 'global_defs {\n  dynamic_interfaces'))
  const { code, stdout } = await runInProject('npx', '--no-install', 'ka-native', 'check', '-f', good, '--format', 'json')
  t.is(code, 0, stdout)
  t.like(JSON.parse(stdout), { file: good, exitCode: 0 })
  const bad = await runInProject('npx', '--no-install', 'ka-native', 'check', '-f', await write('bad.conf', CONF.replace('virtual_router_id', 'virtual_routr_id')))
  t.not(bad.code, 0)
  t.regex(bad.stdout, /did you mean `virtual_router_id`\?/)
  t.is((await runInProject('npx', '--no-install', 'ka-native', 'check', '-f', '/no/such/file')).code, 4)
})

const USE = `
const { config } = loadConfig({ file: 'inline', text: '' })
startDaemon({ configFile: '/no/such/file' }).then(
  () => process.exit(9),
  (error) => console.log(error instanceof KaError, error.code, config.vrrpInstances.length),
)
`

test('import of an ES module', async (t) => {
  const file = await write('use.mjs', `import { KaError, loadConfig, startDaemon } from 'ka-native'\n${USE}`)
  t.deepEqual(await runInProject(process.execPath, file), { code: 0, stdout: 'true KA_ERR_CONFIG_MISSING 0\n', stderr: '' })
})

test('require() of a CommonJS module', async (t) => {
  const file = await write('use.cjs', `const { KaError, loadConfig, startDaemon } = require('ka-native')\n${USE}`)
  t.deepEqual(await runInProject(process.execPath, file), { code: 0, stdout: 'true KA_ERR_CONFIG_MISSING 0\n', stderr: '' })
})

test('the types are those of the API, without anything skipped', async (t) => {
  const types = join(installation().project, 'node_modules/@types')
  await mkdir(types, { recursive: true })
  // What a project of Node in TypeScript has installed anyway.
  await symlink(join(ROOT, 'node_modules/@types/node'), join(types, 'node'))
  await symlink(join(ROOT, 'node_modules/undici-types'), join(types, '../undici-types')).catch(() => {})
  const file = await write(
    'use.mts',
    `import { ConfigError, KaError, startDaemon } from 'ka-native'
import type { Daemon, DaemonStatus, EngineEvent, KaErrorCode, ReloadReport } from 'ka-native'

export async function use(): Promise<KaErrorCode | undefined> {
  try {
    await using daemon: Daemon = await startDaemon({ configFile: 'keepalived.conf', signals: false })
    const status: DaemonStatus = await daemon.status()
    const report: ReloadReport = await daemon.reload()
    for await (const event of daemon.events()) tell(event, status.instances[0]?.state === 'MASTER', report.added + 1)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) for (const { line } of error.diagnostics) console.log(line?.toFixed())
    return error instanceof KaError ? error.code : undefined
  }
}

function tell(event: EngineEvent, isMaster: boolean, count: number): void {
  if (event.type === 'stateChanged') console.log(event.instance, event.to, isMaster, count)
  // @ts-expect-error: there is no such event
  if (event.type === 'nothing') console.log(event)
}
`,
  )
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,esnext.disposable', '--types', 'node']
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  t.deepEqual(await runInProject(tsc, ...options, basename(file)), { code: 0, stdout: '', stderr: '' })
})

serialLabTest(
  'the installed command runs the addon of the platform package: it holds an address, and gives it back',
  inLab(['a'], async (t, lab) => {
    await writeFile(`${lab.sandbox.scratch.outside}/keepalived.conf`, CONF)
    const command = join(installation().project, 'node_modules/.bin/ka-native')
    const child = await lab.host('a').spawn([command, 'start', '-f', `${lab.sandbox.scratch.inside}/keepalived.conf`])
    await lab.waitForHolders('192.0.2.200', 'a')
    const maps = await lab.host('a').exec(['cat', `/proc/${child.pid}/maps`])
    t.regex(maps, new RegExp(`${installation().project}/node_modules/ka-native-[\\w-]+/ka-native\\.[\\w-]+\\.node`))
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
    t.deepEqual(await lab.holders('192.0.2.200'), [])
  }),
)
