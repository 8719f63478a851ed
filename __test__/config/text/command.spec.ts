import test from 'ava'
import { splitCommand } from '../../../src/config/text/command.ts'

const CASES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['/opt/n.sh', ['/opt/n.sh']],
  ['  a\tb  ', ['a', 'b']],
  [String.raw`/opt/n.sh 'one two' \x41`, ['/opt/n.sh', 'one two', 'A']],
  ['ab"c d"e', ['abc de']],
  [`'a'"b"c`, ['abc']],
  [`"it's" 'say "x"'`, ["it's", 'say "x"']],
  [`a '' ""`, ['a', '', '']],
  [String.raw`a\ b`, ['a b']],
  [String.raw`\"a\'`, [`"a'`]],
  [String.raw`\a\b\E\f\n\r\t\v`, ['\u0007\b\u001b\f\n\r\t\v']],
  [String.raw`\101\7\0601`, ['A\u000701']],
  [String.raw`\x4a\x4z`, ['J\u0004z']],
  [String.raw`\cA\cz`, ['\u0001\u001a']],
  [String.raw`\q\\`, [String.raw`q${'\\'}`]],
  ['', []],
  // The second octet of a UTF-8 character may be 0xa0, which is no blank here.
  ['\u00c3\u00a0 \u00c2\u00a0', ['\u00c3\u00a0', '\u00c2\u00a0']],
  ['a\tb\vc\fd\re', ['a', 'b', 'c', 'd', 'e']],
]

for (const [line, words] of CASES) {
  test(`decodes <${line}>`, (t) => {
    t.deepEqual(splitCommand(line, 'decode'), { words: [...words] })
  })
}

test('the first of two readings keeps escapes for the second', (t) => {
  t.deepEqual(splitCommand(String.raw`notify "/n.sh 'a b' \x41\"" bob`, 'keep'), {
    words: ['notify', String.raw`/n.sh 'a b' \x41\"`, 'bob'],
  })
})

test('an open quote and a backslash at the end are problems', (t) => {
  t.deepEqual(splitCommand(`a 'b`, 'decode'), { problem: 'open-quote', quote: "'" })
  t.deepEqual(splitCommand('a "b', 'keep'), { problem: 'open-quote', quote: '"' })
  t.deepEqual(splitCommand('a\\', 'decode'), { problem: 'open-escape' })
})
