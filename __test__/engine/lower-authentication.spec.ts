import type { InstanceConfig } from '#native'
import test from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { lower } from '../../src/engine/lower.ts'

const KEY = '0123456789abcdef0123456789ABCDEF'

function lowered(body: string, globals = ''): InstanceConfig | undefined {
  const text = `global_defs {
  dynamic_interfaces
  ${globals}
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    192.0.2.200
  }
  ${body}
}
`
  return lower(loadConfig({ file: 'keepalived.conf', text }).config).instances[0]
}

test('a password is the data of PASS, and the key of AH', (t) => {
  const octets = new TextEncoder().encode('s3cret')
  const pass = lowered('authentication {\n auth_type PASS\n auth_pass s3cret\n}')
  t.deepEqual(pass?.authPass, octets)
  t.false(pass !== undefined && 'authAh' in pass)
  const ah = lowered('authentication {\n auth_type AH\n auth_pass s3cret\n}')
  t.deepEqual(ah?.authAh, octets)
  t.false(ah !== undefined && 'authPass' in ah)
})

test('AH does not start as Master', (t) => {
  t.is(lowered('state MASTER\npriority 150\nauthentication {\n auth_type AH\n auth_pass s3cret\n}')?.initialState, 'BACKUP')
})

test('auth_hmac: keys, their use and the defaults', (t) => {
  t.false('authHmac' in (lowered('') ?? {}))
  const zeros = '00'.repeat(32)
  t.deepEqual(lowered(`auth_hmac {\n key 7 ${KEY}\n key 9 hex:${zeros}\n active_key 9\n}`)?.authHmac, {
    keys: [
      { id: 7, key: new TextEncoder().encode(KEY) },
      { id: 9, key: new Uint8Array(32) },
    ],
    activeKey: 9,
    timeWindowS: 5,
    antiReplay: 'time',
    mode: 'enforce',
  })
  const written = `auth_hmac {\n key 7 ${KEY}\n active_key 7\n time_window 42\n anti_replay monotonic\n mode receive-only\n}`
  t.like(lowered(written)?.authHmac, { timeWindowS: 42, antiReplay: 'monotonic', mode: 'receive-only' })
})

test('without its active key there is no auth_hmac', (t) => {
  t.false('authHmac' in (lowered(`auth_hmac {\n key 7 ${KEY}\n active_key 8\n}`) ?? {}))
})

test('the form of checksums, and which keyword counts', (t) => {
  const form = (body: string, globals?: string): InstanceConfig['checksum'] => lowered(`version 3\n${body}`, globals)?.checksum
  t.is(form(''), 'standard')
  t.is(form('v3_checksum_as_v2'), 'no-pseudo-header')
  t.is(form('', 'v3_checksum_as_v2'), 'no-pseudo-header')
  t.is(form('v3_checksum_as_v2 off', 'v3_checksum_as_v2'), 'standard')
  t.is(form('unicast_peer {\n 192.0.2.2\n}\nold_unicast_checksum'), 'old-unicast')
  t.is(form('unicast_peer {\n 192.0.2.2\n}\nold_unicast_checksum never'), 'standard-only')
  t.is(form('v3_checksum_follow_peer'), 'follow-peer')
  t.is(form('', 'v3_checksum_follow_peer'), 'follow-peer')
  t.is(form('v3_checksum_follow_peer false', 'v3_checksum_follow_peer'), 'standard')
  t.is(form('v3_checksum_follow_peer\nv3_checksum_as_v2'), 'follow-peer')
  t.is(lowered('version 3', 'vrrp_mcast_group4 224.0.0.99')?.oldUnicastGroup, '224.0.0.99')
})
