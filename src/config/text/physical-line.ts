/** Lines of files: which can be read, and where their content ends. */
import { MAX_LINE_OCTETS } from './bounds.ts'
import type { Diagnostics } from '../diagnostics/diagnostic.ts'
import type { OpenFile, Region } from './frames.ts'
import { contentEnd } from './lexer.ts'
import { lineEnd } from './source.ts'
import type { Source } from './source.ts'

/** Takes the next line of a file; `undefined` when it is not readable, which is reported. */
export function readPhysicalLine(file: OpenFile, diagnostics: Diagnostics): Region | undefined {
  const { source } = file
  const { text } = source
  const start = file.position
  const newline = text.indexOf('\n', start)
  const lineStop = newline === -1 ? text.length : newline
  file.position = lineStop + 1
  const end = lineEnd(text, start, lineStop)
  if (!isReadable(source, start, end, diagnostics)) return undefined
  return { source, start, stop: contentEnd(source, start, end, diagnostics), end, ancestry: undefined }
}

function isReadable(source: Source, start: number, end: number, diagnostics: Diagnostics): boolean {
  if (end - start > MAX_LINE_OCTETS) {
    const message = `this line has ${end - start} octets, more than the ${MAX_LINE_OCTETS} a line can have; it is ignored`
    diagnostics.error('line-too-long', { source, offset: start, length: end - start }, message)
    return false
  }
  const nul = source.text.slice(start, end).indexOf('\0')
  if (nul === -1) return true
  diagnostics.error('nul-byte', { source, offset: start + nul, length: 1 }, 'this line holds a NUL byte; it is ignored')
  return false
}
