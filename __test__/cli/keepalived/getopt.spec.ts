/** The reader of options beside getopt_long itself, which the program getopt(1) of util-linux is made of. */
import { spawnSync } from 'node:child_process'
import test from 'ava'
import { array, assert, constantFrom, property } from 'fast-check'
import { readOptions } from '../../../src/cli/keepalived/getopt.ts'
import type { OptionName } from '../../../src/cli/keepalived/getopt.ts'

const OPTIONS: readonly OptionName[] = [
  { short: 'a', long: 'all', value: 'none' },
  { short: 'b', value: 'none' },
  { short: 'f', long: 'file', value: 'required' },
  { short: 't', long: 'test', value: 'optional' },
  { long: 'test-more', value: 'none' },
  { long: 'file-name', value: 'required' },
  { long: 'other', value: 'optional' },
]

const MARKS = { none: '', required: ':', optional: '::', rest: '' } as const

/** What getopt(1) makes of the words, in its own form: options, quoted values, `--`, the other words, quoted. */
function reference(words: readonly string[]): readonly string[] | undefined {
  const shorts = OPTIONS.map(({ short = '', value }) => (short === '' ? '' : short + MARKS[value])).join('')
  const longs = OPTIONS.flatMap(({ long, value }) => (long === undefined ? [] : [long + MARKS[value]])).join(',')
  const { status, stdout } = spawnSync('getopt', ['-o', shorts, '-l', longs, '--', ...words], { encoding: 'utf8' })
  if (status !== 0) return undefined
  // A value that is left out is an empty one there.
  const parts = stdout.trim().split(' ')
  return parts.filter((part) => part !== "''").map(withLongName)
}

/** Either name of an option means the same. */
function withLongName(part: string): string {
  const long = OPTIONS.find(({ short }) => part === `-${short}`)?.long
  return long === undefined ? part : `--${long}`
}

/** The same of ours. `undefined` where there is a mistake. */
function ours(words: readonly string[]): readonly string[] | undefined {
  const found = readOptions(words, OPTIONS)
  if (found.some(({ kind }) => kind === 'unknown' || kind === 'missing')) return undefined
  const options = found.flatMap((one) => {
    if (one.kind !== 'option') return []
    const { option, value } = one
    return [option.long === undefined ? `-${option.short}` : `--${option.long}`, ...(value === undefined ? [] : [`'${value}'`])]
  })
  return [...options, '--', ...found.flatMap((one) => (one.kind === 'word' ? [`'${one.text}'`] : []))]
}

const WORDS = [
  '-a',
  '-b',
  '-ab',
  '-f',
  '-fx',
  '-af',
  '-t',
  '-tx',
  '-z',
  '-',
  '--',
  '--all',
  '--al',
  '--file',
  '--file=x',
  '--file-',
  '--fil=x',
]
const MORE_WORDS = [
  '--test',
  '--test=x',
  '--test-',
  '--te',
  '--o',
  '--other=x',
  '--all=x',
  '--nothing',
  '--file-name',
  'x',
  'word',
  '-bt',
  '-btx',
]

const isInstalled = spawnSync('getopt', ['--test']).status === 4
if (!isInstalled) console.warn('options are not compared: getopt(1) of util-linux is not installed')
const realTest = isInstalled ? test : test.skip

realTest('each word is read as getopt_long reads it', (t) => {
  for (const word of [...WORDS, ...MORE_WORDS]) {
    for (const words of [[word], [word, 'x'], ['x', word], ['-a', word, '-b']]) t.deepEqual(ours(words), reference(words), words.join(' '))
  }
})

realTest('so is any line of such words', (t) => {
  const lines = array(constantFrom(...WORDS, ...MORE_WORDS), { maxLength: 5 })
  assert(
    property(lines, (words) => {
      t.deepEqual(ours(words), reference(words), words.join(' '))
    }),
    { numRuns: 300 },
  )
})

test('what is wrong is told as it is written', (t) => {
  const told = (...words: string[]): unknown =>
    readOptions(words, OPTIONS).map(({ kind, ...rest }) => [kind, 'text' in rest ? rest.text : ''])
  t.deepEqual(told('-az'), [
    ['option', ''],
    ['unknown', '-z'],
  ])
  t.deepEqual(told('--nothing=x'), [['unknown', '--nothing=x']])
  t.deepEqual(told('--all=x'), [['unknown', '--all=x']])
  t.deepEqual(told('-f'), [['missing', '-f']])
  t.deepEqual(told('--file'), [['missing', '--file']])
  t.deepEqual(told('--', '-z'), [['word', '-z']])
})

test('an option with a value takes any word for it', (t) => {
  t.deepEqual(
    readOptions(['-f', '--', '--file', '-a'], OPTIONS).map((one) => one.kind === 'option' && one.value),
    ['--', '-a'],
  )
})

test('a short option may be a character of more than one code unit', (t) => {
  t.deepEqual(
    readOptions(['-😀a'], OPTIONS).map((one) => one.kind),
    ['unknown', 'option'],
  )
})

test('with an option that is another program, what follows is left alone', (t) => {
  const program: OptionName = { short: 'T', long: 'tool', value: 'rest' }
  const options = [...OPTIONS, program]
  const rest = (name: string, args: readonly string[]) => ({ kind: 'rest', option: program, name, args })
  t.deepEqual(readOptions(['--tool', '-a', '--', 'x'], options), [rest('--tool', ['-a', '--', 'x'])])
  t.deepEqual(readOptions(['--to', '--nothing'], options), [rest('--tool', ['--nothing'])])
  t.deepEqual(readOptions(['-T'], options), [rest('-T', [])])
  t.deepEqual(readOptions(['-aTzx', '-q'], options), [{ kind: 'option', option: OPTIONS[0] }, rest('-T', ['-zx', '-q'])])
  t.deepEqual(readOptions(['--tool=x'], options), [{ kind: 'unknown', text: '--tool=x' }])
})
