/** How lines are read, compared with what keepalived's own complaints about unknown words show. */
import test from 'ava'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../../src/config/text/expand.ts'
import { TokenKind } from '../../../src/config/text/lexer.ts'
import { CONDITIONS, PREDEFINED, REFERENCES, SEQUENCES, WORDS } from './language-rows.ts'
import type { Row } from './language-rows.ts'

process.env['KA_TEST_NAME'] = 'from outside'

/** What a text is read as. */
function read(text: string): { lines: readonly (readonly string[])[]; codes: readonly string[] } {
  const diagnostics = new Diagnostics()
  const { tokens } = expand('keepalived.conf', text, diagnostics, { configId: 'me' })
  const lines: string[][] = []
  let isNew = true
  for (let index = 0; index < tokens.count; index++) {
    const kind = tokens.kind(index)
    if (kind !== TokenKind.LineEnd) {
      if (isNew) lines.push([])
      lines.at(-1)?.push(tokens.text(index))
    }
    isNew = kind >= TokenKind.Open
  }
  return { lines, codes: [...diagnostics].map(({ code }) => code) }
}

const SECTIONS: Readonly<Record<string, readonly Row[]>> = {
  '1, words': WORDS,
  '3, conditions': CONDITIONS,
  '5, references': REFERENCES,
  '5, predefined names': PREDEFINED,
  '6, sequences': SEQUENCES,
}

for (const [section, rows] of Object.entries(SECTIONS)) {
  for (const { text, lines, codes = [] } of rows) {
    test(`section ${section}: ${JSON.stringify(text)}`, (t) => {
      t.deepEqual(read(text), { lines, codes })
    })
  }
}
