/** The keyword tables against the list of all keywords. */
import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { generate } from '../../scripts/generate-keywords.ts'
import { loadConfig } from '../../src/config/load.ts'
import { AUTHENTICATION } from '../../src/config/keywords/authentication.ts'
import { GLOBAL_DEFS } from '../../src/config/keywords/global-defs.ts'
import { KNOWN } from '../../src/config/keywords/known.ts'
import { CONSEQUENCES } from '../../src/config/keywords/not-yet.ts'
import { ROOT } from '../../src/config/keywords/root.ts'
import { VRRP_INSTANCE } from '../../src/config/keywords/vrrp-instance.ts'
import type { Keyword, ValueSyntax } from '../../src/config/schema.ts'
import { keywordsOf } from '../../src/config/suggest.ts'
import { testHost } from './fixtures.ts'

const LIST = readFileSync(new URL('../keywords.tsv', import.meta.url), 'utf8')
const SHARED = new URL('../../../shared/compat/keywords.tsv', import.meta.url)

const ROWS = LIST.trimEnd()
  .split('\n')
  .slice(1)
  .map((row) => {
    const [block = '', keyword = '', syntax = '', , range = ''] = row.split('\t')
    return { block, keyword, syntax, range }
  })

/** What the walker needs of a table, whatever its target. */
type Table = ReadonlyMap<string, Pick<Keyword<never>, 'kind'> & { readonly value?: ValueSyntax }>

const TABLES: Readonly<Record<string, Table>> = {
  '/': ROOT,
  global_defs: GLOBAL_DEFS,
  vrrp_instance: VRRP_INSTANCE,
  'vrrp_instance/authentication': AUTHENTICATION,
}

test('known.ts is what the generator makes of keywords.tsv', (t) => {
  t.is(readFileSync(new URL('../../src/config/keywords/known.ts', import.meta.url), 'utf8'), generate(LIST))
})

test('all 1,086 rows are known', (t) => {
  t.is(ROWS.length, 1086)
  t.is(Object.values(KNOWN).flat().length, 1086)
})

const sharedTest = existsSync(SHARED) ? test : undefined
sharedTest?.('keywords.tsv is the list it was copied from', (t) => {
  t.is(LIST, readFileSync(SHARED, 'utf8'))
})

test('every decoder and every consequence is of a known keyword', (t) => {
  for (const [block, table] of [...Object.entries(TABLES), ...Object.entries(CONSEQUENCES)]) {
    for (const keyword of table.keys()) t.true(keywordsOf(block).has(keyword), `${block}: ${keyword}`)
  }
})

test('every keyword without a decoder is reported as known, not as a mistake', (t) => {
  for (const block of ['/', 'global_defs', 'vrrp_instance']) {
    for (const [keyword, [syntax]] of keywordsOf(block)) {
      if (TABLES[block]?.has(keyword) === true || keyword.startsWith('include')) continue
      const line = syntax.includes('{') ? `${keyword} x {\n}` : `${keyword} x`
      const { diagnostics } = loadConfig({ file: 'keepalived.conf', text: block === '/' ? line : inBlock(block, line), host: testHost() })
      const codes = [...diagnostics].map(({ code }) => code)
      t.true(
        codes.some((code) => ['not-supported-yet', 'not-supported-matters', 'cannot-run-without'].includes(code)),
        `${block}: ${keyword}: ${codes.join(' ')}`,
      )
      t.false(codes.includes('unknown-keyword') || codes.includes('misplaced-keyword'), `${block}: ${keyword}`)
    }
  }
})

/** Ranges that the list words otherwise than MIN..MAX at its start. */
const LIMITS = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)/

for (const block of ['global_defs', 'vrrp_instance']) {
  for (const [keyword, { value }] of TABLES[block] ?? []) {
    if (value?.form !== 'integer' && value?.form !== 'seconds') continue
    const [min, max, step] =
      value.form === 'integer' ? [value.min, value.max, 1] : [value.minUs / 1_000_000, value.maxUs / 1_000_000, 0.000001]
    const range = ROWS.find((row) => row.block === block && row.keyword === keyword)?.range ?? ''
    const isCount = range.includes('0 is reported')

    test(`${keyword}: the limits are those of the list`, (t) => {
      const [, listedMin, listedMax] = LIMITS.exec(range) ?? /^(\d) or (\d)/.exec(range) ?? []
      t.deepEqual([min, max], [Number(listedMin), Number(listedMax)])
    })

    test(`${keyword}: both limits are read, what is outside is not`, (t) => {
      t.deepEqual(numberProblems(block, `${keyword} ${min}`), [])
      t.deepEqual(numberProblems(block, `${keyword} ${max}`), [])
      const above = value.form === 'integer' ? String(max + step) : (max + step).toFixed(6)
      t.deepEqual(numberProblems(block, `${keyword} ${above}`), ['value-out-of-range'])
      if (min === 0) t.is(numberProblems(block, `${keyword} -1`).length, 1)
      else
        t.deepEqual(numberProblems(block, `${keyword} ${isCount ? 0 : (min - step).toFixed(value.form === 'integer' ? 0 : 6)}`), [
          isCount ? 'value-replaced' : 'value-out-of-range',
        ])
      t.deepEqual(numberProblems(block, `${keyword} 1x`), ['invalid-number'])
      t.deepEqual(numberProblems(block, keyword), ['missing-value'])
    })
  }
}

/** Codes about the value of one line, without those about the rest of the instance. */
function numberProblems(block: string, line: string): string[] {
  const { diagnostics } = loadConfig({ file: 'keepalived.conf', text: inBlock(block, line), host: testHost() })
  const wanted = new Set<string>(['value-out-of-range', 'invalid-number', 'missing-value', 'value-replaced'])
  return [...diagnostics].map(({ code }) => code).filter((code) => wanted.has(code))
}

function inBlock(block: string, line: string): string {
  const name = block === 'vrrp_instance' ? 'vrrp_instance VI_1' : block
  return `${name} {\n${line}\n}\n`
}
