/** Configurations as data: what is read of them, and what is said about mistakes and where. YAML and JSON files included. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { Diagnostic } from '../../../src/config/diagnostics/diagnostic.ts'
import { startExitCode, testExitCode } from '../../../src/config/diagnostics/exit-code.ts'
import type { ConfigInput } from '../../../src/config/input.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { loadDocument } from '../../../src/config/document/load-document.ts'
import { loadConfigFile } from '../../../src/config/load-file.ts'
import { renderText } from '../../../src/config/diagnostics/render.ts'
import { renderSarif } from '../../../src/config/diagnostics/sarif.ts'
import type { LoadedConfig } from '../../../src/config/written.ts'
import { testHost } from '../fixtures.ts'

const host = testHost()
const scratch = mkdtempSync(join(tmpdir(), 'ka-document-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const INSTANCE = { name: 'VI_1', interface: 'eth0', virtualRouterId: 51, virtualIpaddress: ['10.0.0.1/24'] }

function load(document: unknown): LoadedConfig {
  return loadDocument(document as ConfigInput, { host })
}

/** Errors and warnings as `PLACE CODE`. */
function found({ diagnostics }: LoadedConfig): readonly string[] {
  return [...diagnostics].filter(({ severity }) => severity !== 'info').map((one) => `${placeOf(one)} ${one.code}`)
}

function placeOf({ line, column, property }: Diagnostic): string {
  return line === undefined ? (property ?? '') : `${line}:${column}`
}

async function loadText(name: string, text: string): Promise<LoadedConfig> {
  const file = join(scratch, name)
  writeFileSync(file, text)
  return await loadConfigFile({ file, host })
}

async function rendered(name: string, text: string): Promise<string> {
  const { diagnostics } = await loadText(name, text)
  return renderText(diagnostics).replaceAll(`${scratch}/`, '')
}

test('a document means what a keepalived.conf does', (t) => {
  const text = `global_defs {
  router_id "the router"
  vrrp_garp_master_delay 2
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  advert_int 0.25
  version 3
  nopreempt
  authentication {
    auth_type PASS
    auth_pass "s #3"
  }
  virtual_ipaddress {
    10.0.0.1/24 label eth0:1
    10.0.0.2/24
  }
  notify_master "/usr/bin/true 'one two' three" root
}`
  const document: ConfigInput = {
    globalDefs: { routerId: 'the router', vrrpGarpMasterDelay: 2 },
    vrrpInstances: [
      {
        ...INSTANCE,
        advertInt: 0.25,
        version: 3,
        preempt: false,
        authentication: { authType: 'PASS', authPass: 's #3' },
        virtualIpaddress: ['10.0.0.1/24 label "eth0:1"', { address: '10.0.0.2/24' }],
        notifyMaster: { command: '/usr/bin/true', args: ['one two', 'three'], account: 'root' },
      },
    ],
  }
  const conf = loadConfig({ file: 'keepalived.conf', text, host })
  const loaded = load(document)
  t.deepEqual(JSON.parse(JSON.stringify(loaded.config)), JSON.parse(JSON.stringify(conf.config)))
  t.deepEqual(
    [...loaded.diagnostics].map(({ code, message }) => [code, message]),
    [...conf.diagnostics].map(({ code, message }) => [code, message]),
  )
})

test('a command line is quoted as in keepalived.conf', (t) => {
  const { config, diagnostics } = load({ vrrpInstances: [{ ...INSTANCE, notify: `/usr/bin/true 'one two' "three four" 'it''s' a\\ b` }] })
  t.deepEqual(config.vrrpInstances[0]?.notify?.args, ['one two', 'three four', 'its', 'a b'])
  t.is(diagnostics.count('error'), 0)
})

test('nothing in data is a definition, a reference, a condition, a sequence, a comment or an include', (t) => {
  const names = ['$A=1', '${_PWD}', '@^other', '~SEQ(N,1,3)', '#x', '!x', 'include', 'in clude', '{', '}', '\\', 'é', '']
  const { config, diagnostics } = load({
    vrrpInstances: names.map((name, index) => ({ ...INSTANCE, name, virtualRouterId: index + 1 })),
    vrrpSyncGroups: [{ name: 'SG', group: names }],
  })
  t.deepEqual(
    config.vrrpInstances.map(({ name }) => name),
    names,
  )
  t.deepEqual(config.vrrpSyncGroups[0]?.group, names)
  t.is(diagnostics.count('error'), 0)
})

test('a line of data may be longer than one of a keepalived.conf', (t) => {
  const argument = 'x'.repeat(5000)
  const { config } = load({ vrrpInstances: [{ ...INSTANCE, notify: { command: '/usr/bin/true', args: [argument] } }] })
  t.deepEqual(config.vrrpInstances[0]?.notify?.args, [argument])
})

const MISTAKES: readonly (readonly [what: string, document: unknown, found: readonly string[]])[] = [
  ['a number out of range', { vrrpInstances: [{ ...INSTANCE, priority: 300 }] }, ['vrrpInstances[0].priority value-out-of-range']],
  ['no number', { vrrpInstances: [{ ...INSTANCE, priority: Number.NaN }] }, ['vrrpInstances[0].priority invalid-number']],
  ['a number as text', { vrrpInstances: [{ ...INSTANCE, priority: '100' }] }, ['vrrpInstances[0].priority invalid-property']],
  ['a misspelt property', { vrrpInstances: [{ ...INSTANCE, priorty: 100 }] }, ['vrrpInstances[0].priorty unknown-property']],
  ['a keyword', { vrrpInstances: [{ ...INSTANCE, virtual_router_id: 1 }] }, ['vrrpInstances[0].virtual_router_id unknown-property']],
  ['a name that is no name', { globalDefs: { 'a b': 1 } }, ['globalDefs["a b"] unknown-property']],
  [
    'a property of every object',
    { globalDefs: { constructor: 1 }, toString: 2 },
    ['globalDefs.constructor unknown-property', 'toString unknown-property'],
  ],
  [
    'an unknown option of a line',
    { vrrpInstances: [{ ...INSTANCE, virtualIpaddress: [{ address: '10.0.0.1', device: 'eth0' }] }] },
    ['vrrpInstances[0].virtualIpaddress[0].device unknown-property'],
  ],
  [
    'an unknown part of a command',
    { vrrpInstances: [{ ...INSTANCE, notify: { command: '/usr/bin/true', arg: ['x'] } }] },
    ['vrrpInstances[0].notify.arg unknown-property'],
  ],
  ['one block for a list', { vrrpInstances: INSTANCE }, ['vrrpInstances invalid-property']],
  ['a text for a block', { vrrpInstances: ['VI_1'] }, ['vrrpInstances[0] invalid-property']],
  ['a block without its name', { vrrpInstances: [{ ...INSTANCE, name: undefined }] }, ['vrrpInstances[0] invalid-property']],
  ['a list for an object', { globalDefs: [] }, ['globalDefs invalid-property']],
  [
    'a text for a list',
    { vrrpInstances: [{ ...INSTANCE, virtualIpaddress: '10.0.0.1' }] },
    ['vrrpInstances[0].virtualIpaddress invalid-property', 'vrrpInstances[0] no-address-advertised'],
  ],
  [
    'a bad address',
    { vrrpInstances: [{ ...INSTANCE, virtualIpaddress: ['10.0.0.1', '10.0.0'] }] },
    ['vrrpInstances[0].virtualIpaddress[1] invalid-address'],
  ],
  ['a quote', { globalDefs: { routerId: 'a"b' } }, ['globalDefs.routerId invalid-property']],
  ['a line end', { globalDefs: { routerId: 'a\nb' } }, ['globalDefs.routerId invalid-property']],
  ['a name twice', { vrrpInstances: [INSTANCE, { ...INSTANCE, virtualRouterId: 52 }] }, ['vrrpInstances[1] duplicate-name']],
  ['no VRID', { vrrpInstances: [{ ...INSTANCE, virtualRouterId: undefined }] }, ['vrrpInstances[0] missing-vrid']],
  ['a function', { globalDefs: { routerId: () => 'a' } }, ['globalDefs.routerId invalid-property']],
  ['a symbol', { globalDefs: { routerId: Symbol('a') } }, ['globalDefs.routerId invalid-property']],
  ['a bigint', { vrrpInstances: [{ ...INSTANCE, priority: 100n }] }, ['vrrpInstances[0].priority invalid-property']],
  ['a date', { globalDefs: { routerId: new Date(0) } }, ['globalDefs.routerId invalid-property']],
  ['a map', { globalDefs: new Map() }, ['globalDefs invalid-property']],
  ['a promise', { vrrpInstances: Promise.resolve([]) }, ['vrrpInstances invalid-property']],
  [
    'a property that cannot be read',
    {
      get globalDefs(): never {
        throw new Error('not now')
      },
    },
    ['globalDefs invalid-property'],
  ],
  ['a list', [], [' invalid-property']],
  ['nothing', null, [' invalid-property']],
  ['a hole in a list', { vrrpInstances: Array.from({ length: 1 }) }, ['vrrpInstances[0] invalid-property']],
]

for (const [what, document, expected] of MISTAKES) {
  test(`${what} is reported by its property`, (t) => {
    const loaded = load(document)
    t.deepEqual(found(loaded), expected)
    t.true([...loaded.diagnostics].every(({ file }) => file === 'config'))
  })
}

test('an object in itself is reported where it is', (t) => {
  const document: Record<string, unknown> = { globalDefs: {} }
  document['globalDefs'] = { vrrpGarpMasterDelay: document }
  t.deepEqual(found(load(document)), ['globalDefs.vrrpGarpMasterDelay invalid-property'])
  // Twice the same is not in itself.
  const address = { address: '10.0.0.1' }
  t.deepEqual(found(load({ vrrpInstances: [{ ...INSTANCE, virtualIpaddress: [address] }], staticIpaddress: [address] })), [])
})

test('nesting is bounded, and so is the number of values', (t) => {
  let deep: unknown = 1
  for (let level = 0; level < 100_000; level++) deep = [deep]
  const [first = ''] = found(load({ globalDefs: deep }))
  t.regex(first, /^globalDefs(?:\[0\]){31} invalid-property$/)
  // 3^20 paths through 20 objects.
  let wide: object = {}
  for (let level = 0; level < 20; level++) wide = { a: wide, b: wide, c: wide }
  t.regex([...load(wide).diagnostics][0]?.message ?? '', /more than 4000000 values/)
})

test('a document with a million properties is read', (t) => {
  const virtualIpaddress = Array.from({ length: 100 }, (_, index) => ({
    address: `10.0.${index}.1/24`,
    label: 'eth0:1',
    scope: 'link',
    home: true,
    noprefixroute: true,
  }))
  const instances = Array.from({ length: 2000 }, (_, index) => ({ ...INSTANCE, name: `VI_${index}`, virtualIpaddress }))
  const { config } = load({ vrrpInstances: instances })
  t.is(config.vrrpInstances.length, 2000)
  t.is(config.vrrpInstances[1999]?.virtualIpaddress[99]?.address, '10.0.99.1')
})

test('a mistake shows the property, the line that was made of it, and help', (t) => {
  const { diagnostics } = load({ vrrpInstances: [{ ...INSTANCE, priority: 300 }, INSTANCE], globalDef: {} })
  t.is(
    renderText(diagnostics),
    `config: globalDef: error: unknown property 'globalDef' [unknown-property]
   = help: did you mean \`globalDefs\`?

config: vrrpInstances[0].priority: error: '300' does not fit 'priority' [value-out-of-range]
   | priority 300
   |          ^^^
   = help: expected a whole number from 1 to 255; 100 is used

config: vrrpInstances[1]: error: there is a vrrp_instance 'VI_1' already; this block is ignored [duplicate-name]
   | vrrp_instance VI_1 {
   |               ^^^^
   = help: the first is at config: vrrpInstances[0]
`,
  )
})

test('SARIF names the property', (t) => {
  const { diagnostics } = load({ vrrpInstances: [{ ...INSTANCE, priority: 300 }] })
  const report = JSON.parse(JSON.stringify(renderSarif(diagnostics, { version: '1.0.0', files: ['config'], exitCode: 5 }))) as object
  t.like(report, {
    runs: [
      {
        results: [
          {
            locations: [
              {
                physicalLocation: { artifactLocation: { uri: 'config' } },
                logicalLocations: [{ fullyQualifiedName: 'vrrpInstances[0].priority', kind: 'property' }],
              },
            ],
          },
        ],
      },
    ],
  })
})

test('a wrong type refuses a start, as it was never a configuration; a wrong value does as in keepalived.conf', (t) => {
  const wrongType = load({ vrrpInstances: [{ ...INSTANCE, priority: '1' }] }).diagnostics
  t.deepEqual([testExitCode(wrongType), startExitCode(wrongType)], [5, 2])
  const wrongValue = load({ vrrpInstances: [{ ...INSTANCE, priority: 300 }] }).diagnostics
  t.deepEqual([testExitCode(wrongValue), startExitCode(wrongValue)], [5, 0])
})

test('YAML: mistakes are shown where they stand', async (t) => {
  const text = `# comment
globalDefs:
  vrrpStric: true
vrrpInstances:
  - &first
    name: é VI_1
    interface: eth0
    virtualRouterId: 300
    virtualIpaddress:
      - 10.0.0.1/24 dev eth9
  - { <<: *first, name: VI_2, virtualRouterId: 52, priority: high }
`
  t.is(
    await rendered('places.yaml', text),
    `places.yaml:3:3: error: unknown property 'vrrpStric' [unknown-property]
  3 |   vrrpStric: true
    |   ^^^^^^^^^
    = help: did you mean \`vrrpStrict\`?

places.yaml:11:62: error: 'high' is no value for 'priority' [invalid-property]
  11 |   - { <<: *first, name: VI_2, virtualRouterId: 52, priority: high }
     |                                                              ^^^^
     = help: expected number

places.yaml:8:22: error: '300' does not fit 'virtual_router_id' [value-out-of-range]
  8 |     virtualRouterId: 300
    |                      ^^^
    = help: expected a whole number from 1 to 255

places.yaml:6:5: error: instance 'é VI_1' has no virtual_router_id that counts: see places.yaml:8 [missing-vrid]
  6 |     name: é VI_1
    |     ^^^^
    = help: each instance has \`virtual_router_id\` 1 to 255, the same on all its routers

places.yaml:10:9: error: interface 'eth9' of address 10.0.0.1 does not exist [unknown-interface]
  10 |       - 10.0.0.1/24 dev eth9
     |         ^^^^^^^^^^^^^^^^^^^^
     = help: an interface may be missing at start with \`dynamic_interfaces\` in global_defs

places.yaml:11:7: error: interface 'eth9' of address 10.0.0.1 does not exist [unknown-interface]
  11 |   - { <<: *first, name: VI_2, virtualRouterId: 52, priority: high }
     |       ^^
     = help: an interface may be missing at start with \`dynamic_interfaces\` in global_defs
`,
  )
})

test('JSON: mistakes are shown where they stand, and a schema may be named', async (t) => {
  const text = `{
  "$schema": "./schema.json",
  "vrrpInstances": [
    { "name": "VI_1", "interface": "eth0", "virtualRouterId": 51,
      "priority": 0, "virtualIpaddress": ["10.0.0.1/24"] }
  ]
}`
  t.deepEqual(found(await loadText('places.json', text)), ['5:19 value-out-of-range'])
})

const UNREADABLE: readonly (readonly [name: string, text: string, found: readonly string[]])[] = [
  ['indent.yaml', 'a:\n  - b: 1\n c: 2\n', ['3:1 config-syntax']],
  ['twice.yaml', 'globalDefs: {}\nglobalDefs: {}\n', ['2:1 config-syntax']],
  ['twice-twice.yaml', 'globalDefs:\n  routerId: a\n  routerId: b\nglobalDefs: {}\n', ['3:3 config-syntax', '4:1 config-syntax']],
  ['broken.json', '{ "vrrpInstances": [ { "name": "A" "priority": 3 } ] }', ['1:36 config-syntax']],
  ['alias.yaml', 'globalDefs: *nowhere\n', [' config-syntax']],
  ['tag.yaml', 'globalDefs: !secret x\n', ['1:13 config-syntax']],
  ['documents.yaml', '---\nglobalDefs: {}\n---\n', ['3:1 config-syntax']],
  ['empty.yaml', '', ['1:1 invalid-property']],
  ['binary.yml', 'globalDefs: { routerId: !!binary aGVsbG8= }', ['1:34 invalid-property']],
  ['deep.yaml', '['.repeat(100_000), []],
  ['twice.json', '{"globalDefs": {},\n"globalDefs": {}}', ['2:1 config-syntax']],
  ['comma.json', '{"globalDefs": {},}', [' config-syntax']],
  ['cut.json', '{"globalDefs": {', ['1:17 config-syntax']],
  ['empty.json', '', [' config-syntax']],
  ['text.json', '"globalDefs"', ['1:1 invalid-property']],
]

for (const [name, text, expected] of UNREADABLE) {
  test(`${name}: ${JSON.stringify(text).slice(0, 40)} is no configuration`, async (t) => {
    const loaded = await loadText(name, text)
    if (expected.length > 0) t.deepEqual(found(loaded), expected)
    t.is(testExitCode(loaded.diagnostics), 5)
    t.is(startExitCode(loaded.diagnostics), 2)
  })
}

test('aliases that would multiply are refused', async (t) => {
  const lines = [
    'a0: &a0 [x, x, x, x, x, x, x, x, x]',
    ...Array.from({ length: 8 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}]`),
  ]
  const loaded = await loadText('bomb.yaml', lines.join('\n'))
  t.deepEqual(found(loaded), [' config-syntax'])
})

test('a YAML file that would hold JavaScript up for seconds is refused', async (t) => {
  const loaded = await loadText('large.yaml', `# ${'x'.repeat(4 * 1024 * 1024)}\n`)
  t.deepEqual(found(loaded), [' config-syntax'])
})

test('a JSON file may be larger; its mistakes are then named by property', async (t) => {
  const document = { globalDefs: { routerId: 'x'.repeat(4 * 1024 * 1024) }, vrrpInstances: [{ ...INSTANCE, priority: 300 }] }
  t.deepEqual(found(await loadText('large.json', JSON.stringify(document))), ['vrrpInstances[0].priority value-out-of-range'])
})

test('a file that does not exist, or is a directory, is 4 and 6', async (t) => {
  for (const name of ['none.yaml', 'none.json', 'none.ts']) {
    const { diagnostics } = await loadConfigFile({ file: join(scratch, name), host })
    t.deepEqual([testExitCode(diagnostics), startExitCode(diagnostics), [...diagnostics][0]?.code], [4, 6, 'config-not-found'])
  }
  const { diagnostics } = await loadConfigFile({ file: `${scratch}/.json`, host })
  t.is([...diagnostics][0]?.code, 'config-not-found')
})

test('no form of a mistake shows a secret', async (t) => {
  const secret = 'hunter2x'
  const key = 'k'.repeat(40)
  const texts: Readonly<Record<string, string>> = {
    'a.yaml': `vrrpInstances:\n  - name: A\n    authentication: { authType: PAS, authPass: ${secret} }\n`,
    'b.yaml': `vrrpInstances:\n  - name: A\n    authentication:\n      authType: PASS\n      authPass:\n        - ${secret}\n`,
    'c.yaml': `vrrpInstances:\n  - name: A\n    authHmac:\n      keys:\n        - id: 300\n          value: ${key}${key}\n      mode: x\n`,
    'd.yaml': `vrrpInstances:\n  - name: A\n    authHmac: { keys: [{ id: 1, value: ${key} }], modus: x }\n`,
    'e.yaml': `authentication: { pass: ${secret}\n`,
    'f.json': `{"vrrpInstances":[{"name":"A","authentication":{"authType":"PASS","authPass":"${secret}${secret}"},"priority":300}]}`,
    'g.json': `{"authPass": "${secret}" "x"}`,
    'h.json': `{"vrrpInstances":[{"name":"A","authentication":{"authPass":{"x":"${secret}"}}}]}`,
    'i.yaml': `vrrpInstances:\n  - name: A\n    authentication: { authPass: 12345678, authTyp: PASS }\n`,
    'j.yaml': `vrrpInstances:\n  - name: A\n    authentication:\n      authPass: "${secret}\\"x"\n`,
  }
  for (const [name, text] of Object.entries(texts)) {
    const { diagnostics } = await loadText(name, text)
    t.true(diagnostics.total > 0, name)
    const shown = renderText(diagnostics) + JSON.stringify([...diagnostics])
    for (const hidden of [secret, key, '12345678']) t.false(shown.includes(hidden), `${name}: ${shown}`)
  }
})
