import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { dumpPath, temporaryDirectory } from '../../src/dump/path.ts'
import type { DumpFile } from '../../src/dump/path.ts'

function configOf(top: string, ...settings: readonly string[]): Config {
  const text = `${top}\nglobal_defs {\n${settings.map((line) => `  ${line}\n`).join('')}}\n`
  return loadConfig({ file: 'keepalived.conf', text }).config
}

function paths(config: Config): string[] {
  return (['data', 'parent', 'stats', 'json'] satisfies DumpFile[]).map((file) => dumpPath(file, config, '/T'))
}

test('by default they are in the temporary directory under their names', (t) => {
  t.deepEqual(paths(configOf('')), ['/T/keepalived.data', '/T/keepalived_parent.data', '/T/keepalived.stats', '/T/keepalived.json'])
})

test('a path replaces name and directory, a relative one the name, and one that ends with a slash the directory', (t) => {
  const data = (path: string): string[] => paths(configOf('', `state_dump_file ${path}`)).slice(0, 2)
  t.deepEqual(data('/run/state.txt'), ['/run/state.txt', '/run/state_parent.txt'])
  t.deepEqual(data('/run/state'), ['/run/state', '/run/state_parent'])
  t.deepEqual(data('/run/a.b.c'), ['/run/a.b.c', '/run/a.b_parent.c'])
  t.deepEqual(data('state.txt'), ['/T/state.txt', '/T/state_parent.txt'])
  t.deepEqual(data('/run.d/'), ['/run.d/keepalived.data', '/run.d/keepalived_parent.data'])
  t.deepEqual(data('inner/'), ['/T/inner/keepalived.data', '/T/inner/keepalived_parent.data'])
  const other = configOf('', 'stats_dump_file /run/s', 'json_dump_file /run/json/')
  t.deepEqual(paths(other).slice(2), ['/run/s', '/run/json/keepalived.json'])
})

test('the state has the names of network namespace and instance where it is told to', (t) => {
  const named = (top: string): string[] => paths(configOf(top, 'data_use_instance'))
  t.deepEqual(named('instance foo'), [
    '/T/keepalived.foo.data',
    '/T/keepalived_parent.foo.data',
    '/T/keepalived.stats',
    '/T/keepalived.json',
  ])
  t.is(named('net_namespace nsx')[0], '/T/keepalived.nsx.data')
  t.is(named('net_namespace nsx\ninstance foo')[1], '/T/keepalived_parent.nsx_foo.data')
  t.is(named('')[0], '/T/keepalived.data')
  t.is(paths(configOf('instance foo'))[0], '/T/keepalived.data')
})

test('the dump of checkers is beside that of the state', (t) => {
  const path = (top: string, ...settings: readonly string[]): string => dumpPath('check', configOf(top, ...settings), '/T')
  t.is(path(''), '/T/keepalived_check.data')
  t.is(path('', 'state_dump_file /run/state.txt'), '/run/state_check.txt')
  t.is(path('instance foo', 'data_use_instance'), '/T/keepalived_check.foo.data')
})

test('TMPDIR counts where it is a directory with an absolute path', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ka-path-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true })
  })
  writeFileSync(join(directory, 'file'), '')
  t.is(temporaryDirectory({ TMPDIR: directory }), directory)
  for (const other of ['', 'relative', join(directory, 'missing'), join(directory, 'file')])
    t.is(temporaryDirectory({ TMPDIR: other }), '/tmp')
  t.is(temporaryDirectory({}), '/tmp')
})
