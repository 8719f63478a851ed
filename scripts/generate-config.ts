/**
 * Writes what follows from the keyword tables and the catalogue of diagnostics: the types of `Config`, of drafts and of a
 * configuration in TypeScript, the JSON Schema, the page of all keywords and that of all diagnostic codes. Run it after a
 * change of either; a test compares.
 *
 *     node --import=@oxc-node/core/register scripts/generate-config.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format } from 'oxfmt'
import type { FormatConfig } from 'oxfmt'
import { codePage } from './code-page.ts'
import { configSchema } from './config-schema.ts'
import { draftTypes, inputTypes, modelTypes } from './config-types.ts'
import { diagnosticsPage } from './diagnostics-page.ts'
import { keywordPage } from './keyword-page.ts'

const ROOT = new URL('../', import.meta.url)

/** The generated files by path from the root of the repository, as they are committed. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const options = JSON.parse(readFileSync(new URL('.oxfmtrc.json', ROOT), 'utf8')) as FormatConfig
  const formatted = async (path: string, text: string): Promise<readonly [string, string]> => {
    const { code, errors } = await format(path, text, options)
    if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join('; ')}`)
    return [path, code]
  }
  return new Map([
    ...(await Promise.all([
      formatted('src/config/model.ts', modelTypes()),
      formatted('src/config/drafts.ts', draftTypes()),
      formatted('src/config/input.ts', inputTypes()),
      formatted('schema.json', JSON.stringify(configSchema())),
    ])),
    ['docs/keywords.md', keywordPage()],
    ['docs/diagnostic-codes.md', codePage()],
    ['docs/diagnostics.md', diagnosticsPage()],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generate()) writeFileSync(new URL(path, ROOT), text)
}
