/** Input that was not written to be read: it ends with clear diagnostics, within bounds, and never throws. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  MAX_EXPANDED_LINES,
  MAX_EXPANDED_OCTETS,
  MAX_EXPANSION_DEPTH,
  MAX_FILES,
  MAX_SUBSTITUTIONS_PER_LINE,
} from '../../src/config/text/bounds.ts'
import { Diagnostics, KEPT_PER_SEVERITY } from '../../src/config/diagnostics/diagnostic.ts'
import type { Diagnostic } from '../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../src/config/text/expand.ts'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { LoadedConfig } from '../../src/config/load.ts'
import { renderText } from '../../src/config/diagnostics/render.ts'
import { testHost } from './fixtures.ts'
import { squareGrowth } from './growth.ts'
import { formatText } from '../../src/config/format/format.ts'

const INSTANCE = 'vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 10.0.0.1/24\n }\n}\n'

const scratch = mkdtempSync(join(tmpdir(), 'ka-hostile-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

function loadText(text: string): LoadedConfig {
  return loadConfig({ file: 'keepalived.conf', text, host: testHost() })
}

function loadOctets(name: string, octets: Uint8Array): LoadedConfig {
  const file = join(scratch, name)
  writeFileSync(file, octets)
  return loadConfig({ file, host: testHost() })
}

function codes({ diagnostics }: LoadedConfig): string[] {
  return [...diagnostics].map(({ code }) => code)
}

/** A small generator with a fixed seed: the same input in every run. */
function random(seed: number): () => number {
  const state = new Uint32Array([seed])
  return () => {
    let value = state[0] ?? 0
    value ^= value << 13
    value ^= value >>> 17
    value ^= value << 5
    state[0] = value
    return (state[0] ?? 0) / 2 ** 32
  }
}

test('binary garbage', (t) => {
  const next = random(1)
  const loaded = loadOctets(
    'garbage',
    Uint8Array.from({ length: 1_000_000 }, () => Math.floor(next() * 256)),
  )
  t.true(loaded.diagnostics.count('error') > KEPT_PER_SEVERITY)
  t.true([...loaded.diagnostics].length <= 3 * KEPT_PER_SEVERITY)
  const text = renderText(loaded.diagnostics)
  t.true(text.split('\n').length < 1000)
  t.regex(text, /and \d+ errors(, \d+ warnings)?(, \d+ notes)? more\n$/)
  // oxlint-disable-next-line no-control-regex -- nothing may reach a terminal as a control sequence
  t.notRegex(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
})

test('a file of NUL bytes', (t) => {
  t.deepEqual(codes(loadOctets('nul', new Uint8Array(1000))), ['nul-byte'])
  t.deepEqual(codes(loadOctets('nuls', new Uint8Array(5_000_000))), ['line-too-long'])
})

test('octets that are not UTF-8 stay what they are', (t) => {
  const { config } = loadOctets('latin1', Buffer.from(INSTANCE.replace('VI_1', 'Z\u00fcrich'), 'latin1'))
  t.is(config.vrrpInstances[0]?.name, 'Z\u00fcrich')
})

test('a line of 5 MB, and what follows is read', (t) => {
  const loaded = loadText(`priority ${'x '.repeat(2_500_000)}\n${INSTANCE}`)
  t.deepEqual(codes(loaded), ['line-too-long'])
  t.is(loaded.config.vrrpInstances.length, 1)
  t.true(renderText(loaded.diagnostics).length < 1000)
})

test('10,000 nested blocks', (t) => {
  const depth = 10_000
  t.deepEqual(codes(loadText(`${'a {\n'.repeat(depth)}${'}\n'.repeat(depth)}${INSTANCE}`)), ['unknown-keyword'])
  t.deepEqual(codes(loadText('a {\n'.repeat(depth))), ['unknown-keyword', 'missing-close-brace'])
  t.deepEqual(codes(loadText(`${'vrrp_instance A {\n'.repeat(depth)}${'}\n'.repeat(depth)}`)).slice(0, 1), ['misplaced-block'])
  t.is(loadText('global_defs {\n'.repeat(depth)).diagnostics.count('error'), depth)
})

test('10,000 braces of one kind', (t) => {
  t.deepEqual(codes(loadText('{'.repeat(1000).concat('\n').repeat(10))), ['unexpected-open-brace', 'missing-close-brace'])
  const { diagnostics } = loadText('}\n'.repeat(10_000))
  t.is(diagnostics.count('error'), 10_000)
  t.is([...diagnostics].length, KEPT_PER_SEVERITY)
})

test('quotes that are never closed', (t) => {
  const { diagnostics } = loadText(`${'"\n'.repeat(5000)}${INSTANCE.replaceAll('\n', ' "\n')}`)
  t.deepEqual([...new Set([...diagnostics].map(({ code }) => code))], ['unterminated-quote'])
})

test('a long word without a keyword near it', (t) => {
  const [diagnostic] = loadText('x'.repeat(1000)).diagnostics
  t.is(diagnostic?.code, 'unknown-keyword')
  t.true((diagnostic?.message.length ?? 0) < 120)
  t.true((diagnostic?.excerpt?.text.length ?? 0) <= 160)
})

test('includes that double at every level stop at a limit', (t) => {
  const folder = join(scratch, 'doubling')
  mkdirSync(folder)
  for (let level = 0; level < 40; level++) writeFileSync(join(folder, String(level)), `include ${level + 1}\ninclude ${level + 1}\n`)
  writeFileSync(join(folder, '40'), 'router_id x\n')
  const { diagnostics, files } = loadConfig({ file: join(folder, '0'), host: testHost() })
  const found = [...diagnostics].find(({ code }) => code === 'too-many-files')
  t.regex(found?.message ?? '', new RegExp(String(MAX_FILES)))
  t.is(files.length, 41)
  t.true((found?.includedFrom.length ?? 0) > 0)
})

test('a pattern with endless alternatives stops at a limit', (t) => {
  t.true(codes(loadText(`include ${'{a,b}'.repeat(150)}\n`)).includes('too-many-files'))
})

const VOCABULARY = [
  ...'vrrp_instance global_defs virtual_ipaddress authentication auth_pass interface eth0 priority notify state include'.split(' '),
  ...'10.0.0.1/24 fe80::1 dev peer brd + 255 1.5 MASTER true VI_1 track_script include_check'.split(' '),
  ...'{ } { } " \' \\ # ! @ @router1 $A= ${A} $A ~SEQ( ~SEQ(A,1,2) ~LST(A,x,y)'.split(' '),
  '\n',
  '\r\n',
  '\n\n',
  '\t',
  '\0',
  '\u00e9',
  '\u001b',
]

test('random text never throws, and every diagnostic points into it', (t) => {
  const next = random(7)
  for (let round = 0; round < 3000; round++) {
    const length = Math.floor(next() * 60)
    const glue = next() < 0.5 ? ' ' : ''
    const text = Array.from({ length }, () => VOCABULARY[Math.floor(next() * VOCABULARY.length)] ?? '').join(glue)
    const problem = [...loadText(text).diagnostics].find((diagnostic) => !pointsInto(text, diagnostic))
    t.is(problem, undefined, JSON.stringify(text))
  }
})

function pointsInto(text: string, { line, column, excerpt }: Diagnostic): boolean {
  const shown = text.split('\n')[(line ?? 0) - 1]
  if (shown === undefined || column === undefined || excerpt === undefined) return false
  return column >= 1 && column <= shown.length + 1 && excerpt.before >= 0 && excerpt.length >= 1
}

/** What a text is made of, over and over: each must be read in time that grows with the text alone. */
const REPEATED: Readonly<Record<string, (index: number) => string>> = {
  'blocks and mistakes': (index) =>
    `virtual_server 10.0.0.${index % 250} 80 {\n real_server 10.1.0.1 80 {\n  weight 1\n }\n}\n` +
    `vrrp_instance V${index} {\n interface eth0\n bogus ${index}\n priority x\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n`,
  'Windows line ends': (index) => `vrrp_instance V${index} {\r\n interface eth0\r\n bogus\r\n}\r\n`,
  'lines of carriage returns': () => `bogus${'\r'.repeat(60)}\n`,
  'one line of carriage returns': () => '\r'.repeat(60),
  'carriage returns in one line': () => `${'\r'.repeat(60)}x`,
  'blocks that are never closed': (index) => `vrrp_instance V${index} {\n interface eth0\n bogus {\n`,
  'unknown blocks that are never closed': () => `bogus {\n x {\n vrrp_script s {\n`,
  'braces of one kind': () => '}\n{\n{\n',
  'one line of words': () => 'word " x { ',
  'lines that look like passwords': () => `${'pass'.repeat(60)} x\n`,
  comments: () => `# ${'pass ${A} " '.repeat(5)}\n`,
  'quotes that stay open': () => `authentication {\n "${'a"b'.repeat(15)}\n}\n`,
  references: (index) => `$A${index}=x\nbogus_\${A${index}} $A${index} \${A}\n`,
  'references that are none': () => `\${A \${A $\n`,
  'definitions of several lines': (index) => `$M=x \\\ny${index} \\\nz\na $M\n`,
  'definitions without an end': () => '$M=x \\\n',
  conditions: () => '@router1 @^other bogus\n@other bogus\n',
  sequences: () => '~SEQ(N,1,2) ~LST(P,a,b) bogus $P ${N}\n',
  'sequences that are none': () => '~SEQ(N,1,x) bogus\n~LST(N, {{{{ ) bogus\n~SEQ(((((\n',
  dollars: () => `\${${'_'.repeat(50)}`,
  'instances that are not there': (index) => (index === 0 ? 'vrrp_sync_group G {\n group {\n' : `V${index}\n`),
  'interfaces that are not there': (index) => (index === 0 ? 'garp_group {\n garp_interval 1\n interfaces {\n' : `eth${index}\n`),
  'delays of interfaces with many instances': (index) =>
    `vrrp_instance V${index} {\n interface eth0\n virtual_router_id 1\n}\ninterface_up_down_delays {\n eth0 1 1\n}\n`,
  backslashes: () => `${'\\'.repeat(51)}\n`,
}

for (const [title, part] of Object.entries(REPEATED)) {
  test(`time grows with the text, not with its square: ${title}`, (t) => {
    const text = (octets: number): string => {
      const parts: string[] = []
      for (let length = 0; length < octets; length += parts.at(-1)?.length ?? 0) parts.push(part(parts.length))
      return parts.join('')
    }
    t.is(squareGrowth(50_000, text, loadText), undefined)
  })
}

const DOUBLING_LINES = Array.from({ length: 60 }, (_, level) => `$L${level + 1}=$L${level} \\\n$L${level}\n`).join('')
const DOUBLING_TEXT = Array.from({ length: 60 }, (_, level) => `$L${level + 1}=\${L${level}}\${L${level}}\n`).join('')
const GROWING = Array.from({ length: 2 * MAX_EXPANSION_DEPTH }, (_, level) => `$L${level + 1}=$L${level} \\\nx\n`).join('')
const WITHOUT_END = '~SEQ(N,1,1000000000000000000)'

/** Texts that would make more of themselves than any memory holds, and the error that they end with. */
const ENDLESS: Readonly<Record<string, readonly [text: string, code: string]>> = {
  'a sequence of 10^18 lines': [`${WITHOUT_END} x`, 'expansion-too-large'],
  'a sequence of 10^18 references': [`${WITHOUT_END} x \${N}`, 'expansion-too-large'],
  'a sequence of 10^18 conditions that are not met': [`${WITHOUT_END} @other x`, 'expansion-too-large'],
  'a sequence of 10^18 definitions': [`${WITHOUT_END} $V\${N}=x`, 'expansion-too-large'],
  'a sequence of 10^18 long lines': [`${WITHOUT_END} ${'x'.repeat(900)}`, 'expansion-too-large'],
  'a sequence of 10^18 lines of braces': [`${WITHOUT_END} ${'{'.repeat(900)}`, 'expansion-too-large'],
  'a sequence of 10^18 open quotes': [`${WITHOUT_END} a "b`, 'unterminated-quote expansion-too-large'],
  'sequences of sequences': ['~SEQ(A,1,1000) ~SEQ(B,1,1000) ~SEQ(C,1,1000) x_${A}', 'expansion-too-large'],
  'references that are replaced by nothing': [`$E=\n${WITHOUT_END} ${'${E}'.repeat(200)}x`, 'expansion-too-large'],
  'lines that double': [`$L0=x \\\nx\n${DOUBLING_LINES}a $L60`, 'expansion-too-large'],
  'a text that doubles': [`$L0=x\n${DOUBLING_TEXT}a $L60`, 'expansion-too-long'],
  'a text of nothing that doubles': [`$L0=\n${DOUBLING_TEXT}a $L60`, 'expansion-too-long'],
  'definitions in each other': [`$L0=x \\\nx\n${GROWING}$L${2 * MAX_EXPANSION_DEPTH}`, 'expansion-too-deep'],
  'a sequence in itself': ['$A=~SEQ(I,1,2) $A\n$A', 'expansion-too-deep'],
  'sequences in each other': ['$A=~SEQ(I,1,2) $B\n$B=~SEQ(J,1,2) $A\n$A', 'expansion-too-deep'],
  'a definition of itself': ['$A=x$A\na $A', 'circular-definition'],
  'a definition of itself in its second line': ['$M=x \\\n$M\na $M', 'circular-definition'],
  'definitions of each other': ['$A=x$B\n$B=y$A\na $A', 'circular-definition'],
  'a name made of parts that is its own text': ['$D=$\n$A=${D}A $D\n$A', 'circular-definition'],
  'a name made of two parts over and over': ['$Q=$${X}\n$X=Q \n$Q', 'expansion-too-long'],
  'a comment over and over': ['$Q=$Q${_HASH}\na $Q', 'circular-definition'],
  'a sequence of nothing': [WITHOUT_END, 'expansion-too-large'],
  'the value of an environment variable that asks for itself': ['${_ENV KA_TEST_ENDLESS}', 'expansion-too-long'],
}

for (const [title, [text, wanted]] of Object.entries(ENDLESS)) {
  test(`${title}: one error, and reading goes on`, (t) => {
    process.env['KA_TEST_ENDLESS'] = '${_ENV KA_TEST_ENDLESS}'
    const diagnostics = new Diagnostics()
    const { tokens } = expand('keepalived.conf', `${text}\nafter`, diagnostics)
    t.is([...diagnostics].map(({ code }) => code).join(' '), wanted)
    t.is(tokens.text(tokens.count - 2), 'after')
    // An octet makes a token at most, and a line one more.
    t.true(tokens.count <= MAX_EXPANDED_OCTETS + MAX_EXPANDED_LINES + text.length)
  })
}

test('after too much expansion nothing more is expanded, and nothing that needs it is read', (t) => {
  const diagnostics = new Diagnostics()
  const { tokens } = expand('keepalived.conf', `$A=x\n${WITHOUT_END} @other x\na $A\n~SEQ(N,1,2) b\nc $D\n@^other d`, diagnostics)
  t.is(diagnostics.total, 1)
  t.true(diagnostics.refusesStart)
  const words = Array.from({ length: tokens.count }, (_, index) => tokens.text(index))
  t.deepEqual(words, ['c', '$D', '', 'd', ''])
})

test('as many references of a line as can be are replaced', (t) => {
  const diagnostics = new Diagnostics()
  const nested = '$E=\n$F=${E}${E}${E}${E}${E}${E}${E}${E}${E}\n'
  // Ten references each.
  expand('keepalived.conf', `${nested}x${'${F}'.repeat(MAX_SUBSTITUTIONS_PER_LINE / 10)}`, diagnostics)
  t.is(diagnostics.total, 0)
  expand('keepalived.conf', `${nested}x${'${F}'.repeat(MAX_SUBSTITUTIONS_PER_LINE / 10)}\${E}`, diagnostics)
  t.deepEqual(
    [...diagnostics].map(({ code }) => code),
    ['expansion-too-long'],
  )
})

test('a file that includes itself by a reference or a sequence is circular, reported once for each line', (t) => {
  const file = join(scratch, 'self.conf')
  writeFileSync(file, '$SELF=self\ninclude ${SELF}.conf\n~SEQ(N,1,3) include self.conf\n')
  t.deepEqual(codes(loadConfig({ file, host: testHost() })), ['circular-include', 'circular-include'])
})

test('a sequence of includes stops at the limit of files', (t) => {
  writeFileSync(join(scratch, 'one.part'), '\n')
  const file = join(scratch, 'many.conf')
  writeFileSync(file, `${WITHOUT_END} include one.part\n`)
  const { diagnostics, files } = loadConfig({ file, host: testHost() })
  t.deepEqual(files, [file, join(scratch, 'one.part')])
  t.deepEqual(
    [...diagnostics].map(({ code }) => code),
    ['too-many-files', 'expansion-too-large'],
  )
  t.true(diagnostics.hasClass('include-error'))
})

test('a line of 220,000 carriage returns is shown in short', (t) => {
  const { diagnostics } = loadText(`x${'\r'.repeat(220_000)}y\n${INSTANCE}`)
  t.deepEqual(codes({ diagnostics } as LoadedConfig), ['line-too-long'])
  t.true(renderText(diagnostics).length < 1000)
})

test('patterns of many stars and sets stop at a limit', (t) => {
  const folder = join(scratch, 'names')
  mkdirSync(folder)
  for (let index = 0; index < 200; index++) writeFileSync(join(folder, `${'a'.repeat(240)}${index}`), '')
  for (const pattern of ['*a'.repeat(400), `*${'[['.repeat(400)}`, `*${'[a-z]'.repeat(100)}!`, `{${'*a*a*b,'.repeat(100)}x}`]) {
    const file = join(folder, 'main.conf')
    writeFileSync(file, `includea ${pattern}\n`)
    // Without a limit this would not end.
    const { diagnostics } = loadConfig({ file, host: testHost() })
    t.true(diagnostics.total > 0, pattern.slice(0, 20))
  }
})

test('many patterns stop at a limit together', (t) => {
  const folder = join(scratch, 'patterns')
  mkdirSync(folder)
  for (let index = 0; index < 300; index++) writeFileSync(join(folder, `file${index}`), '')
  const file = join(folder, 'main.conf')
  writeFileSync(file, 'include *x\n'.repeat(5000))
  const [first] = loadConfig({ file, host: testHost() }).diagnostics
  t.is(first?.code, 'too-many-files')
  t.true((first?.line ?? 0) > 3000)
})

test('definitions that hold more braces than memory: a layout all the same', (t) => {
  const doubling = (name: string, inner: string): string => `$${name}= \\\n${`$${inner} `.repeat(300)}\n`
  const text = `$A=${'{'.repeat(900)}\n${doubling('B', 'A')}${doubling('C', 'B')}${doubling('D', 'C')}a $D\n`
  t.true(formatText('x.conf', text).text?.endsWith('a $D\n'))
})

test('files that never end are no keys and no tables', (t) => {
  const key = INSTANCE.replace('interface', 'auth_hmac {\n key 1 file:/dev/zero\n }\n interface')
  t.true(codes(loadText(key)).includes('invalid-word'))
  mkdirSync(join(scratch, 'etc'))
  spawnSync('mkfifo', [join(scratch, 'etc/rt_tables')])
  t.is(localHost().iprouteNames(join(scratch, 'etc'), 'rt_tables').size, 0)
})

test('a word that looks like a pattern does not bring its password into the message', (t) => {
  for (const lead of ['$&', "$'", '$`', '$$']) {
    const [diagnostic] = loadText(`${lead}pass_hunter2 x\n`).diagnostics
    t.false(JSON.stringify(diagnostic).includes('hunter2'), lead)
  }
})
