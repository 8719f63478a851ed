/** Diagnostics as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines. */
import { pathToFileURL } from 'node:url'
import { CLASS_RANK, ERRORS, NOTES, WARNINGS } from './codes.ts'
import type { CodeProperties } from './codes.ts'
import type { Diagnostic, Diagnostics, FileLine, Severity } from './diagnostic.ts'
import type { Fix, TextEdit } from './fix.ts'

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const
const TABLES: readonly (readonly [Severity, Readonly<Record<string, CodeProperties>>])[] = [
  ['error', ERRORS],
  ['warning', WARNINGS],
  ['info', NOTES],
]
const INDEXES: ReadonlyMap<string, number> = new Map(TABLES.flatMap(([, table]) => Object.keys(table)).map((code, index) => [code, index]))

/** What a report is about, apart from its diagnostics. */
export interface SarifRun {
  /** Of this program. */
  readonly version: string
  /** Files that were read, the main one first. */
  readonly files: readonly string[]
  /** The status that the check ends with. */
  readonly exitCode: number
  /** More about the run. */
  readonly properties?: Readonly<Record<string, unknown>>
}

/** The report as plain data for `JSON.stringify`. Its rules are the whole catalogue, so one version always gives them the same indexes. */
export function renderSarif(diagnostics: Diagnostics, { version, files, exitCode, properties = {} }: SarifRun): object {
  const artifacts = new Map<string, number>()
  for (const file of files) artifacts.set(file, artifacts.size)
  const results = [...diagnostics].map((diagnostic) => resultOf(diagnostic, artifacts))
  const run = {
    tool: { driver: { name: 'ka-native', semanticVersion: version, version, rules: TABLES.flatMap(rulesOf) } },
    invocations: [{ executionSuccessful: true, exitCode }],
    artifacts: [...artifacts.keys()].map((file) => ({ location: { uri: uriOf(file) } })),
    results,
    // Columns are counted as JavaScript and editors count.
    columnKind: 'utf16CodeUnits',
    properties: {
      errors: diagnostics.count('error'),
      warnings: diagnostics.count('warning'),
      notes: diagnostics.count('info'),
      refusesStart: diagnostics.refusesStart,
      ...properties,
    },
  }
  return { $schema: SCHEMA, version: '2.1.0', runs: [run] }
}

function rulesOf([severity, table]: readonly [Severity, Readonly<Record<string, CodeProperties>>]): readonly object[] {
  return Object.entries(table).map(([id, { class: found, refusesStart = false }]) => ({
    id,
    name: id.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll('-', ' ')}.` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { class: found, rank: CLASS_RANK[found], refusesStart },
  }))
}

function resultOf(diagnostic: Diagnostic, artifacts: Map<string, number>): object {
  const { code, severity, message, help, includedFrom, fix } = diagnostic
  const relatedLocations = includedFrom.map((from, index) => includeLocation(from, index + 1, artifacts))
  return {
    ruleId: code,
    ruleIndex: INDEXES.get(code),
    level: LEVELS[severity],
    message: textOf(help === undefined ? message : `${message}. Help: ${help}`),
    locations: [
      {
        physicalLocation: { artifactLocation: locationOf(diagnostic.file, artifacts), ...regionOf(diagnostic) },
        ...propertyOf(diagnostic),
      },
    ],
    ...(relatedLocations.length === 0 ? {} : { relatedLocations }),
    ...(fix === undefined ? {} : { fixes: [fixOf(fix, artifacts)] }),
    properties: { class: diagnostic.class, refusesStart: diagnostic.refusesStart },
  }
}

function regionOf({ line, column, length }: Diagnostic): object {
  if (line === undefined || column === undefined) return {}
  return { region: { startLine: line, startColumn: column, endLine: line, endColumn: column + (length ?? 1) } }
}

function propertyOf({ property }: Diagnostic): object {
  return property === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: property, kind: 'property' }] }
}

function includeLocation({ file, line }: FileLine, id: number, artifacts: Map<string, number>): object {
  const physicalLocation = { artifactLocation: locationOf(file, artifacts), region: { startLine: line } }
  return { id, message: textOf('included from here'), physicalLocation }
}

function fixOf({ title, edits }: Fix, artifacts: Map<string, number>): object {
  const files = [...new Set(edits.map(({ file }) => file))]
  return {
    description: textOf(title),
    artifactChanges: files.map((file) => ({
      artifactLocation: locationOf(file, artifacts),
      replacements: edits.filter((edit) => edit.file === file).map(replacementOf),
    })),
  }
}

function replacementOf({ start, end, text }: TextEdit): object {
  const deletedRegion = { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column }
  return { deletedRegion, insertedContent: { text } }
}

/** A file with its place in the list of all, which also gets files that could not be read. */
function locationOf(file: string, artifacts: Map<string, number>): { readonly uri: string; readonly index: number } {
  const index = artifacts.get(file) ?? artifacts.size
  artifacts.set(file, index)
  return { uri: uriOf(file), index }
}

/** A message without placeholders: braces are doubled (§3.11.5). */
function textOf(text: string): { readonly text: string } {
  return { text: text.replaceAll(/[{}]/g, '$&$&') }
}

/** Relative paths stay relative to the folder that the check runs in. A colon cannot end up as the end of a scheme. */
function uriOf(file: string): string {
  if (file.startsWith('/')) return pathToFileURL(file).href
  // By way of octets, because halves of a character cannot be encoded.
  const parts = file.split('/').map((part) => encodeURIComponent(Buffer.from(part).toString()))
  return parts.join('/')
}
