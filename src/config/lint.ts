/**
 * Known traps: what a configuration says correctly and nobody can want.
 *
 * Findings are warnings and notes that keepalived does not know: they change no exit status but that of `check --strict`.
 * Each has a page, docs/lint/CODE.md.
 */
import type { ConfigDraft } from './drafts.ts'
import { lintAddresses, lintFirstAddress } from './lint/addresses.ts'
import { lintChecks } from './lint/checks.ts'
import { lintOwners } from './lint/owners.ts'
import { lintScripts } from './lint/scripts.ts'
import { lintServers } from './lint/servers.ts'
import { lintWeights } from './lint/weights.ts'
import type { RootScript } from './link/scripts.ts'
import type { Config } from './model.ts'
import type { ReadContext } from './tables/schema.ts'

/** What a rule looks at. */
export interface LintInput {
  readonly config: Config
  /** What is written, for places. */
  readonly draft: ConfigDraft
  readonly context: ReadContext
  readonly rootScripts: readonly RootScript[]
}

const RULES = [lintOwners, lintWeights, lintChecks, lintScripts, lintAddresses, lintFirstAddress, lintServers]

/** Looks for known traps and reports them. */
export function lint(input: LintInput): void {
  for (const rule of RULES) rule(input)
}
