/** Input that was not written to be read: it ends with clear diagnostics, within bounds, and never throws. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { KEPT_PER_SEVERITY } from '../../src/config/diagnostic.ts'
import type { Diagnostic } from '../../src/config/diagnostic.ts'
import { MAX_FILES } from '../../src/config/expand.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { LoadedConfig } from '../../src/config/load.ts'
import { renderText } from '../../src/config/render.ts'
import { testHost } from './fixtures.ts'

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
  ...'{ } { } " \' \\ # ! @ $A= ${A} ~SEQ('.split(' '),
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
  dollars: () => `\${${'_'.repeat(50)}`,
  backslashes: () => `${'\\'.repeat(51)}\n`,
}

for (const [title, part] of Object.entries(REPEATED)) {
  test(`time grows with the text, not with its square: ${title}`, (t) => {
    const text = (octets: number): string => {
      const parts: string[] = []
      for (let length = 0; length < octets; length += parts.at(-1)?.length ?? 0) parts.push(part(parts.length))
      return parts.join('')
    }
    const best = (input: string): number =>
      Math.min(
        ...Array.from({ length: 3 }, () => {
          const start = performance.now()
          loadText(input)
          return performance.now() - start
        }),
      )
    const small = text(100_000)
    const large = text(800_000)
    best(small)
    // Eight times the text: a square takes 64 times as long. Below 100 ms, other work on the machine decides.
    const [before, after] = [best(small), best(large)]
    t.true(after < 20 * before || after < 100, `${before} ms, then ${after} ms`)
  })
}

test('a line of 220,000 carriage returns is shown at once', (t) => {
  const start = performance.now()
  const { diagnostics } = loadText(`x${'\r'.repeat(220_000)}y\n${INSTANCE}`)
  t.deepEqual(codes({ diagnostics } as LoadedConfig), ['line-too-long'])
  t.true(renderText(diagnostics).length < 1000)
  t.true(performance.now() - start < 1000)
})

test('patterns of many stars and sets stop at a limit', (t) => {
  const folder = join(scratch, 'names')
  mkdirSync(folder)
  for (let index = 0; index < 200; index++) writeFileSync(join(folder, `${'a'.repeat(240)}${index}`), '')
  for (const pattern of ['*a'.repeat(400), `*${'[['.repeat(400)}`, `*${'[a-z]'.repeat(100)}!`, `{${'*a*a*b,'.repeat(100)}x}`]) {
    const file = join(folder, 'main.conf')
    writeFileSync(file, `include ${pattern}\n`)
    const start = performance.now()
    loadConfig({ file, host: testHost() })
    t.true(performance.now() - start < 2000, pattern.slice(0, 20))
  }
})
