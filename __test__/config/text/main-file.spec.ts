import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { testExitCode } from '../../../src/config/diagnostics/exit-code.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { LoadedConfig } from '../../../src/config/load.ts'
import { testHost } from '../fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-main-file-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

function write(name: string, vrid: number): void {
  writeFileSync(
    join(scratch, name),
    `vrrp_instance V${vrid} {\n interface eth0\n virtual_router_id ${vrid}\n virtual_ipaddress {\n 10.0.0.${vrid}\n }\n}\n`,
  )
}

write('a.conf', 1)
write('b.conf', 2)
write('c[1].conf', 3)
write('c1.conf', 4)
mkdirSync(join(scratch, 'd.conf'))

function load(pattern: string): LoadedConfig {
  return loadConfig({ file: join(scratch, pattern), host: testHost() })
}

function names({ config }: LoadedConfig): string[] {
  return config.vrrpInstances.map(({ name }) => name)
}

test('a pattern that matches one file stands for it', (t) => {
  const loaded = load('a*.conf')
  t.deepEqual([...loaded.diagnostics], [])
  t.deepEqual(loaded.files, [join(scratch, 'a.conf')])
  t.deepEqual(names(loaded), ['V1'])
})

test('a pattern that matches several files reads all of them, with a remark', (t) => {
  const loaded = load('{b,a}.conf')
  t.deepEqual(names(loaded), ['V2', 'V1'])
  const [first, second] = loaded.diagnostics
  t.is(second, undefined)
  t.is(first?.code, 'multiple-files')
  t.is(first?.message, `2 files match: ${scratch}/b.conf, ${scratch}/a.conf; they are read in this order`)
  t.is(testExitCode(loaded.diagnostics), 5)
})

test('a file of that very name is read, whatever its name means as a pattern', (t) => {
  t.deepEqual(names(load('c[1].conf')), ['V3'])
})

test('a pattern that matches nothing is a missing file', (t) => {
  const loaded = load('none*.conf')
  t.deepEqual(
    [...loaded.diagnostics].map(({ code }) => code),
    ['config-not-found'],
  )
  t.is(testExitCode(loaded.diagnostics), 4)
})

test('a name that is not UTF-8 is included', (t) => {
  const name = Buffer.from(`${scratch}/\u00ff.part`, 'latin1')
  writeFileSync(name, 'bogus\n')
  const file = join(scratch, 'including.conf')
  writeFileSync(file, 'include *.part\n')
  const [diagnostic] = loadConfig({ file, host: testHost() }).diagnostics
  t.is(diagnostic?.code, 'unknown-keyword')
  t.is(diagnostic?.file, `${scratch}/\u00ff.part`)
})
