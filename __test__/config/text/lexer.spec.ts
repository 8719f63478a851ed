import test from 'ava'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../../src/config/text/expand.ts'
import { TokenKind } from '../../../src/config/text/lexer.ts'

/** The tokens of a text: words as they are read, `{`, `}`, and `;` for the end of a line. */
function lex(text: string): { tokens: string[]; codes: string[] } {
  const diagnostics = new Diagnostics()
  const { tokens } = expand('keepalived.conf', text, diagnostics)
  const shown = Array.from({ length: tokens.count }, (_, index) => {
    const kind = tokens.kind(index)
    return kind === TokenKind.LineEnd ? ';' : tokens.text(index)
  })
  return { tokens: shown, codes: [...diagnostics].map(({ code }) => code) }
}

const CASES: readonly (readonly [title: string, text: string, tokens: readonly string[]])[] = [
  ['a hash ends a line inside a word', 'alpha#b', ['alpha', ';']],
  ['an exclamation mark does too', 'alpha!b c', ['alpha', ';']],
  ['other backslashes stay', 'a\\b c\\\\d', ['a\\b', 'c\\\\d', ';']],
  ['an escaped backslash does not protect a mark', 'a\\\\#b', ['a\\\\', ';']],
  ['quotes hold blanks together', '"ga mma" rest', ['ga mma', 'rest', ';']],
  ['a quote ends a word', 'de"lta x"y', ['de', 'lta x', 'y', ';']],
  ['single quotes are ordinary', "'sq w' r", ["'sq", "w'", 'r', ';']],
  ['marks in quotes are plain', '"a # b ! c" d', ['a # b ! c', 'd', ';']],
  ['quotes have no escapes', '"a\\" b', ['a\\', 'b', ';']],
  ['an empty quoted word is a word', 'a ""', ['a', '', ';']],
  ['braces split a line', 'a { b c }', ['a', '{', 'b', 'c', ';', '}']],
  ['braces split words', 'a{b}c', ['a', '{', 'b', ';', '}', 'c', ';']],
  ['braces in quotes do not', 'a "{b}"', ['a', '{b}', ';']],
  ['a brace alone', '{\n}', ['{', '}']],
  ['empty lines are skipped', '\n \t\n# x\n', []],
  ['carriage returns are blanks', 'a b\r\nc\rd\r\r\n', ['a', 'b', ';', 'c', 'd', ';']],
  ['tab, form feed and vertical tab are blanks', 'a\tb\fc\vd', ['a', 'b', 'c', 'd', ';']],
]

for (const [title, text, tokens] of CASES) {
  test(title, (t) => {
    t.deepEqual(lex(text), { tokens: [...tokens], codes: [] })
  })
}

test('an escaped mark is plain, which keepalived 2.2.7 sees so in global_defs alone', (t) => {
  t.deepEqual(lex('esc\\!x a\\#'), { tokens: ['esc!x', 'a#', ';'], codes: ['differs-from-keepalived', 'differs-from-keepalived'] })
  t.deepEqual(lex('global_defs {\na\\#\n}'), { tokens: ['global_defs', '{', 'a#', ';', '}'], codes: [] })
})

test('words before an open quote are kept, the rest is lost', (t) => {
  t.deepEqual(lex('a b "c d\ne'), { tokens: ['a', 'b', ';', 'e', ';'], codes: ['unterminated-quote'] })
})

test('a trailing backslash is reported and left out', (t) => {
  t.deepEqual(lex('a b \\\nc'), { tokens: ['a', 'b', ';', 'c', ';'], codes: ['line-continuation'] })
})

test('a line with a NUL byte is dropped', (t) => {
  t.deepEqual(lex('a\nb\0c\nd'), { tokens: ['a', ';', 'd', ';'], codes: ['nul-byte'] })
})

test('the longest line is read, a longer one dropped as a whole', (t) => {
  const longest = `a ${'b'.repeat(1021)}`
  t.deepEqual(lex(`${longest}\r\n${longest}c\nd`), { tokens: ['a', 'b'.repeat(1021), ';', 'd', ';'], codes: ['line-too-long'] })
})

test('many tokens survive the growth of their lists', (t) => {
  const words = Array.from({ length: 5000 }, (_, index) => `w${index}`)
  t.deepEqual(
    lex(words.join('\n')).tokens.filter((token) => token !== ';'),
    words,
  )
})
