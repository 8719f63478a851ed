import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { runCheck } from '../../../src/cli/check.ts'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import { ERRORS, NOTES, WARNINGS } from '../../../src/config/diagnostics/codes.ts'
import { respell } from '../../../src/config/diagnostics/fix.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { renderSarif } from '../../../src/config/diagnostics/sarif.ts'
import { Source } from '../../../src/config/text/source.ts'
import { fixtures, testHost } from '../fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-sarif-'))
test.after.always(() => rmSync(scratch, { recursive: true }))
const host = testHost()

/**
 * The part of the SARIF 2.1.0 schema that a report here may use: objects by name, the properties they may have,
 * and what these hold. `!` marks a required property, `[]` a list, `|` words to choose from.
 */
const SCHEMA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  log: { $schema: 'uri', version: '!2.1.0', runs: '!run[]' },
  run: {
    tool: '!tool',
    invocations: 'invocation[]',
    artifacts: 'artifact[]',
    results: 'result[]',
    columnKind: 'utf16CodeUnits|unicodeCodePoints',
    properties: 'bag',
  },
  tool: { driver: '!toolComponent' },
  toolComponent: { name: '!text', version: 'text', semanticVersion: 'text', rules: 'rule[]' },
  rule: { id: '!text', name: 'text', shortDescription: 'message!', defaultConfiguration: 'configuration', properties: 'bag' },
  configuration: { level: 'none|note|warning|error' },
  invocation: { executionSuccessful: '!boolean', exitCode: 'integer' },
  artifact: { location: 'artifactLocation' },
  artifactLocation: { uri: 'uri', index: 'integer' },
  result: {
    ruleId: 'text',
    ruleIndex: 'integer',
    level: 'none|note|warning|error',
    message: '!message',
    locations: 'location[]',
    relatedLocations: 'location[]',
    fixes: 'fix[]',
    properties: 'bag',
  },
  message: { text: '!text' },
  location: { id: 'integer', physicalLocation: 'physicalLocation', message: 'message' },
  physicalLocation: { artifactLocation: '!artifactLocation', region: 'region' },
  region: { startLine: '!positive', startColumn: 'positive', endLine: 'positive', endColumn: 'positive' },
  fix: { description: 'message', artifactChanges: '!artifactChange[]' },
  artifactChange: { artifactLocation: '!artifactLocation', replacements: '!replacement[]' },
  replacement: { deletedRegion: '!region', insertedContent: 'artifactContent' },
  artifactContent: { text: 'text' },
}

const VALUES: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  // Relative or absolute, without characters that a URI cannot hold.
  uri: (value) => typeof value === 'string' && /^(?:[a-z]+:\/\/)?(?:[\w.~/!$&'()*+,;=@:-]|%[0-9A-F]{2})+$/.test(value),
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  positive: (value) => Number.isInteger(value) && Number(value) >= 1,
  bag: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Where a value does not fit the schema. */
function misfits(value: unknown, kind: string, path: string): string[] {
  const wanted = kind.replace('!', '')
  if (wanted.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    return value.flatMap((item: unknown, index) => misfits(item, wanted.slice(0, -2), `${path}[${index}]`))
  }
  const shape = SCHEMA[wanted]
  if (shape === undefined) {
    const fits = VALUES[wanted]?.(value) ?? wanted.split('|').includes(String(value))
    return fits ? [] : [`${path} is no ${wanted}: ${JSON.stringify(value)}`]
  }
  if (typeof value !== 'object' || value === null) return [`${path} is no object`]
  const missing = Object.entries(shape).filter(([name, inner]) => inner.startsWith('!') && !(name in value))
  return [
    ...missing.map(([name]) => `${path} lacks ${name}`),
    ...Object.entries(value).flatMap(([name, inner]) => {
      const known = shape[name]
      return known === undefined ? [`${path} may not have ${name}`] : misfits(inner, known, `${path}.${name}`)
    }),
  ]
}

interface Region {
  readonly startLine: number
  readonly startColumn: number
  readonly endLine: number
  readonly endColumn: number
}
interface Place {
  readonly id?: number
  readonly message?: { readonly text: string }
  readonly physicalLocation: { readonly artifactLocation: { readonly uri: string; readonly index: number }; readonly region?: Region }
}
interface Result {
  readonly ruleId: string
  readonly ruleIndex: number
  readonly level: string
  readonly message: { readonly text: string }
  readonly locations: readonly Place[]
  readonly relatedLocations?: readonly Place[]
  readonly fixes?: readonly {
    readonly description: { readonly text: string }
    readonly artifactChanges: readonly {
      readonly replacements: readonly { readonly deletedRegion: Region; readonly insertedContent: object }[]
    }[]
  }[]
}
interface Log {
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly rules: readonly { readonly id: string; readonly defaultConfiguration: { level: string } }[] }
    }
    readonly artifacts: readonly { readonly location: { readonly uri: string } }[]
    readonly results: readonly Result[]
    readonly invocations: readonly { readonly exitCode: number }[]
  }[]
}

/** A report as a reader gets it. */
function sarif(diagnostics: Diagnostics, files: readonly string[]): Log['runs'][number] {
  const log = JSON.parse(JSON.stringify(renderSarif(diagnostics, { version: '1.2.3', files, exitCode: 5 }))) as Log
  const [run] = log.runs
  if (run === undefined) throw new Error('no run')
  return run
}

test('every fixture makes a report that fits the schema and says what the diagnostics say', (t) => {
  for (const { name, file } of fixtures()) {
    const { diagnostics, files } = loadConfig({ file, host })
    const log: unknown = JSON.parse(JSON.stringify(renderSarif(diagnostics, { version: '1.2.3', files, exitCode: 0 })))
    t.deepEqual(misfits(log, 'log', name), [])
    const { results, tool, artifacts } = sarif(diagnostics, files)
    const { rules } = tool.driver
    t.deepEqual(
      results.map(({ ruleId }) => ruleId),
      [...diagnostics].map(({ code }) => code),
    )
    for (const { ruleId, ruleIndex, level, locations } of results) {
      t.is(rules[ruleIndex]?.id, ruleId)
      t.is(rules[ruleIndex]?.defaultConfiguration.level, level)
      const [place] = locations
      t.is(artifacts[place?.physicalLocation.artifactLocation.index ?? -1]?.location.uri, place?.physicalLocation.artifactLocation.uri)
    }
  }
})

test('the schema above notices what does not fit', (t) => {
  t.deepEqual(misfits({ version: '2.1.0', runs: [{ tool: {}, extra: 1 }] }, 'log', 'log'), [
    'log.runs[0].tool lacks driver',
    'log.runs[0] may not have extra',
  ])
  t.is(misfits({ version: '2.2.0', runs: [] }, 'log', 'log').length, 1)
  t.is(misfits({ startLine: 0 }, 'region', 'region').length, 1)
  t.is(misfits('a b', 'uri', 'uri').length, 1)
})

test('rules are the whole catalogue', (t) => {
  const { rules } = sarif(new Diagnostics(), []).tool.driver
  t.deepEqual(
    rules.map(({ id, defaultConfiguration }) => [id, defaultConfiguration.level]),
    [
      ...Object.keys(ERRORS).map((code) => [code, 'error']),
      ...Object.keys(WARNINGS).map((code) => [code, 'warning']),
      ...Object.keys(NOTES).map((code) => [code, 'note']),
    ],
  )
})

test('a mistake in an included file points back to what included it', (t) => {
  const folder = join(scratch, 'include')
  mkdirSync(join(folder, 'ä b'), { recursive: true })
  const main = join(folder, 'main.conf')
  writeFileSync(main, 'instance a\ninclude ä b/one.inc\n')
  writeFileSync(join(folder, 'ä b/one.inc'), 'include two.inc\n')
  writeFileSync(join(folder, 'ä b/two.inc'), '\n\n   bögus x\n')
  const { output, exitCode } = runCheck({ file: main, host, format: 'sarif' })
  const log = JSON.parse(output) as Log
  t.deepEqual(misfits(log, 'log', 'log'), [])
  const [run] = log.runs
  t.is(run?.invocations[0]?.exitCode, exitCode)
  t.deepEqual(
    run?.artifacts.map(({ location }) => location.uri),
    ['main.conf', 'ä b/one.inc', 'ä b/two.inc'].map((path) => pathToFileURL(join(folder, path)).href),
  )
  const [result] = run?.results ?? []
  t.is(result?.level, 'error')
  t.is(result?.message.text, "unknown keyword 'bögus' at the top level")
  t.deepEqual(result?.locations, [
    {
      physicalLocation: {
        artifactLocation: { uri: pathToFileURL(join(folder, 'ä b/two.inc')).href, index: 2 },
        region: { startLine: 3, startColumn: 4, endLine: 3, endColumn: 9 },
      },
    },
  ])
  t.deepEqual(
    result?.relatedLocations?.map(({ id, message, physicalLocation }) => [
      id,
      message?.text,
      physicalLocation.artifactLocation.index,
      physicalLocation.region?.startLine,
    ]),
    [
      [1, 'included from here', 1, 1],
      [2, 'included from here', 0, 2],
    ],
  )
})

test('a relative path stays relative', (t) => {
  const diagnostics = new Diagnostics()
  const text = 'x'
  diagnostics.error('unknown-keyword', { source: new Source('../a:b/c d.conf', text), offset: 0, length: 1 }, 'm')
  const { artifacts } = sarif(diagnostics, ['../a:b/c d.conf'])
  t.is(artifacts[0]?.location.uri, '../a%3Ab/c%20d.conf')
})

test('a file that cannot be read has a place without a region', (t) => {
  const diagnostics = new Diagnostics()
  diagnostics.error('config-not-found', '/none.conf', 'the file does not exist')
  const [result] = sarif(diagnostics, []).results
  t.deepEqual(result?.locations, [{ physicalLocation: { artifactLocation: { uri: 'file:///none.conf', index: 0 } } }])
})

test('braces in messages are doubled, and help is part of them', (t) => {
  const diagnostics = new Diagnostics()
  diagnostics.error('missing-open-brace', 'a.conf', "no '{' follows", "write '{' here")
  t.is(sarif(diagnostics, []).results[0]?.message.text, "no '{{' follows. Help: write '{{' here")
})

test('a fix is a replacement of a region', (t) => {
  const diagnostics = new Diagnostics()
  const span = { source: new Source('a.conf', 'a\n bcd e\n'), offset: 3, length: 3 }
  diagnostics.warning('deprecated-spelling', span, 'm', 'h', respell(span, 'new'))
  t.deepEqual(sarif(diagnostics, ['a.conf']).results[0]?.fixes, [
    {
      description: { text: 'write `new`' },
      artifactChanges: [
        {
          artifactLocation: { uri: 'a.conf', index: 0 },
          replacements: [{ deletedRegion: { startLine: 2, startColumn: 2, endLine: 2, endColumn: 5 }, insertedContent: { text: 'new' } }],
        },
      ],
    } as object as NonNullable<Result['fixes']>[number],
  ])
})
