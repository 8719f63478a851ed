/**
 * What Debian's keepalived 2.2.7 says of the same texts: the exit status of `keepalived -t` for every case, and
 * how it reads lines. A case whose status differs says why in its expected.json.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test from 'ava'
import { fixtures } from './fixtures.ts'
import { runInNamespace, whyUnavailable } from './keepalived.ts'
import { CONDITIONS, PREDEFINED, REFERENCES, SEQUENCES, WORDS } from './text/language-rows.ts'

/** Prints the status of each configuration. */
const STATUSES = `for folder in "$@"; do
  status=0
  (cd "$folder" && timeout 20 keepalived -t -i router1 -f keepalived.conf >/dev/null 2>&1) || status=$?
  echo "$(basename "$folder") $status"
done`

/** Prints what the first of keepalived's processes says of each file, and \`---\` behind it. */
const COMPLAINTS = `for file in "$@"; do
  timeout 20 keepalived -t -i me -f "$file" 2>&1 | grep '^(Line' || true
  echo ---
done`

/** Inputs that the real program never comes back from. */
const ENDLESS = 'keepalived crashes or never ends'

/** Words that mean something at the top level or in global_defs. */
const KNOWN: ReadonlySet<string> = new Set(['{', '}', 'global_defs', 'router_id'])

const scratch = mkdtempSync(join(tmpdir(), 'ka-keepalived-'))
test.after.always(() => rmSync(scratch, { recursive: true }))

const unavailable = whyUnavailable()
const run = unavailable === undefined ? test : test.skip
if (unavailable !== undefined) console.warn(`the comparison with keepalived is skipped: ${unavailable}`)

run('exit statuses are those of keepalived -t', (t) => {
  const cases = fixtures().filter(({ expected }) => expected.keepalived !== ENDLESS)
  const lines = runInNamespace(
    STATUSES,
    cases.map(({ folder }) => folder),
  ).trim()
  const statuses = new Map(lines.split('\n').map((line) => [basename(line.split(' ')[0] ?? ''), Number(line.split(' ')[1])]))
  t.is(statuses.size, cases.length)
  for (const { name, expected } of cases) {
    const { test: wanted } = expected.exit
    if (expected.keepalived === undefined) t.is(statuses.get(name), wanted, name)
    else t.not(statuses.get(name), wanted, `${name} no longer differs: ${expected.keepalived}`)
  }
})

run('lines are read as keepalived reads them: it names the first word of each that it does not know', (t) => {
  const rows = [...WORDS, ...CONDITIONS, ...REFERENCES, ...PREDEFINED, ...SEQUENCES].filter(({ differs }) => differs === undefined)
  const files = rows.map(({ text }, index) => {
    const file = join(scratch, String(index))
    writeFileSync(file, `${text}\n`)
    return file
  })
  const complaints = runInNamespace(COMPLAINTS, files).split('---\n')
  t.is(complaints.length, rows.length + 1)
  for (const [index, { text, lines }] of rows.entries()) {
    const unknown = [...(complaints[index] ?? '').matchAll(/Unknown keyword '(.*)'/g)].map(([, word = '']) => word)
    const first = lines.map(([word = '']) => word)
    t.deepEqual(unknown.filter(isUnknown), first.filter(isUnknown), text)
  }
})

function isUnknown(word: string): boolean {
  return !KNOWN.has(word)
}
