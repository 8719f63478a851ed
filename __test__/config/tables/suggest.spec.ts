import test from 'ava'
import { nearest } from '../../../src/config/diagnostics/spelling.ts'
import { blocksWith, keywordsOf } from '../../../src/config/tables/suggest.ts'

const CASES: readonly (readonly [word: string, block: string, meant: string | undefined])[] = [
  ['vrrp_instnace', '/', 'vrrp_instance'],
  ['virtual_routr_id', 'vrrp_instance', 'virtual_router_id'],
  ['virtual-router-id', 'vrrp_instance', 'virtual_router_id'],
  ['Priority', 'vrrp_instance', 'priority'],
  ['advert_interval', 'vrrp_instance', 'advert_int'],
  ['auth_pas', 'vrrp_instance/authentication', 'auth_pass'],
  ['completely_different', 'vrrp_instance', undefined],
  ['x', 'vrrp_instance', undefined],
  ['y'.repeat(1000), 'vrrp_instance', undefined],
]

for (const [word, block, meant] of CASES) {
  test(`${word.slice(0, 20)} in ${block} is taken for ${meant ?? 'nothing'}`, (t) => {
    t.is(nearest(word, keywordsOf(block)), meant)
  })
}

test('a keyword names the blocks it belongs in', (t) => {
  t.deepEqual(blocksWith('virtual_router_id'), ['vrrp_instance'])
  t.deepEqual(blocksWith('router_id'), ['global_defs'])
  t.deepEqual(blocksWith('no_such_keyword'), [])
  t.deepEqual(blocksWith('constructor'), [])
})
