/** The main file, or the files that a pattern in its place matches. */
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import { glob, systemPath } from './glob.ts'
import { decodeText, encodeText } from './source.ts'
import { existsSync } from 'node:fs'

const NAMED_AT_MOST = 3

/** Paths of the files to read, one character per octet. A file of that very name comes before what it matches as a pattern. */
export function findMainFiles(file: string, diagnostics: Diagnostics): readonly string[] {
  const path = encodeText(file)
  if (existsSync(systemPath(path))) return [path]
  const matched = glob(path, '.').alternatives.flatMap(({ paths }) => paths)
  if (matched.length > 1) {
    const names = matched.slice(0, NAMED_AT_MOST).map(decodeText).join(', ')
    const more = matched.length > NAMED_AT_MOST ? ` and ${matched.length - NAMED_AT_MOST} more` : ''
    diagnostics.warning('multiple-files', file, `${matched.length} files match: ${names}${more}; they are read in this order`)
  }
  // As one that does not exist.
  return matched.length === 0 ? [path] : matched
}
