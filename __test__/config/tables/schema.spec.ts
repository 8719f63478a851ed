/** schema.json: which documents it takes. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import test from 'ava'
import { toDocument } from '../../../src/config/document/document.ts'
import { ROOT } from '../../../src/config/keywords/root.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { fixtures, testHost } from '../fixtures.ts'

const schema = JSON.parse(readFileSync(new URL('../../../schema.json', import.meta.url), 'utf8')) as object
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, validateFormats: false }).compile(schema)

/** What is wrong with a document. */
function problems(document: unknown): readonly string[] {
  if (validate(document)) return []
  return (validate.errors ?? []).map(({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
}

/** The schema says at once what reading finds out when it looks for the interface. */
const REFUSED: ReadonlySet<string> = new Set(['interface-name-empty'])

for (const { name, file } of fixtures().filter((fixture) => !REFUSED.has(fixture.name))) {
  test(`the document of ${name} is one by the schema`, (t) => {
    const { config } = loadConfig({ file, host: testHost() })
    const document = JSON.parse(JSON.stringify(toDocument(ROOT, config))) as unknown
    t.deepEqual(problems(document), [])
  })
}

test('the documentation of the package is a document', (t) => {
  const document = {
    $schema: './node_modules/ka-native/schema.json',
    globalDefs: { routerId: 'a', vrrpGarpMasterRefresh: 60 },
    vrrpInstances: [
      {
        name: 'VI_1',
        interface: 'eth0',
        virtualRouterId: 51,
        priority: 150,
        advertInt: 0.5,
        virtualIpaddress: ['192.0.2.1/24 dev eth0', { address: '192.0.2.2/24' }],
      },
    ],
  }
  t.deepEqual(problems(document), [])
})

const WRONG: readonly (readonly [what: string, at: string, document: unknown])[] = [
  ['a list', '', []],
  ['an unknown property', '', { vrrpInstance: [] }],
  ['an unknown property of an instance', '/vrrpInstances/0', { vrrpInstances: [{ name: 'VI_1', virtual_router_id: 51 }] }],
  ['an instance without a name', '/vrrpInstances/0', { vrrpInstances: [{ virtualRouterId: 51 }] }],
  ['a block instead of a list of blocks', '/vrrpInstances', { vrrpInstances: { name: 'VI_1' } }],
  ['a number above its limit', '/vrrpInstances/0/virtualRouterId', { vrrpInstances: [{ name: 'VI_1', virtualRouterId: 256 }] }],
  [
    'a fraction where a whole number stands',
    '/vrrpInstances/0/virtualRouterId',
    { vrrpInstances: [{ name: 'VI_1', virtualRouterId: 1.5 }] },
  ],
  ['a number as text', '/vrrpInstances/0/virtualRouterId', { vrrpInstances: [{ name: 'VI_1', virtualRouterId: '51' }] }],
  ['an unknown word', '/vrrpInstances/0/state', { vrrpInstances: [{ name: 'VI_1', state: 'master' }] }],
  ['a flag as text', '/vrrpInstances/0/preempt', { vrrpInstances: [{ name: 'VI_1', preempt: 'yes' }] }],
  ['an address line that is a number', '/vrrpInstances/0/virtualIpaddress/0', { vrrpInstances: [{ name: 'VI_1', virtualIpaddress: [1] }] }],
  [
    'an unknown option of an address',
    '/vrrpInstances/0/virtualIpaddress/0',
    { vrrpInstances: [{ name: 'VI_1', virtualIpaddress: [{ address: '192.0.2.1', device: 'eth0' }] }] },
  ],
]

for (const [what, at, document] of WRONG) {
  test(`${what} is no configuration`, (t) => {
    t.false(validate(document))
    t.deepEqual([...new Set(validate.errors?.map(({ instancePath }) => instancePath))], [at])
  })
}
