/** The examples of `explain`: each is read without an error, and what is not acted on is said. */
import test from 'ava'
import { allEntries, LANGUAGE_PATH } from '../../../src/config/tables/catalogue.ts'
import type { Diagnostic } from '../../../src/config/diagnostics/diagnostic.ts'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import { exampleOf } from '../../../src/config/tables/example.ts'
import { expand } from '../../../src/config/text/expand.ts'
import { KeywordBlock } from '../../../src/config/blocks/keyword-block.ts'
import { ROOT } from '../../../src/config/keywords/root.ts'
import { readBlocks } from '../../../src/config/blocks/reader.ts'
import { TOP_LEVEL } from '../../../src/config/blocks/top-level.ts'
import { BlockReader } from '../../../src/config/blocks/tree.ts'
import { testHost } from '../fixtures.ts'

/** Codes of keywords that are read and nothing else. */
const NOT_ACTED_ON: ReadonlySet<string> = new Set(['no-effect', 'not-supported-yet', 'not-supported-matters', 'cannot-run-without'])

/** What these read is a file, or nothing that kernels have. */
const UNREADABLE = new Set(['include', 'includer', 'includem', 'includew', 'includeb', 'includea', 'key file:', 'vrrp_iptables', 'as'])

/** What is said about a text while its lines are read, before they are looked at together. */
function read(text: string): readonly Diagnostic[] {
  const diagnostics = new Diagnostics()
  const { tokens } = expand('keepalived.conf', text, diagnostics)
  const context = { diagnostics, host: testHost(), tokens, mentioned: new Set<never>() }
  readBlocks(new BlockReader(tokens, TOP_LEVEL, diagnostics), new KeywordBlock(ROOT, { at: 0 }), context)
  return [...diagnostics]
}

for (const entry of allEntries()) {
  const { path, name, status, row } = entry
  if (path === LANGUAGE_PATH || UNREADABLE.has(name)) continue

  test(`${path} ${name}: the example is read`, (t) => {
    const text = exampleOf(entry)
    const found = read(text)
    const errors = found.filter(({ severity }) => severity === 'error')
    t.deepEqual(
      errors.map(({ code, message }) => `${code}: ${message}`),
      [],
      text,
    )
    if (row === undefined || !('kind' in row) || status.kind === 'acted on') return
    t.true(
      found.some(({ code }) => NOT_ACTED_ON.has(code)),
      `nothing is said of ${text}`,
    )
  })
}
