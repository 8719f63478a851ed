/** A configuration that is data, or becomes data: what defineConfig() takes. */
import type { Written, LoadedConfig } from '../written.ts'
import { linkWritten, readWritten } from '../written.ts'
import { Diagnostics } from '../diagnostics/diagnostic.ts'
import { documentLines } from './lines.ts'
import { documentTokens, NO_PLACES, propertySpan } from './source.ts'
import type { PlaceFinder } from './source.ts'
import { localHost } from '../host/host.ts'
import type { Host } from '../host/host.ts'
import type { ConfigInput } from '../input.ts'
import { ROOT } from '../keywords/root.ts'
import { plainData } from './plain-data.ts'
import type { DataProblem } from './plain-data.ts'

/** What to load. */
export interface DocumentLoadOptions {
  /** What messages call the document; `config` unless given. */
  readonly file?: string
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host
  /** Looks for known traps too (lint.ts). */
  readonly lint?: boolean
}

/** A document to be read, and where it comes from. */
export interface DocumentOrigin {
  readonly file: string
  readonly files: readonly string[]
  readonly host: Host
  readonly diagnostics: Diagnostics
  readonly places?: PlaceFinder | undefined
}

/** Loads a configuration made by a program. Mistakes are diagnostics that name the property. */
export function loadDocument(document: ConfigInput, options: DocumentLoadOptions = {}): LoadedConfig {
  const { file = 'config', host = localHost(), lint } = options
  const origin = { file, files: [], host, diagnostics: new Diagnostics() }
  const { data, problems } = plainData(document)
  return linkWritten(readDocument(data, problems, origin), lint)
}

/** Reads a document of plain data. @param problems what was left out of it */
export function readDocument(data: unknown, problems: readonly DataProblem[], origin: DocumentOrigin): Written {
  const { file, files, host, diagnostics } = origin
  const { lines, secrets, problems: unwritten } = documentLines(ROOT, data)
  const places = origin.places?.(secrets) ?? NO_PLACES
  for (const { property, message } of problems) diagnostics.error('invalid-property', propertySpan(file, property, places), message)
  // Where all of it was left out, that is said already.
  const reported = data === undefined && problems.length > 0 ? [] : unwritten
  for (const { property, code, message, help } of reported) {
    const span = propertySpan(file, property, places, code === 'unknown-property' ? 'name' : 'value')
    diagnostics.error(code, span, message, help)
  }
  return readWritten(documentTokens(lines, file, places), files, host, diagnostics)
}
