/** Which problems of which include word are errors (the table of language.md, section 4), and what is read. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { MAX_OCTETS } from '../../../src/config/text/bounds.ts'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../../src/config/text/expand.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ka-include-'))
test.after.always(() => rmSync(scratch, { recursive: true }))
mkdirSync(join(scratch, 'directory'))
writeFileSync(join(scratch, 'executable'), 'never read\n')
chmodSync(join(scratch, 'executable'), 0o644 | 0o100)
writeFileSync(join(scratch, 'one.part'), 'one\n')
writeFileSync(join(scratch, 'two.part'), 'two\n')

type Outcome = 'silent' | 'message' | 'error'

/** Patterns for what the columns of the table are about. */
const PATTERNS = ['none', 'none*', '{none,one.part}', 'directory', 'executable'] as const
const WORDS: Readonly<Record<string, readonly Outcome[]>> = {
  include: ['message', 'silent', 'message', 'message', 'message'],
  includer: ['message', 'silent', 'message', 'error', 'error'],
  includem: ['error', 'silent', 'message', 'error', 'error'],
  includew: ['error', 'error', 'message', 'error', 'error'],
  includeb: ['message', 'silent', 'error', 'error', 'error'],
  includea: ['error', 'error', 'error', 'error', 'error'],
}

function read(text: string): { words: string; outcome: Outcome } {
  const diagnostics = new Diagnostics()
  const { tokens } = expand(join(scratch, 'keepalived.conf'), text, diagnostics, { configId: 'me' })
  const words = Array.from({ length: tokens.count }, (_, index) => tokens.text(index)).filter((word) => word !== '')
  return { words: words.join(' '), outcome: diagnostics.count('error') > 0 ? 'error' : diagnostics.total > 0 ? 'message' : 'silent' }
}

for (const [word, outcomes] of Object.entries(WORDS)) {
  for (const [index, pattern] of PATTERNS.entries()) {
    const outcome = outcomes[index] ?? 'silent'
    test(`section 4: ${word} ${pattern}: ${outcome}`, (t) => {
      t.deepEqual(read(`${word} ${pattern}\nafter`), { words: pattern.includes('one.part') ? 'one after' : 'after', outcome })
    })
  }
}

const READ: Readonly<Record<string, string>> = {
  'include *.part': 'one two',
  'include {two,one}.part # both': 'two one',
  '$F=one.part\ninclude $F': 'one',
  '$F=one\ninclude ${F}.part\n@me include ${F}.part\n@you include ${F}.part': 'one one',
  '$G=include one.part\n$G': 'one',
  '~LST(F,one,two) include ${F}.part': 'one two',
  '$M=a \\\ninclude one.part \\\nb\nx $M': 'x a one b',
  'a { include one.part': 'a { one',
  'x include one.part': 'x include one.part',
  'includes one.part': 'includes one.part',
}

test('section 5: p_${_PWD} is the directory of the file being read', (t) => {
  writeFileSync(join(scratch, 'directory', 'pwd.inc'), 'q_${_PWD}\n')
  const directory = realpathSync(scratch)
  t.deepEqual(read('p_${_PWD}\ninclude directory/pwd.inc\nr_$_PWD'), {
    words: `p_${directory} q_${directory}/directory r_${directory}`,
    outcome: 'silent',
  })
})

test('files that are too large together are left out with one error', (t) => {
  writeFileSync(join(scratch, 'large.inc'), '')
  truncateSync(join(scratch, 'large.inc'), MAX_OCTETS)
  const diagnostics = new Diagnostics()
  const { files } = expand(join(scratch, 'keepalived.conf'), 'include {one.part,large.inc,two.part}\ninclude two.part', diagnostics)
  t.deepEqual(files, [join(scratch, 'keepalived.conf'), join(scratch, 'one.part')])
  t.deepEqual(
    [...diagnostics].map(({ code, refusesStart }) => ({ code, refusesStart })),
    [{ code: 'too-many-files', refusesStart: true }],
  )
})

test('a definition ends with its file, with a remark that keepalived sees it otherwise', (t) => {
  writeFileSync(join(scratch, 'open.inc'), '$M=a \\\nb \\\n')
  t.deepEqual(read('include open.inc\nx $M\ny'), { words: 'x a b y', outcome: 'message' })
  t.deepEqual(read('y\n$M=a \\'), { words: 'y', outcome: 'silent' })
})

for (const [text, words] of Object.entries(READ)) {
  test(`section 4: ${JSON.stringify(text)} reads ${words}`, (t) => {
    t.deepEqual(read(text), { words, outcome: 'silent' })
  })
}
