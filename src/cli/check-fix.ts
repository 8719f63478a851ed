/** `ka-native check --fix`: makes the fixes that diagnostics offer, and reads the files again. */
import { readFileSync, realpathSync } from 'node:fs'
import type { Diagnostic } from '../config/diagnostics/diagnostic.ts'
import { applyFixes } from '../config/diagnostics/fix.ts'
import type { Fix } from '../config/diagnostics/fix.ts'
import type { LoadedConfig } from '../config/load.ts'
import { describeFailure, rewriteFile } from './rewrite.ts'

/** Fixes may uncover others, or stand in the way of others. */
const MAX_ROUNDS = 10

/** A fix that was made. Its place is that of the mistake, in the text as it was then. */
export interface MadeFix {
  readonly code: Diagnostic['code']
  readonly file: string
  readonly line: number | undefined
  readonly column: number | undefined
  readonly title: string
}

/** A file that could not be fixed. */
export interface UnfixedFile {
  readonly file: string
  readonly problem: string
}

/** What `--fix` did. */
export interface FixReport {
  readonly fixed: readonly MadeFix[]
  readonly unfixed: readonly UnfixedFile[]
  /** The configuration as it is now. */
  readonly loaded: LoadedConfig
}

type Fixable = Diagnostic & { readonly fix: Fix }

/** Makes fixes until none is left that can be made. Each file is replaced as a whole. */
export function fixFiles(load: () => LoadedConfig): FixReport {
  const fixed: MadeFix[] = []
  const unfixed = new Map<string, UnfixedFile>()
  const seen = new Set<string>()
  let loaded = load()
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // What a fix did not cure once, it will not cure by being made again.
    const fresh = [...loaded.diagnostics].filter(isFixable).filter((diagnostic) => !seen.has(keyOf(diagnostic)))
    const made = [...byFile(fresh)].flatMap(([path, diagnostics]) => fixFile(path, diagnostics, unfixed))
    if (made.length === 0) break
    for (const diagnostic of made) seen.add(keyOf(diagnostic))
    // A file that is included twice, under whatever names, has its mistakes twice.
    const distinct = new Map(made.toReversed().map((diagnostic) => [keyOf(diagnostic, realPath(diagnostic.file)), diagnostic]))
    for (const { code, file, line, column, fix } of [...distinct.values()].toReversed()) {
      fixed.push({ code, file, line, column, title: fix.title })
    }
    loaded = load()
  }
  return { fixed, unfixed: [...unfixed.values()], loaded }
}

function isFixable(diagnostic: Diagnostic): diagnostic is Fixable {
  return diagnostic.fix !== undefined && diagnostic.fix.edits.every(({ file }) => file === diagnostic.fix?.edits[0]?.file)
}

function keyOf({ code, file, line, column }: Diagnostic, path: string = file): string {
  return JSON.stringify([code, path, line, column])
}

/** Fixes by the file they change, whatever it is called. */
function byFile(diagnostics: readonly Fixable[]): ReadonlyMap<string, readonly Fixable[]> {
  const files = new Map<string, Fixable[]>()
  for (const diagnostic of diagnostics) {
    const path = realPath(diagnostic.fix.edits[0]?.file ?? diagnostic.file)
    files.set(path, [...(files.get(path) ?? []), diagnostic])
  }
  return files
}

function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    // What keeps it from being looked up, reading it will say.
    return file
  }
}

/** The fixes that were made in one file. */
function fixFile(path: string, diagnostics: readonly Fixable[], unfixed: Map<string, UnfixedFile>): readonly Fixable[] {
  if (unfixed.has(path)) return []
  const [first] = diagnostics
  const problem = (what: string): [] => {
    unfixed.set(path, { file: first?.fix.edits[0]?.file ?? path, problem: what })
    return []
  }
  try {
    const { text, applied } = applyFixes(readFileSync(path, 'latin1'), diagnostics)
    if (applied.length === 0) return []
    const failure = rewriteFile(path, text)
    return failure === undefined ? applied : problem(failure)
  } catch (error) {
    return problem(describeFailure(error))
  }
}
