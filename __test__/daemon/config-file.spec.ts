import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import pino from 'pino'
import { readConfig, takeConfig } from '../../src/daemon/config-file.ts'
import { startDaemon } from '../../src/daemon/daemon.ts'
import { ConfigError } from '../../src/errors.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-config-file-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

test('conditional lines are for the configuration id that is given', async (t) => {
  const file = join(scratch, 'keepalived.conf')
  writeFileSync(file, 'global_defs {\n@one router_id first\n@two router_id second\n}\n')
  const log = pino({ level: 'silent' })
  t.is((await readConfig(file, log, { configId: 'one' })).globalDefs.routerId, 'first')
  t.is((await readConfig(file, log, { configId: 'two' })).globalDefs.routerId, 'second')
})

test('a file in TypeScript, YAML or JSON is read as what its name says', async (t) => {
  const log = pino({ level: 'silent' })
  const texts = {
    'a.ts': "export default { globalDefs: { routerId: 'a' as string } }",
    'b.yaml': 'globalDefs:\n  routerId: b\n',
    'c.json': '{"globalDefs":{"routerId":"c"}}',
  }
  for (const [name, text] of Object.entries(texts)) {
    const file = join(scratch, name)
    writeFileSync(file, text)
    t.is((await readConfig(file, log)).globalDefs.routerId, name.charAt(0))
  }
})

test('a configuration made by a program is read like a file, and what is wrong with it is logged', (t) => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  t.is(takeConfig({ globalDefs: { routerId: 'a', vrrpDownTimerAdverts: 0 } }, log).globalDefs.routerId, 'a')
  t.is(lines.length, 1)
  t.like(JSON.parse(lines[0] ?? ''), {
    code: 'value-out-of-range',
    file: 'config',
    property: 'globalDefs.vrrpDownTimerAdverts',
    msg: "config: globalDefs.vrrpDownTimerAdverts: '0' does not fit 'vrrp_down_timer_adverts'",
  })
  // One that is complete is taken as it is.
  const config = takeConfig({}, log)
  t.is(takeConfig(config, log), config)
})

test('a daemon refuses a configuration with its mistakes, and one that is wrong as a file does', async (t) => {
  const error = await t.throwsAsync(startDaemon({ config: { vrrpInstances: [{ name: 'A' }] } }), { instanceOf: ConfigError })
  t.is(error.code, 'KA_ERR_CONFIG_UNUSABLE')
  t.deepEqual(
    [...error.diagnostics].filter(({ refusesStart }) => refusesStart).map(({ code, property }) => [code, property]),
    [
      ['missing-interface', 'vrrpInstances[0]'],
      ['missing-vrid', 'vrrpInstances[0]'],
    ],
  )
})
