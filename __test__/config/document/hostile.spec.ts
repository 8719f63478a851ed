/** Files of data, and programs, that were not written to be read: they end with clear diagnostics, within bounds, and never throw. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { hideValues } from '../../../src/config/document/hide-values.ts'
import { loadDocument } from '../../../src/config/document/load-document.ts'
import { readJson, readYaml } from '../../../src/config/document/yaml-file.ts'
import type { ConfigInput } from '../../../src/config/input.ts'
import { loadConfigFile } from '../../../src/config/load-file.ts'
import { testHost } from '../fixtures.ts'
import { codesOf, squareGrowth } from '../growth.ts'

const host = testHost()
const scratch = mkdtempSync(join(tmpdir(), 'ka-hostile-data-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

/** What a program may hand over, whatever its type says. */
function messagesOf(document: unknown): readonly string[] {
  return [...loadDocument(document as ConfigInput, { host }).diagnostics].map(({ message }) => message)
}

function listed(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n')
}

/** Reads a text, and asks for the places of a property of it. */
function read(reader: typeof readYaml, text: string): readonly string[] {
  return codesOf((diagnostics) => reader('config', text, diagnostics)?.places?.([]))
}

for (const part of ['[', '{', '{a: ', '["]",', '- ', '? ', '? - ', '- ? ', 'a: ', '- [\n', "'a': [ "]) {
  test(`YAML nested 100,000 times with ${JSON.stringify(part)}`, (t) => {
    t.deepEqual(read(readYaml, part.repeat(100_000)), ['config-syntax'])
  })
}

test('YAML nested by indentation, and JSON', (t) => {
  const nested = (count: number): string => listed(count, (level) => `${' '.repeat(level)}a:`)
  t.deepEqual(read(readYaml, nested(190)), [])
  t.deepEqual(read(readYaml, nested(1300)), ['config-syntax'])
  const depth = 300_000
  t.deepEqual(read(readJson, `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`), [])
  const wide = `a: [${'[], '.repeat(1000)}]\nb: "${'['.repeat(1000)}"\n# ${'[ - '.repeat(1000)}\nc:\n${listed(1000, (index) => `- {d: ${index}}`)}\n`
  t.deepEqual(read(readYaml, wide), [])
})

test('aliases that exhaust', (t) => {
  const anchors = (count: number): string =>
    `a:\n${listed(count, (index) => `- &x${index} 1`)}\nb:\n${listed(count, (index) => `- *x${index}`)}\n`
  t.deepEqual(read(readYaml, anchors(1000)), [])
  t.deepEqual(read(readYaml, anchors(1001)), ['config-syntax'])
  const doubling = listed(40, (level) => `x${level + 1}: &x${level + 1} [*x${level}, *x${level}]`)
  t.deepEqual(read(readYaml, `x0: &x0 [1]\n${doubling}\n`), ['config-syntax'])
})

test('a name that is there twice is a mistake, however many there are', (t) => {
  t.deepEqual(read(readYaml, 'a: 1\nb: {c: 1, c: 2}\n1: 1\n"1": 1\na: 2\n'), ['config-syntax', 'config-syntax'])
  t.deepEqual(read(readJson, '{"a": 1, "b:": "\\"a\\": 1", "a": 2}'), ['config-syntax'])
  t.deepEqual(read(readJson, '{"a:": ":", "b": "\\\\", "c": "\\":"}'), [])
})

test('a word of 20 million octets in JSON', (t) => {
  t.deepEqual(read(readJson, `{"a": "${'\\n'.repeat(10_000_000)}"}`), [])
})

const GROWING: Readonly<Record<string, readonly [size: number, make: (size: number) => string, run: (text: string) => unknown]>> = {
  'names of one YAML object': [2500, (size) => listed(size, (index) => `k${index}: 1`), (text) => read(readYaml, text)],
  'names of one JSON object': [
    2500,
    (size) =>
      `{${listed(size, (index) => `"k${index}": 1`)
        .split('\n')
        .join(', ')}}`,
    (text) => read(readJson, text),
  ],
  'a line of dashes in a file that is no data': [10_000, (size) => `auth\n${'-'.repeat(size)}`, hideValues],
}

for (const [title, [size, make, run]] of Object.entries(GROWING)) {
  test(`time grows with the text, not with its square: ${title}`, (t) => t.is(squareGrowth(size, make, run), undefined))
}

test('lists that are longer than a call has arguments', (t) => {
  const many = <T>(one: (index: number) => T): readonly T[] => Array.from({ length: 200_000 }, (_, index) => one(index))
  const nexthops = many(() => ({ via: '192.0.2.1' }))
  t.true(messagesOf({ staticRoutes: [{ destination: '198.51.100.0/24', nexthops }] }).length > 0)
  const trackScript = many((index) => ({ name: `s${index}` }))
  t.true(messagesOf({ vrrpInstances: [{ name: 'A', trackScript }] }).length > 0)
})

test('objects that are code, and names that objects have anyhow', (t) => {
  const throwing = (): never => {
    throw new Error('no')
  }
  t.deepEqual(messagesOf(new Proxy({}, { ownKeys: throwing })), ["the object cannot be read: 'Error: no'"])
  t.deepEqual(messagesOf({ vrrpInstances: new Proxy({}, { getPrototypeOf: throwing }) }), ["the object cannot be read: 'Error: no'"])
  const nothing: unknown = Object.create(null)
  const odd = {
    get vrrpInstances(): never {
      throw nothing
    },
  }
  t.deepEqual(messagesOf(odd), ["the property cannot be read: 'object'"])
  class Named {
    readonly routerId = 'a'
  }
  Object.defineProperty(Named, 'name', { value: 5 })
  t.deepEqual(messagesOf({ vrrpInstances: new Named() }), ['such an object is no part of a configuration'])
  const names = '{"__proto__": {"vrrpInstances": 1}, "globalDefs": {"constructor": 1, "toString": 2}}'
  const unknown = ["unknown property '__proto__'", "unknown property 'constructor'", "unknown property 'toString'"]
  t.deepEqual([...messagesOf(JSON.parse(names))].sort(), unknown)
})

test('a program that sends messages of its own', async (t) => {
  const file = join(scratch, 'messages.mjs')
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads'\nparentPort.postMessage(undefined)\nparentPort.postMessage({ kind: 'data' })\n` +
      `export default { globalDefs: { routerId: 'a' } }\n`,
  )
  const { config, diagnostics } = await loadConfigFile({ file, host })
  t.is(config.globalDefs.routerId, 'a')
  t.is(diagnostics.total, 0)
})

test('a program that throws a text to get lost in', async (t) => {
  const file = join(scratch, 'thrown.mjs')
  writeFileSync(file, `throw new Error('ParseError: ' + '\\n'.repeat(300000))\n`)
  const { diagnostics } = await loadConfigFile({ file, host })
  t.deepEqual(
    [...diagnostics].map(({ code }) => code),
    ['config-failed'],
  )
})
