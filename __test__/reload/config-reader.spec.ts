import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import type { Config } from '../../src/config/model.ts'
import { ConfigReader } from '../../src/reload/config-reader.ts'
import { SavedConfig } from '../../src/reload/saved-config.ts'
import { RecordedLog } from './recorded-log.ts'

interface Bench {
  readonly directory: string
  readonly file: string
  readonly log: RecordedLog
  readonly reader: ConfigReader
  /** Reads again; whether the reload began. */
  readonly again: (inEffect: Config) => Promise<{ readonly config: Config | undefined; readonly hasBegun: boolean }>
}

async function bench(t: ExecutionContext, text: (directory: string) => string, name = 'keepalived.conf'): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'ka-reader-'))
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  const file = join(directory, name)
  await writeFile(file, text(directory))
  const log = new RecordedLog()
  const reader = new ConfigReader({ configFile: file }, new SavedConfig(log.logger), log.logger)
  const again: Bench['again'] = async (inEffect) => {
    const state = { hasBegun: false }
    const begin = (): void => {
      state.hasBegun = true
    }
    const config = await reader.again(inEffect, undefined, begin).catch(() => undefined)
    return { config, ...state }
  }
  return { directory, file, log, reader, again }
}

function globals(...lines: readonly string[]): string {
  return `global_defs {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
}

// Its mask is that of the whole process.
test.serial('the file is marked while it is read, and only then', async (t) => {
  // The program of the configuration looks itself.
  const program = (directory: string): string => `
    import { existsSync, statSync } from 'node:fs'
    const mark = '${directory}/mark'
    const seen = existsSync(mark) ? (statSync(mark).mode & 0o777).toString(8) : 'none'
    export default { globalDefs: { reloadFile: mark, routerId: seen } }
  `
  const { directory, reader, again } = await bench(t, program, 'ka-native.config.mjs')
  await writeFile(join(directory, 'mark'), 'left by a process that was killed', { mode: 0o600 })
  const before = process.umask(0o177)
  t.teardown(() => process.umask(before))
  const first = await reader.first()
  t.is(first.globalDefs.routerId, '600', 'at a start its name is not known before')
  t.deepEqual(await readdir(directory), ['ka-native.config.mjs'])
  const { config } = await again(first)
  t.is(config?.globalDefs.routerId, '644')
  t.deepEqual(await readdir(directory), ['ka-native.config.mjs'])
})

test('a mark that cannot be made is said, and the file is read all the same', async (t) => {
  const { log, reader, again } = await bench(t, (directory) => globals(`reload_file ${directory}/missing/mark`))
  const { config, hasBegun } = await again(await reader.first())
  t.true(hasBegun)
  t.not(config, undefined)
  t.true(log.lines.some((line) => line.startsWith('reload_file: ENOENT')))
})

test('a check refuses warnings too, and says why in its file', async (t) => {
  const { directory, file, log, reader, again } = await bench(t, (path) => globals(`reload_check_config ${path}/log`))
  const inEffect = await reader.first()
  await writeFile(join(directory, 'log'), 'of a former check')
  await writeFile(file, globals('nonsense'))
  t.deepEqual(await again(inEffect), { config: undefined, hasBegun: false })
  t.regex(await readFile(join(directory, 'log'), 'utf8'), /nonsense/)
  t.deepEqual(
    log.lines.filter((line) => /^(validate|New)/.test(line)),
    ['validate conf before Reload', `New config failed validation, see ${directory}/log for details`],
  )
  await writeFile(file, globals('router_id two'))
  const { config, hasBegun } = await again(inEffect)
  t.true(hasBegun)
  t.is(config?.globalDefs.routerId, 'two')
  t.is(await readFile(join(directory, 'log'), 'utf8'), '')
})

test('without a check a file with mistakes is taken as far as it goes, and one that is gone is not', async (t) => {
  const { file, log, reader, again } = await bench(t, () => globals('router_id one'))
  const inEffect = await reader.first()
  await writeFile(file, globals('nonsense', 'router_id two'))
  t.is((await again(inEffect)).config?.globalDefs.routerId, 'two')
  await rm(file)
  t.deepEqual(await again(inEffect), { config: undefined, hasBegun: true })
  t.deepEqual(log.lines.slice(-2), [`Config files missing '${file}'.`, 'Failed to open configuration file'])
})

test('what was read is saved as one file, with its definitions and secrets', async (t) => {
  const text = (directory: string): string => `# a comment
$PASSWORD=secret
include ${directory}/more
${globals('dynamic_interfaces', `config_save_dir ${directory}/saved`)}
vrrp_instance A {
  interface absent0
  virtual_router_id 7   ! another one
  authentication {
    auth_type PASS
    auth_pass $PASSWORD
  }
}
`
  const { directory, file, reader, again } = await bench(t, text)
  await writeFile(join(directory, 'more'), globals('router_id included'))
  const config = await reader.first()
  await again(config)
  const saved = join(directory, 'saved')
  t.is((await stat(saved)).mode & 0o777, 0o700)
  const names = (await readdir(saved)).toSorted()
  t.deepEqual(names, [`keepalived.conf.${process.pid}.0`, `keepalived.conf.${process.pid}.1`])
  const path = join(saved, names[0] ?? '')
  t.is((await stat(path)).mode & 0o777, 0o600)
  const content = await readFile(path, 'utf8')
  t.true(content.startsWith(`# ${file}\n`))
  t.regex(content, /\n {4}router_id included\n/)
  t.regex(content, /\n {8}auth_pass secret\n/)
  t.notRegex(content, /comment|PASSWORD|another/)
})

test('a directory that cannot be written to is said, and keeps nothing from being read', async (t) => {
  const { log, reader } = await bench(t, (directory) => globals(`config_save_dir ${directory}/keepalived.conf`))
  await reader.first()
  t.true(log.lines.some((line) => line.startsWith('not saved in config_save_dir: ')))
})
