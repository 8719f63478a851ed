/** A configuration printed in each form, resolved and as written, and read again: it means what it meant. So does each keyword. */
import { runInNewContext } from 'node:vm'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { allEntries, LANGUAGE_PATH } from '../../src/config/tables/catalogue.ts'
import { Diagnostics } from '../../src/config/diagnostics/diagnostic.ts'
import { documentLines, linesText } from '../../src/config/document/lines.ts'
import { documentText, TEXT_FORMATS } from '../../src/config/document/text.ts'
import type { TextFormat } from '../../src/config/document/text.ts'
import { toDocument } from '../../src/config/document/document.ts'
import { exampleOf } from '../../src/config/tables/example.ts'
import { ROOT } from '../../src/config/keywords/root.ts'
import { loadConfig, readConf } from '../../src/config/load.ts'
import { loadDocument } from '../../src/config/document/load-document.ts'
import { plainData } from '../../src/config/document/plain-data.ts'
import type { PlainObject } from '../../src/config/document/plain-data.ts'
import type { ConfigInput } from '../../src/config/input.ts'
import { Secret } from '../../src/config/tables/values.ts'
import { linkWritten } from '../../src/config/written.ts'
import type { LoadedConfig } from '../../src/config/written.ts'
import { readJson, readYaml } from '../../src/config/document/yaml-file.ts'
import { fixtures, testHost } from './fixtures.ts'
import { same } from './same.ts'

/** Mistakes that say something else about a configuration in which everything is written. */
const RENAMED: ReadonlyMap<string, string> = new Map([['unknown-interface', 'static-without-interface']])

/** What only its own way of writing says, and why. */
const UNREPEATABLE: ReadonlyMap<string, string> = new Map([
  ['resolved lvs-equal-real-servers', 'two equal servers are told apart by a port that one of them does not name'],
  ['as written lvs-family-mix-with-method-too-late', 'the order of lines is the mistake'],
  ['as written track-list-errors', 'a direction stands behind a weight that is none'],
])

for (const { name, file } of fixtures()) {
  test(`${name}: printed resolved, it means the same, without a new mistake`, (t) => {
    const { config, diagnostics } = loadConfig({ file, host: testHost() })
    for (const [format, again] of readAgain(t, toDocument(ROOT, config, { revealSecrets: true }))) {
      if (UNREPEATABLE.has(`resolved ${name}`)) continue
      same(t, revealed(again.config), revealed(config), format)
      const known = new Set([...diagnostics].map(({ code }) => code as string))
      const added = errorsOf(again).filter((code) => !known.has(code) && !known.has(RENAMED.get(code) ?? code))
      t.deepEqual(added, [], format)
    }
  })

  test(`${name}: printed as written, it means the same`, (t) => {
    const written = readConf({ file, host: testHost() })
    const { config } = linkWritten(written)
    for (const [format, again] of readAgain(t, toDocument(ROOT, written.draft, { revealSecrets: true }))) {
      if (!UNREPEATABLE.has(`as written ${name}`)) same(t, revealed(again.config), revealed(config), format)
    }
  })
}

function errorsOf({ diagnostics }: Pick<LoadedConfig, 'diagnostics'>): readonly string[] {
  return [...diagnostics].filter(({ severity }) => severity === 'error').map(({ code }) => code)
}

/** As a keepalived.conf, and as data: that is the same from each form, and read once. */
function readAgain(t: ExecutionContext, document: PlainObject): readonly (readonly [string, LoadedConfig])[] {
  const host = testHost()
  const data: unknown = JSON.parse(documentText(document, 'json'))
  for (const format of TEXT_FORMATS) if (format !== 'conf') same(t, dataOf(t, documentText(document, format), format), data, format)
  return [
    ['conf', loadConfig({ file: 'keepalived.conf', text: documentText(document, 'conf'), host })],
    ['data', loadDocument(data as ConfigInput, { host })],
  ]
}

function dataOf(t: ExecutionContext, text: string, format: Exclude<TextFormat, 'conf'>): unknown {
  if (format === 'ts') return plainData(evaluated(text)).data
  const diagnostics = new Diagnostics()
  const read = (format === 'json' ? readJson : readYaml)(`config.${format}`, text, diagnostics)
  t.deepEqual([...diagnostics], [])
  t.deepEqual(read?.problems, [])
  return read?.data
}

/** What the module exports; that modules are loaded is another matter (evaluate.spec.ts). */
function evaluated(text: string): object {
  const [, body = ''] = /^import \{ defineConfig \} from 'ka-native'\n\nexport default defineConfig\((.*)\)\n$/s.exec(text) ?? []
  return runInNewContext(`(${body})`) as object
}

/** Everything in it, also what JSON does not show. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: Buffer.from(value.reveal()).toString('hex') }
  if (Array.isArray(value)) return value.map(revealed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]))
}

test('what cannot be repeated exists', (t) => {
  const names = new Set(fixtures().map(({ name }) => name))
  for (const key of UNREPEATABLE.keys()) t.true(names.has(key.replace(/^(?:resolved|as written) /, '')), key)
})

/** What these say is so without them, or is said by the file that they name. */
const SAID_ANYHOW: ReadonlySet<string> = new Set(['-nodad', 'vrrp_iptables'])

for (const entry of allEntries()) {
  if (entry.path === LANGUAGE_PATH || SAID_ANYHOW.has(entry.name)) continue

  test(`${entry.path} ${entry.name}: what is read of the example is written again`, (t) => {
    const { draft } = readConf({ file: 'keepalived.conf', text: exampleOf(entry), host: testHost() })
    const document: unknown = JSON.parse(JSON.stringify(toDocument(ROOT, draft, { revealSecrets: true })))
    const { lines, problems } = documentLines(ROOT, document)
    t.deepEqual(problems, [])
    const again = readConf({ file: 'keepalived.conf', text: linesText(lines), host: testHost() })
    t.deepEqual(errorsOf({ diagnostics: again.context.diagnostics }), [])
    same(t, withoutPlaces(again.draft), withoutPlaces(draft))
  })
}

/** A draft without the tokens of its lines. */
function withoutPlaces(draft: object): unknown {
  return JSON.parse(JSON.stringify(draft, (key, value: unknown) => (key === 'at' || key === 'interfaceLines' ? undefined : value)))
}
