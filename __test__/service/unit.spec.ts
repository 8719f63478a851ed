/** The unit file and its environment file. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import test from 'ava'
import { readCommandLine } from '../../src/cli/keepalived/command-line.ts'
import { commandLine } from '../../src/cli/program.ts'

const DIRECTORY = new URL('../../packaging/systemd/', import.meta.url)
const read = async (name: string): Promise<string> => await readFile(new URL(name, DIRECTORY), 'utf8')

/** The settings of a section, several of one name in order. */
function settings(unit: string, section: string): ReadonlyMap<string, readonly string[]> {
  const [, text = ''] = unit.split(`[${section}]\n`)
  const lines = (text.split('\n[')[0] ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const found = new Map<string, string[]>()
  for (const line of lines) {
    const [name = '', ...value] = line.split('=')
    found.set(name, [...(found.get(name) ?? []), value.join('=')])
  }
  return found
}

test('the unit runs the command line of keepalived with the options of the environment files, and waits for its word', async (t) => {
  const service = settings(await read('ka-native.service'), 'Service')
  t.deepEqual(service.get('Type'), ['notify'])
  t.deepEqual(service.get('EnvironmentFile'), ['-/etc/sysconfig/ka-native', '-/etc/default/ka-native'])
  t.deepEqual(service.get('ExecStart'), ['/usr/bin/ka-native --dont-fork $KEEPALIVED_OPTIONS'])
  t.deepEqual(service.get('ExecReload'), ['/bin/kill -HUP $MAINPID'])
  t.deepEqual(service.get('Restart'), ['on-failure'])
  t.true(Number(service.get('WatchdogSec')?.[0]) > 10, 'longer than the engine waits for JavaScript')
})

test('what it runs is there, and takes the options of the example', async (t) => {
  const [, options = ''] = /^KEEPALIVED_OPTIONS="(.*)"$/m.exec(await read('ka-native.default')) ?? []
  const { wanted, problems } = readCommandLine(['--dont-fork', ...options.split(' ')])
  t.deepEqual(problems, [])
  t.is(wanted.kind, 'run')
  const release = settings(await read('ka-native.service'), 'Service').get('ExecStopPost')?.[0] ?? ''
  const names = commandLine(() => false).commands.map((command) => command.name())
  t.true(names.includes(/exec \/usr\/bin\/ka-native (\w+)'$/.exec(release)?.[1] ?? ''))
})

test('what is left behind is released after a failure alone: -V leaves addresses at a stop', async (t) => {
  const [, script = ''] =
    /^\/bin\/sh -c '(.*)'$/.exec(settings(await read('ka-native.service'), 'Service').get('ExecStopPost')?.[0] ?? '') ?? []
  const status = (result: string): number | null =>
    spawnSync('sh', ['-c', script.replaceAll('$$', '$').replace('/usr/bin/ka-native', 'false')], {
      env: { PATH: '/usr/bin:/bin', SERVICE_RESULT: result },
    }).status
  t.is(status('success'), 0)
  t.is(status('signal'), 1)
  t.is(status('watchdog'), 1)
})

test('the capabilities of architecture.md are within the bound', async (t) => {
  const bound =
    settings(await read('ka-native.service'), 'Service')
      .get('CapabilityBoundingSet')
      ?.join(' ')
      .split(' ') ?? []
  for (const capability of ['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_SETUID', 'CAP_SETGID', 'CAP_KILL', 'CAP_SYS_NICE']) {
    t.true(bound.includes(capability), capability)
  }
})

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0
if (!hasAnalyze) console.warn('the unit file is not verified: no systemd-analyze')

;(hasAnalyze ? test : test.skip)('systemd has nothing against it', async (t) => {
  const directory = await mkdtemp(`${tmpdir()}/ka-native-unit-`)
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  // The program need not be installed here.
  const unit = (await read('ka-native.service')).replaceAll('/usr/bin/ka-native', '/bin/true')
  await writeFile(`${directory}/ka-native.service`, unit)
  const env = { ...process.env, SYSTEMD_UNIT_PATH: `${directory}:` }
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', `${directory}/ka-native.service`], {
    env,
    encoding: 'utf8',
  })
  t.deepEqual(
    [
      stdout,
      stderr
        .split('\n')
        .filter((line) => line.includes('ka-native'))
        .join('\n'),
      status,
    ],
    ['', '', 0],
  )
})
