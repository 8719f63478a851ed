/** `ka-native explain`: what it finds and what it says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { runExplain } from '../../src/cli/explain.ts'
import { allEntries, LINE_NAME } from '../../src/config/tables/catalogue.ts'
import { ERRORS, NOTES, WARNINGS } from '../../src/config/diagnostics/codes.ts'
import { CODES } from '../../src/config/diagnostics/texts.ts'

/** The entries of `--json`. */
function entriesOf(query: string, block?: string): readonly Readonly<Record<string, unknown>>[] {
  const { output } = runExplain({ query, json: true, ...(block === undefined ? {} : { block }) })
  return (JSON.parse(output) as { readonly entries: readonly Readonly<Record<string, unknown>>[] }).entries
}

test('a keyword of one block is explained in full', (t) => {
  const { output, problem, exitCode } = runExplain({ query: 'nopreempt' })
  t.deepEqual([problem, exitCode], ['', 0])
  t.is(
    output,
    `nopreempt

  Leaves a lower-priority master in place.

  Block     vrrp_instance
  Default   off
  Range     flag; cleared with state MASTER or priority 255
  Status    acted on
  Property  vrrpInstances[].preempt: false
  Related   preempt

  Example
    vrrp_instance VI_1 {
        nopreempt
    }
`,
  )
})

test('a keyword of several blocks is explained shortly, and in full for one of them', (t) => {
  const { output, exitCode } = runExplain({ query: 'weight' })
  t.is(exitCode, 0)
  for (const block of ['vrrp_script', 'track_file', 'virtual_server/real_server']) t.true(output.includes(block), block)
  t.regex(output, /--in BLOCK says more\.\n$/)
  t.false(output.includes('Example'))
  const { output: full } = runExplain({ query: 'weight', block: 'vrrp_script' })
  t.regex(full, /^weight NUMBER \[reverse\]\n/)
  t.regex(full, /Example\n {4}vrrp_script example \{\n/)
})

test('a path may be written with blanks, and without where it starts', (t) => {
  for (const query of ['vrrp_script interval', 'vrrp_script/interval', 'real_server weight', 'real_server/weight']) {
    t.is(entriesOf(query).length, 1, query)
  }
})

test('a word that is known from elsewhere names the keyword', (t) => {
  const { problem, exitCode } = runExplain({ query: 'state_file_location' })
  t.is(problem, "ka-native: there is no keyword 'state_file_location': keepalived's manual misnames it: the keyword is `state_dump_file`\n")
  t.is(exitCode, 1)
  t.regex(runExplain({ query: 'nat_mask' }).problem, /leave the line out/)
})

test('blocks that mean the same by a keyword are explained as one', (t) => {
  const [only, ...others] = entriesOf('brd', 'virtual_ipaddress')
  t.is(others.length, 0)
  t.deepEqual(only?.['blocks'], ['vrrp_instance/virtual_ipaddress'])
  t.deepEqual(
    entriesOf('regex').map(({ blocks }) => blocks),
    [['virtual_server/real_server/HTTP_GET/url', 'virtual_server/real_server/SSL_GET/url']],
  )
})

test('a block is told by its last part', (t) => {
  t.deepEqual(
    entriesOf('weight', 'track_interface').map(({ blocks }) => blocks),
    [['vrrp_sync_group/track_interface', 'vrrp_instance/track_interface']],
  )
})

const FOUND: readonly (readonly [query: string, name: string, property: string | undefined])[] = [
  ['vrrp_instance/priority', 'priority', 'vrrpInstances[].priority'],
  ['vrrp_instance/auth_hmac', 'auth_hmac', 'vrrpInstances[].authHmac'],
  ['advert_int', 'advert_int', 'vrrpInstances[].advertInt'],
  ['router_id', 'router_id', 'globalDefs.routerId'],
  ['virtual_routes', 'virtual_routes', 'vrrpInstances[].virtualRoutes'],
  ['lvs_method type', 'lvs_method type', 'virtualServers[].lvsMethod.type'],
  ['use_vmac group', 'use_vmac group', 'vrrpInstances[].useVmac.group'],
  ['tcpfin', 'lvs_timeouts tcpfin', 'globalDefs.lvsTimeouts.tcpfin'],
  ['rr', 'lvs_sched rr', undefined],
  ['-nodad', '-nodad', undefined],
  ['include', 'include', undefined],
  ['~SEQ', '~SEQ', undefined],
  ['~SEQ(N, 1, 3)', '~SEQ', undefined],
  ['${_ENV HOME}', '_ENV', undefined],
  ['$ADDRESS=1', '$NAME=', undefined],
  ['$ADDRESS', '$NAME', undefined],
  ['@router1', '@ID', undefined],
  ['@^router1', '@^ID', undefined],
  ['#', '#', undefined],
]

for (const [query, name, property] of FOUND) {
  test(`'${query}' is ${name}`, (t) => {
    const entries = entriesOf(query)
    t.true(entries.length > 0)
    t.true(entries.every((entry) => entry['name'] === name))
    if (property !== undefined) t.is(entries[0]?.['property'], property)
  })
}

test('a block tells its keywords, a line its options', (t) => {
  const [instance] = entriesOf('vrrp_instance')
  const keywords = instance?.['keywords']
  t.true(Array.isArray(keywords) && keywords.includes('advert_int'))
  t.deepEqual(instance?.['options'], [])
  const { output } = runExplain({ query: 'unicast_peer' })
  t.regex(output, /Options\n {4}ADDRESS \[min_ttl N\] \[max_ttl N\]\n/)
  t.regex(output, /\n {4}min_ttl NUMBER\n/)
})

test('what is not acted on is said', (t) => {
  t.regex(runExplain({ query: 'use_vmac', block: 'vrrp_instance' }).output, /Status +(?:not yet: |acted on)/)
  t.regex(runExplain({ query: 'namespace_with_ipsets' }).output, /Status +accepted, no effect here: such kernels do not run it\n/)
})

test('the default of an instance names the setting for all instances', (t) => {
  t.deepEqual(entriesOf('garp_master_delay')[0]?.['related'], ['vrrp_garp_master_delay in global_defs'])
})

test('a misspelt keyword: suggestions and status 1', (t) => {
  const { output, problem, exitCode } = runExplain({ query: 'virtual_routr_id' })
  t.deepEqual([output, exitCode], ['', 1])
  t.regex(problem, /^ka-native: there is no keyword or code 'virtual_routr_id'; did you mean 'virtual_router_id'/)
  const json = runExplain({ query: 'virtual_routr_id', json: true })
  t.is(json.exitCode, 1)
  t.like(JSON.parse(json.output), { entries: [], suggestions: { 0: 'virtual_router_id' } })
})

test('a word that is like nothing', (t) => {
  t.deepEqual(runExplain({ query: '\u001b[31mnothing like it' }), {
    output: '',
    problem: "ka-native: there is no keyword or code '\u{fffd}[31mnothing like it'\n",
    exitCode: 1,
  })
})

test('a misspelt block, and a keyword of another block', (t) => {
  t.is(
    runExplain({ query: 'priority', block: 'vrrp_instnce' }).problem,
    "ka-native: there is no block 'vrrp_instnce'; did you mean 'vrrp_instance'?\n",
  )
  t.is(
    runExplain({ query: 'virtual_router_id', block: 'global_defs' }).problem,
    "ka-native: 'virtual_router_id' is not in global_defs, but in vrrp_instance\n",
  )
})

test('a diagnostic code', (t) => {
  const { output, exitCode } = runExplain({ query: 'missing-vrid' })
  t.is(exitCode, 0)
  t.regex(output, /^missing-vrid\n\n {2}An instance has no `virtual_router_id`/)
  t.regex(output, /\n {2}Start +refused, and so is a reload\n/)
  const { code } = JSON.parse(runExplain({ query: 'old-spelling', json: true }).output) as { readonly code: object }
  t.like(code, { code: 'old-spelling', severity: 'info', refusesStart: false })
})

test('every name can be explained', (t) => {
  for (const { name, path, described } of allEntries()) {
    if (name === LINE_NAME) continue
    const { exitCode, output } = runExplain({ query: name, block: path })
    t.is(exitCode, 0, `${path} ${name}`)
    t.true(output.includes(described.meaning.split(' ')[0] ?? ''), `${path} ${name}`)
  }
})

test('every code is described, and nothing else', (t) => {
  t.deepEqual(
    CODES.map(({ code }) => code),
    [...Object.keys(ERRORS), ...Object.keys(WARNINGS), ...Object.keys(NOTES)],
  )
  const names = new Set(allEntries().map(({ name }) => name))
  for (const { code, meaning, remedy } of CODES) {
    t.regex(meaning, /^(?:[A-Z`$]|keepalived).*\.$/s, code)
    t.regex(remedy, /^(?:[A-Z`$]|keepalived).*\.$/s, code)
    t.false(names.has(code), `${code} is a keyword too`)
  }
})

test('the pages of known traps and the codes refer to each other', (t) => {
  const folder = new URL('../../docs/lint/', import.meta.url)
  for (const { remedy } of CODES) {
    for (const [, page = ''] of remedy.matchAll(/docs\/lint\/([\w-]+\.md)/g)) t.true(existsSync(new URL(page, folder)), page)
  }
  const pages = readdirSync(folder).filter((name) => name !== 'README.md')
  for (const page of pages) {
    const code = CODES.find((entry) => `${entry.code}.md` === page)
    t.true(code?.remedy.includes(`docs/lint/${page}`), page)
    t.true(readFileSync(new URL(page, folder), 'utf8').startsWith(`# ${code?.code}:`), page)
  }
})
