import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { MAX_ALTERNATIVES, glob } from '../../../src/config/text/glob.ts'

const base = mkdtempSync(join(tmpdir(), 'ka-glob-'))
test.after.always(() => rmSync(base, { recursive: true }))
for (const name of ['b.conf', 'a.conf', 'c.inc', '.hidden.conf', 'x[1].conf', 'a1', 'a2', 'a3']) writeFileSync(join(base, name), '')
mkdirSync(join(base, 'd1'))
mkdirSync(join(base, 'd2'))
writeFileSync(join(base, 'd1/x.conf'), '')
writeFileSync(join(base, 'd2/x.conf'), '')

function matched(pattern: string): string[] {
  return glob(pattern, base).alternatives.flatMap(({ paths }) => paths.map((path) => path.slice(base.length + 1)))
}

const CASES: readonly (readonly [pattern: string, paths: readonly string[]])[] = [
  ['a.conf', ['a.conf']],
  ['none.conf', []],
  ['*.conf', ['a.conf', 'b.conf', 'x[1].conf']],
  ['.*.conf', ['.hidden.conf']],
  ['?.conf', ['a.conf', 'b.conf']],
  ['a[12]', ['a1', 'a2']],
  ['a[1-2]', ['a1', 'a2']],
  ['a[!1]', ['a2', 'a3']],
  ['a[^1-2]', ['a3']],
  ['x\\[1].conf', ['x[1].conf']],
  ['d*/x.conf', ['d1/x.conf', 'd2/x.conf']],
  ['d?/*', ['d1/x.conf', 'd2/x.conf']],
  ['{b,a}.conf', ['b.conf', 'a.conf']],
  ['{c.inc,d{1,2}/x.conf}', ['c.inc', 'd1/x.conf', 'd2/x.conf']],
  ['{a,none}.conf', ['a.conf']],
  ['*a*.*o*f', ['a.conf']],
  ['{a.conf', []],
  ['[[:alpha:]].conf', ['a.conf', 'b.conf']],
  ['a[[:digit:]]', ['a1', 'a2', 'a3']],
  ['a[^[:digit:]]conf', ['a.conf']],
  ['a[[:digit:][:punct:]]*', ['a.conf', 'a1', 'a2', 'a3']],
  ['[[:upper:]b].conf', ['b.conf']],
  ['[[:nonsense:]a].conf', []],
  ['[[.a.]-[=b=]].conf', ['a.conf', 'b.conf']],
  ['[]a].conf', ['a.conf']],
  ['[\\]a].conf', ['a.conf']],
  ['[b-].conf', ['b.conf']],
  ['[z-a].conf', []],
  ['a[', []],
  ['\\.hidden*', ['.hidden.conf']],
  ['[.]hidden*', []],
  ['*.conf/', []],
  ['d*/', ['d1', 'd2']],
  ['d1/x.*', ['d1/x.conf']],
]

for (const [pattern, paths] of CASES) {
  test(`${pattern} matches what glob(3) matches`, (t) => {
    t.deepEqual(matched(pattern), [...paths])
  })
}

test('names need not be UTF-8', (t) => {
  const name = Buffer.from('z\u00ff.octets', 'latin1')
  writeFileSync(Buffer.concat([Buffer.from(`${base}/`), name]), '')
  t.deepEqual(matched('z?.octets'), ['z\u00ff.octets'])
  t.deepEqual(matched('z\u00ff.octets'), ['z\u00ff.octets'])
  t.deepEqual(matched('z[\u00fe-\u00ff].octets'), ['z\u00ff.octets'])
})

test('an absolute pattern ignores the base directory', (t) => {
  t.deepEqual(glob(join(base, 'd1/*.conf'), '/nonexistent').alternatives[0]?.paths, [join(base, 'd1/x.conf')])
})

test('alternatives tell which of them matched nothing', (t) => {
  const { hasBraces, alternatives } = glob('{a,none}.conf', base)
  t.true(hasBraces)
  t.deepEqual(
    alternatives.map(({ pattern, paths }) => [pattern, paths.length]),
    [
      ['a.conf', 1],
      ['none.conf', 0],
    ],
  )
})

test('a pattern with 2^200 alternatives is cut short', (t) => {
  const { truncated, alternatives } = glob('{a,b}'.repeat(200), base)
  t.true(truncated)
  t.is(alternatives.length, MAX_ALTERNATIVES)
})
