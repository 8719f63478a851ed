/** What holds for the reading of any text. The seed is fixed: the same texts in every run. */
import test from 'ava'
import * as fc from 'fast-check'
import { MAX_LINE_OCTETS } from '../../../src/config/text/bounds.ts'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import type { Diagnostic } from '../../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../../src/config/text/expand.ts'
import { TokenKind } from '../../../src/config/text/lexer.ts'
import type { Tokens } from '../../../src/config/text/lexer.ts'

const RUNS = { seed: 20_261_126, numRuns: 1500 } as const

interface Read {
  readonly tokens: Tokens
  readonly diagnostics: readonly Diagnostic[]
}

function read(text: string): Read {
  const diagnostics = new Diagnostics()
  const { tokens } = expand('keepalived.conf', text, diagnostics, { configId: 'me' })
  return { tokens, diagnostics: [...diagnostics] }
}

/** Every token as its kind and text. */
function shown({ tokens }: Read): readonly string[] {
  return Array.from({ length: tokens.count }, (_, index) => {
    const kind = tokens.kind(index)
    return kind === TokenKind.LineEnd ? ';' : `${kind}${tokens.text(index)}`
  })
}

function codes({ diagnostics }: Read): readonly string[] {
  return diagnostics.map(({ code }) => code)
}

/** Lines of pieces that mean something, put together without regard for what they mean. */
function textOf(...pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...pieces), fc.stringMatching(/^[a-z0-9]{1,4}$/))
  const line = fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(''))
  return fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'))
}

const PLAIN = [' ', ' ', '\t', '{', '}', '"', '"', '#', '!', '\\', '\\#', '\\!', '\r', '\f', '\0', '\u00e9', 'interface', 'include_check']
const REFERENCES = '$A=|$B=|$M=|$A|$B |${A}|${B}|${M}|$M|${_INSTANCE}|${_HASH}|${_BANG}|${_RANDOM 1 2}|$_PWD|$|${|,'.split('|')
const SEQUENCES = '~SEQ(A,1,3) |~SEQ(B,3,1) |~SEQx(A,8,9) |~SEQ(A,$B) |~LST(A,x,y) |~LST({A,B},{1,2},{3}) |~SEQ(|~LST'.split('|')
const CONDITIONS = ['@me ', '@you ', '@^me ', '@^you ', '@', ' \\\n', '\\\\\n', ' \\']

test('a condition that is met changes nothing: the fast way of reading lines and the careful one agree', (t) => {
  fc.assert(
    fc.property(textOf(...PLAIN), (text) => {
      const conditional = text
        .split('\n')
        .map((line) => `@me ${line}`)
        .join('\n')
      const [plain, careful] = [read(text), read(conditional)]
      t.deepEqual(shown(careful), shown(plain))
      t.deepEqual(codes(careful), codes(plain))
      // The same words at the same places, but for the condition in front.
      for (let index = 0; index < plain.tokens.count; index++) {
        const { offset, source } = plain.tokens.span(index)
        const added = 4 * source.position(offset).line
        t.is(careful.tokens.offset(index), offset + added)
      }
    }),
    RUNS,
  )
})

test('any text is read: words stand where they are said to, lines fit, diagnostics point into the text', (t) => {
  fc.assert(
    fc.property(textOf(...PLAIN, ...REFERENCES, ...SEQUENCES, ...CONDITIONS), (text) => {
      const { tokens, diagnostics } = read(text)
      for (let index = 0; index < tokens.count; index++) {
        const { source, offset, length } = tokens.span(index)
        const raw = source.text.slice(offset, offset + length)
        t.is(raw.length, length)
        if (tokens.kind(index) === TokenKind.Word || tokens.kind(index) === TokenKind.Quoted) t.is(raw, tokens.text(index))
        if (source.expandedFrom !== undefined) {
          t.true(offset + length <= MAX_LINE_OCTETS)
          t.false(source.text.includes('\n'))
        }
      }
      const lines = text.split('\n')
      for (const { line = 0, column = 0, excerpt } of diagnostics) {
        t.true(line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1)
        t.true(excerpt !== undefined && excerpt.before >= 0 && excerpt.before <= excerpt.text.length && excerpt.length >= 1)
      }
    }),
    RUNS,
  )
})

const NAME = fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,6}$/)
const WORDS = fc.array(fc.stringMatching(/^[a-z0-9.:/-]{1,6}$/), { minLength: 1, maxLength: 5 }).map((words) => words.join(' '))

test('a reference is its text, in braces anywhere', (t) => {
  fc.assert(
    fc.property(NAME, WORDS, WORDS, (name, value, rest) => {
      const direct = read(`x ${value}y ${rest} ${value}`)
      t.deepEqual(shown(read(`$${name}=${value}\nx \${${name}}y ${rest} $${name}`)), shown(direct))
      // Also through another definition.
      t.deepEqual(shown(read(`$${name}= ${value}\n$_x=\${${name}}\nx \${_x}y ${rest} $_x # z`)), shown(direct))
    }),
    RUNS,
  )
})

test('the lines of a definition are lines', (t) => {
  fc.assert(
    fc.property(fc.array(WORDS, { minLength: 1, maxLength: 6 }), (lines) => {
      t.deepEqual(shown(read(`$M=${lines.join(' \\\n')}\nx $M\ny`)), shown(read(`x ${lines.join('\n')}\ny`)))
    }),
    RUNS,
  )
})

test('a sequence is its numbers', (t) => {
  const number = fc.integer({ min: -60, max: 60 })
  fc.assert(
    fc.property(number, number, number, (start, step, end) => {
      const numbers: number[] = []
      const leads = step !== 0 && (start === end || step > 0 === end > start)
      if (leads) for (let value = start; step > 0 ? value <= end : value >= end; value += step) numbers.push(value)
      const sequence = read(`~SEQ(N, ${start}, ${step}, ${end}) x \${N}y`)
      t.deepEqual(shown(sequence), shown(read(numbers.map((value) => `x ${value}y`).join('\n'))))
      t.deepEqual(codes(sequence), leads ? [] : ['invalid-sequence'])
    }),
    RUNS,
  )
})

test('a sequence in a sequence is all pairs, the left one outside', (t) => {
  const values = fc.array(fc.stringMatching(/^[a-z0-9.]{1,3}$/), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(values, values, (outer, inner) => {
      const pairs = outer.flatMap((one) => inner.map((other) => `x ${one}-${other}`))
      t.deepEqual(shown(read(`~LST(P,${outer.join(',')}) ~LST(Q,${inner.join(',')}) x \${P}-$Q`)), shown(read(pairs.join('\n'))))
    }),
    RUNS,
  )
})
