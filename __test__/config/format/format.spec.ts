import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import test from 'ava'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../../src/config/text/expand.ts'
import { formatText } from '../../../src/config/format/format.ts'
import { TokenKind } from '../../../src/config/text/lexer.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { encodeText } from '../../../src/config/text/source.ts'
import { fixtures, testHost } from '../fixtures.ts'
import { same } from '../same.ts'

/** Fixtures in which braces do not add up. */
const REFUSED = new Set([
  'missing-close-brace',
  'missing-close-brace-in-the-middle',
  'missing-close-brace-of-script-block',
  'missing-close-brace-of-second-of-a-name',
  'missing-close-brace-of-unknown-block',
  'missing-close-braces-of-nested-blocks',
  'missing-open-brace',
  'missing-open-brace-inside',
  'script-block-without-brace',
  'stray-close-brace',
])

/** The text formatted, which must come out the same when it is formatted again. */
function format(text: string, indent?: string): string {
  const once = formatText('x.conf', text, indent === undefined ? {} : { indent }).text
  if (once === undefined) throw new Error('refused')
  const twice = formatText('x.conf', once, indent === undefined ? {} : { indent }).text
  if (twice !== once) throw new Error(`not stable:\n${JSON.stringify(text)}\n${once}\n----\n${twice}`)
  return once
}

/** The words of a text in reading order. The end of a line in front of a `{` is left out: the brace may stand on either. */
function tokensOf(file: string, text: string): string[] {
  const { tokens } = expand(file, text, new Diagnostics())
  const found: string[] = []
  for (let index = 0; index < tokens.count; index++) {
    const kind = tokens.kind(index)
    if (kind === TokenKind.LineEnd && tokens.kind(index + 1) === TokenKind.Open && index + 1 < tokens.count) continue
    found.push(`${kind} ${tokens.text(index)}`)
  }
  return found
}

/** What a text means: its configuration and what is reported about it, the byte order mark aside. */
function meaningOf(file: string, text: string): unknown {
  const octets = Buffer.from(text, 'latin1').toString('utf8')
  const { config, diagnostics } = loadConfig({ file, text: octets, host: testHost() })
  const codes = [...diagnostics].map(({ code, message }) => (code === 'missing-vrid' ? code : `${code} ${message.replaceAll(/\d+/g, 'N')}`))
  return { config: JSON.stringify(config), codes: codes.filter((code) => !code.startsWith('byte-order-mark')).sort() }
}

for (const { name, folder } of fixtures()) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(?:conf|inc)$/.test(file))
  for (const path of files) {
    const file = join(folder, path)
    test(`${relative(join(folder, '..'), file)} means the same, formatted or not`, (t) => {
      const text = readFileSync(file, 'latin1')
      if (REFUSED.has(name) || (name.startsWith('missing-brace-') && path === 'keepalived.conf')) {
        t.is(formatText(file, text).text, undefined)
        return
      }
      const formatted = format(text)
      same(t, tokensOf(file, formatted), tokensOf(file, text))
      same(t, meaningOf(file, formatted), meaningOf(file, text))
      t.false(formatted.includes('\r'))
    })
  }
}

interface Example {
  readonly title: string
  readonly text: string
  readonly formatted: string
}

const LONG = 'x'.repeat(1019)

const EXAMPLES: readonly Example[] = [
  {
    title: 'blocks are indented, words one blank apart',
    text: 'vrrp_instance   VI_1   {\ninterface\teth0\n  virtual_ipaddress {\n10.0.0.1/24   dev\t\teth0\n}\n      }',
    formatted: 'vrrp_instance VI_1 {\n    interface eth0\n    virtual_ipaddress {\n        10.0.0.1/24 dev eth0\n    }\n}\n',
  },
  {
    title: 'a block on one line is opened',
    text: 'global_defs { router_id a }\nvirtual_server 10.0.0.1 80{}\n',
    formatted: 'global_defs {\n    router_id a\n}\nvirtual_server 10.0.0.1 80 {\n}\n',
  },
  {
    title: 'a brace goes to its keyword, and what follows it to the next line',
    text: 'vrrp_instance A\n\n{ interface eth0\nauthentication\n{\nauth_type PASS } }\n',
    formatted: 'vrrp_instance A {\n    interface eth0\n    authentication {\n        auth_type PASS\n    }\n}\n',
  },
  {
    title: 'comments on the way of a brace go into its block',
    text: 'a # one\n# two\n{ # three\n}\nb\n{ # four\n}\n',
    formatted: 'a { # one\n    # two\n    # three\n}\nb { # four\n}\n',
  },
  {
    title: 'comments are kept to the letter',
    text: '! Configuration   File\nglobal_defs {\n#one   two\n  router_id a#  three "\n   !four\n}   #five\n',
    formatted: '! Configuration   File\nglobal_defs {\n    #one   two\n    router_id a #  three "\n    !four\n} #five\n',
  },
  {
    title: 'of blank lines one is left, and none at either end',
    text: '\n\n# a\n\n \t\n\ninstance b\n\n\n',
    formatted: '# a\n\ninstance b\n',
  },
  { title: 'an empty text stays one', text: '', formatted: '' },
  { title: 'blank lines alone are nothing', text: '\n \n', formatted: '' },
  { title: 'line ends and a byte order mark', text: '\u00ef\u00bb\u00bfa {\r\n  b\r\n}\r\n', formatted: 'a {\n    b\n}\n' },
  {
    title: 'the inside of quotes',
    text: 'x   "a   b"   c"d  e"f   g\n',
    formatted: 'x "a   b" c"d  e"f g\n',
  },
  {
    title: 'the inside of quotes of the second reading',
    text: `notify   /a   'b   c'   "d   'e"   f\\   g\n`,
    formatted: `notify /a 'b   c' "d   'e" f\\  g\n`,
  },
  {
    title: 'nothing where a quote of the second reading stays open',
    text: `a  {\n  router_id   bob's   {   router\n   }   }\n`,
    formatted: `a {\n    router_id   bob's   {   router\n    }\n}\n`,
  },
  {
    title: 'an open quote with no brace behind it',
    text: 'a   {\nb   "c   d # e\n}\n',
    formatted: 'a {\n    b   "c   d # e\n}\n',
  },
  { title: 'a backslash at the end', text: 'a {\nb   c   \\  \n}\n', formatted: 'a {\n    b   c   \\  \n}\n' },
  {
    title: 'braces in quotes and in references',
    text: 'a "{" {\nb   ${_ENV X}   ${Y}\n}\n',
    formatted: 'a "{" {\n    b   ${_ENV X}   ${Y}\n}\n',
  },
  {
    title: 'a line with a name that stands for plain words',
    text: '$A=1.2.3.4/24\nb { $A    dev   ${A} }\n$A   -x\nc   $A-   d\n',
    formatted: '$A=1.2.3.4/24\nb {\n    $A dev ${A}\n}\n$A -x\nc   $A-   d\n',
  },
  {
    title: 'not a line with a name that may stand for anything',
    text: '$A=x"\n$B= 1 \\\n 2\nc { $A   d }\ne { f   $B }\ng { h   $C }\n$B\n{\n}\n',
    formatted: '$A=x"\n$B= 1 \\\n    2\nc { $A   d }\ne { f   $B }\ng { h   $C }\n$B\n{\n}\n',
  },
  {
    title: 'not a line with a name that an included file may define again',
    text: '$A=x\ninclude   b.conf\nc   $A\n',
    formatted: '$A=x\ninclude b.conf\nc   $A\n',
  },
  {
    title: 'a definition of several lines keeps them all',
    text: '$M=   \\\nvirtual_ipaddress   { \\\n\n a  b\n$N= c { \\\nd \\\n# e\n} \nf   {\n$N\n}\n',
    formatted: '$M=   \\\n    virtual_ipaddress   { \\\n\na b\n$N= c { \\\n        d \\\n        # e\n    }\nf {\n    $N\n}\n',
  },
  {
    title: 'a definition with half a block, and its use',
    text: '$OPEN=vrrp_instance A {\n$OPEN\ninterface eth0\n}\n',
    formatted: '$OPEN=vrrp_instance A {\n$OPEN\n    interface eth0\n}\n',
  },
  {
    title: 'conditional lines that open the same block',
    text: '@one   vrrp_instance   A   {\n@two vrrp_instance B {\ninterface eth0\n@^one   priority   90\n}\n@one a { b   c }\n',
    formatted: '@one vrrp_instance A {\n@two vrrp_instance B {\n    interface eth0\n    @^one priority 90\n}\n@one a { b c }\n',
  },
  {
    title: 'a block for one router only',
    text: '@one a {\n@one b   c\n@one }\nd\n',
    formatted: '@one a {\n    @one b c\n@one }\nd\n',
  },
  {
    title: 'a condition after a brace, with all that it decides',
    text: 'a { @one b   c }\n@^one }\n',
    formatted: 'a {\n    @one b c }\n@^one }\n',
  },
  {
    title: 'sequences',
    text: 'a {\n~SEQ(N,   1, 3)   b   ${N}\n~LST({A, B}, {1, 2})   c { d }\n}\n',
    formatted: 'a {\n    ~SEQ(N,   1, 3)   b   ${N}\n    ~LST({A, B}, {1, 2})   c { d }\n}\n',
  },
  {
    title: 'include patterns',
    text: 'a {  include   b   {c,d}.conf  # e\n}\ninclude{\n}\n',
    formatted: 'a {\n    include b   {c,d}.conf # e\n}\ninclude{\n}\n',
  },
  { title: 'blanks that are neither blank nor tab', text: 'a \f b\n\f@c   d\n', formatted: 'a \f b\n\f@c d\n' },
  {
    title: 'a line that would get too long goes without its indentation',
    text: `a {\n${LONG} # d\n${LONG}#efg\n${LONG}xxx\n{#\n}\n}\n`,
    formatted: `a {\n${LONG} # d\n${LONG}#efg\n${LONG}xxx\n    { #\n    }\n}\n`,
  },
  {
    title: 'lines that nobody reads',
    text: `a {\n  ${'y '.repeat(600)}{\r\n   b\0   {\n}\n`,
    formatted: `a {\n  ${'y '.repeat(600)}{\n   b\0   {\n}\n`,
  },
]

for (const { title, text, formatted } of EXAMPLES) {
  test(title, (t) => {
    t.is(format(text), formatted)
    same(t, tokensOf('x.conf', formatted), tokensOf('x.conf', text))
  })
}

test('indentation is as wide as asked', (t) => {
  t.is(format('a {\nb {\nc\n}\n}\n', '\t'), 'a {\n\tb {\n\t\tc\n\t}\n}\n')
  t.is(format('a {\nb\n}\n', '  '), 'a {\n  b\n}\n')
})

interface Refusal {
  readonly title: string
  readonly text: string
  readonly found: readonly string[]
}

const REFUSALS: readonly Refusal[] = [
  { title: 'a block that is not closed', text: 'a {\n  b {\n}\n', found: ['missing-close-brace 1:1'] },
  { title: 'two of them', text: 'a {\n  b {\n', found: ['missing-close-brace 2:3'] },
  { title: 'braces that close nothing', text: 'a {\n}\n}\n}\n', found: ['unexpected-close-brace 3:1', 'unexpected-close-brace 4:1'] },
  { title: 'an open quote in front of a brace', text: 'a "b {\n}\n', found: ['unterminated-quote 1:3', 'unexpected-close-brace 2:1'] },
  { title: 'a block that is not closed for one router', text: '@a b {\n@c d {\ne\n', found: ['missing-close-brace 1:4'] },
]

for (const { title, text, found } of REFUSALS) {
  test(`${title} is refused`, (t) => {
    const result = formatText('x.conf', text)
    t.is(result.text, undefined)
    t.deepEqual(
      [...result.diagnostics].map(({ code, line, column }) => `${code} ${line}:${column}`),
      found,
    )
  })
}

test('a refusal shows no secret', (t) => {
  const { diagnostics } = formatText('x.conf', 'vrrp_instance A {\n  authentication {\n    PASS hunter2 "{\n    auth_type {\n')
  t.true([...diagnostics].length > 0)
  t.notRegex(JSON.stringify([...diagnostics]), /hunter2/)
})

/** Numbers that look random and are the same in each run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state / 2 ** 32
  }
}

/** What texts are made of at random. */
const PIECES =
  'a|notify|/x|b\\#c|"d  e"|"|\'|\\|{|}|{|}| |  |\t|\f|#|!|\n|\n|\r\n|@me |@^you |$A=x|$B= "|$A|${B}|$B|$ |\n$A=x\n|~SEQ(N,1,2) |~LST({P, Q}, {a}) |include|include x|\\\n| \\\n|vrrp_instance I {|interface eth0\n|\n\n\n'.split(
    '|',
  )

test('whatever a text is, it is read as before, and a second time changes nothing', (t) => {
  const random = numbers(7)
  const pick = (count: number): number => Math.floor((random.next().value ?? 0) * count)
  let accepted = 0
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: 1 + pick(24) }, () => PIECES[pick(PIECES.length)] ?? '').join('')
    if (formatText('x.conf', text).text === undefined) continue
    const formatted = format(text)
    accepted++
    same(t, tokensOf('x.conf', formatted), tokensOf('x.conf', text), JSON.stringify([text, formatted]))
    same(t, meaningOf('x.conf', formatted), meaningOf('x.conf', text), JSON.stringify([text, formatted]))
  }
  t.true(accepted > 400, `${accepted} texts were formatted`)
})

test('text that is not UTF-8 stays as it is', (t) => {
  const text = `router   "${encodeText('ä')}\u00e4\u00a0"\n`
  t.is(format(text), text.replace('   ', ' '))
})

test('no text keeps it busy', (t) => {
  const long = [
    '$A='.repeat(300_000),
    `${'~SEQ(N) '.repeat(120)}\n`.repeat(1000),
    `${'@a '.repeat(300)}{\n${'@a '.repeat(300)}}\n`.repeat(1000),
    Array.from({ length: 5000 }, (_, index) => `@${index} {\n@${index} }\n`).join(''),
    '{\n'.repeat(100_000) + '}\n'.repeat(100_000),
  ]
  // Whoever takes quadratic time over one of them runs into the limit of the test runner.
  for (const text of long) t.is(typeof format(text, '\t'), 'string')
})
