import test from 'ava'
import type { EngineOptions } from '#native'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { refusalOfChange, type Started } from '../../src/daemon/fixed-settings.ts'

const ENGINE: EngineOptions = { signals: false }

function started(config: Config | undefined, engineOptions = ENGINE): Started {
  return { options: {}, engineOptions, config }
}

function configOf(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text }).config
}

const BASE = configOf('global_defs {\n  router_id one\n}\n')

const CHANGES: readonly (readonly [string, string])[] = [
  ['net_namespace other\n', 'network namespace'],
  ['net_namespace_ipvs other\n', 'IPVS network namespace'],
  ['global_defs {\n  disable_local_igmp\n}\n', 'disable_local_igmp'],
  ['global_defs {\n  tmp_config_directory /tmp\n}\n', 'config_directory'],
  ['global_defs {\n  nftables other\n}\n', 'nftables table name'],
  ['global_defs {\n  nftables_ipvs other\n}\n', 'IPVS nftables table name'],
]

for (const [text, name] of CHANGES) {
  test(`${name}: a change is refused, whether it comes or goes`, (t) => {
    const changed = configOf(text)
    const sentence = `Cannot change ${name} at a reload - please restart ka-native`
    t.is(refusalOfChange(started(BASE), changed), sentence)
    t.is(refusalOfChange(started(changed), BASE), sentence)
    t.is(refusalOfChange(started(changed), configOf(text)), undefined)
  })
}

test('the instance name is that of the engine', (t) => {
  const other = { ...BASE, instance: 'other' }
  t.is(refusalOfChange(started(BASE), other), 'Cannot change instance name at a reload - please restart ka-native')
  t.is(refusalOfChange(started(BASE, { ...ENGINE, instanceName: 'other' }), other), undefined)
})

test('before there is a configuration nothing changes, and other settings may', (t) => {
  t.is(refusalOfChange(started(undefined), configOf('net_namespace other\n')), undefined)
  t.is(refusalOfChange(started(BASE), configOf('global_defs {\n  router_id two\n}\n')), undefined)
})
