import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from './fixtures.ts'
import { ALL_PARTS, configuredParts, onlyParts } from '../../src/config/parts.ts'

const TEXT = `vrrp_instance V {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    192.0.2.1
  }
}
virtual_server 192.0.2.9 80 {
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  real_server 192.0.2.8 80 {
  }
}
bfd_instance B {
  neighbor_ip 192.0.2.7
}
`
const { config } = loadConfig({ file: 'keepalived.conf', text: TEXT, host: testHost() })

test('a configuration has the parts that it says something of', (t) => {
  t.deepEqual(configuredParts(config), ALL_PARTS)
  t.deepEqual(configuredParts(loadConfig({ file: 'keepalived.conf', text: '' }).config), { vrrp: false, checkers: false, bfd: false })
})

for (const part of ['vrrp', 'checkers', 'bfd'] as const) {
  test(`${part} can be left out, and nothing else is`, (t) => {
    const parts = { ...ALL_PARTS, [part]: false }
    const left = onlyParts(config, parts)
    t.deepEqual(configuredParts(left), parts)
    t.deepEqual(left.globalDefs, config.globalDefs)
  })
}

test('all parts leave everything as it is', (t) => {
  t.deepEqual(onlyParts(config, ALL_PARTS), config)
})

test('virtual routers alone neither flush the table of services nor set its timeouts, which belong to another process', (t) => {
  const text = `global_defs {
  lvs_flush
  lvs_flush_on_stop
  lvs_timeouts tcp 100
  lvs_sync_daemon eth0 inst V
}
${TEXT}`
  const { globalDefs } = onlyParts(loadConfig({ file: 'keepalived.conf', text, host: testHost() }).config, {
    ...ALL_PARTS,
    checkers: false,
  })
  const { lvsFlush, lvsFlushOnStop, lvsTimeouts, lvsSyncDaemon } = globalDefs
  t.deepEqual({ lvsFlush, lvsFlushOnStop, lvsTimeouts }, { lvsFlush: false, lvsFlushOnStop: undefined, lvsTimeouts: undefined })
  t.is(lvsSyncDaemon?.instance, 'V')
})
