/** One value, read by its form alone. */
import { Diagnostics } from '../../src/config/diagnostics/diagnostic.ts'
import { expand } from '../../src/config/text/expand.ts'
import { Line } from '../../src/config/blocks/line.ts'
import { TokenKind } from '../../src/config/text/lexer.ts'
import type { Form } from '../../src/config/tables/form.ts'
import { testHost } from './fixtures.ts'

/** Reads the line `keyword words...` by a form. `codes` are those of errors. */
export function readValue(
  form: Form,
  keyword: string,
  words: readonly string[],
): { readonly value: unknown; readonly codes: readonly string[] } {
  const diagnostics = new Diagnostics()
  const quoted = words.map((word) => (/^[^\s"{}#!]+$/.test(word) ? word : `"${word}"`))
  const { tokens } = expand('keepalived.conf', [keyword.replaceAll(' ', '_'), ...quoted].join(' '), diagnostics)
  let end = 0
  while (tokens.kind(end) !== TokenKind.LineEnd) end++
  const line = new Line(tokens).moveTo(0, end, false)
  const value = form.read(line, { diagnostics, host: testHost(), tokens, mentioned: new Set() }, keyword)
  return { value, codes: [...diagnostics].filter(({ severity }) => severity === 'error').map(({ code }) => code) }
}
