import test from 'ava'
import { loadConfig } from '../../../src/config/load.ts'
import { regexOptions, regexPattern, regexStack } from '../../../src/config/forms/regex.ts'
import { testHost } from '../fixtures.ts'
import { readValue } from '../values.ts'
import { readAgain } from './again.ts'

const PATTERN = regexPattern()

/** What a line of a URL says. */
function patternOf(line: string): string | undefined {
  const server = `virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\nHTTP_GET {\nurl {\npath /\n${line}\n}\n}\n}\n}\n`
  const { config } = loadConfig({ file: 'keepalived.conf', text: server, host: testHost() })
  return config.virtualServers[0]?.realServers[0]?.httpGets[0]?.urls[0]?.regex
}

const LINES = {
  'regex foo': 'foo',
  'regex "foo bar"': 'foo bar',
  "regex 'foo bar'": 'foo bar',
  [String.raw`regex "a'b" # comment`]: "a'b",
  [String.raw`regex ab"c d"e`]: 'abc de',
  [String.raw`regex "\\d+\x41\101\cA\n\q"`]: '\\d+AA\u0001\nq',
  'regex ""': '',
  'regex (a|b)+c$': '(a|b)+c$',
  'regex "grün"': 'grün',
} as const

for (const [line, pattern] of Object.entries(LINES)) test(line, (t) => t.is(patternOf(line), pattern))

for (const line of ['regex', 'regex a b', "regex 'a b", 'regex "a b', 'regex a\\'])
  test(`${line} says nothing`, (t) => t.is(patternOf(line), undefined))

test('a pattern is written so that it is read again', (t) => {
  for (const pattern of ['', 'a b', `it's "quoted"`, String.raw`^\d{3}\s#!$`, 'new\nline', 'grün €', '{a}', '\u0001']) {
    const [word = ''] = PATTERN.toWords(pattern) ?? []
    t.is(patternOf(word.includes('\\') ? `regex "${word}"` : `regex ${word}`), pattern)
  }
  t.is(PATTERN.toWords(1), undefined)
})

test('unknown options mean nothing', (t) => {
  const form = regexOptions()
  const { value, codes } = readValue(form, 'regex_options', ['caseless', 'bogus', 'utf', 'caseless'])
  t.deepEqual(value, ['caseless', 'utf'])
  t.deepEqual(codes, [])
  t.deepEqual(readAgain(form, 'regex_options', value), value)
  t.is(form.toWords(['bogus']), undefined)
  t.is(form.toWords('caseless'), undefined)
})

test('the first size of a stack is not larger than the second', (t) => {
  const form = regexStack()
  const value = { start: 32, max: 64 }
  t.deepEqual(readValue(form, 'regex_stack', ['32', '64']).value, value)
  t.deepEqual(readAgain(form, 'regex_stack', value), value)
  for (const words of [[], ['32'], ['64', '32'], ['0', '1'], ['x', '1'], ['1', 'x']])
    t.is(readValue(form, 'regex_stack', words).value, undefined)
  t.is(form.toWords({ start: 1 }), undefined)
})
