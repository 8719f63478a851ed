/** Exit statuses that a configuration causes (keepalived's, errors.md §2). */
import type { Diagnostics } from './diagnostic.ts'
import { CLASS_RANK } from './codes.ts'

/** What {@link testExitCode} may take into account beyond keepalived's rules. */
export interface TestOptions {
  /** Warnings and notes that keepalived does not count make the test fail too. */
  readonly strict?: boolean
}

const OK = 0
const UNUSABLE = 2
const FATAL = 4
const FAULTY = 5
const SECURITY = 6
const NO_CONFIG = 6

/**
 * The status of a test of the configuration.
 *
 * As keepalived's, where only the highest class counts, with one exception: a missing main file is 4,
 * where keepalived says 0 unless asked for include checks.
 */
export function testExitCode(diagnostics: Diagnostics, { strict = false }: TestOptions = {}): number {
  // keepalived leaves at once at these two, the first while it still collects the files.
  if (diagnostics.hasClass('include-error')) return NO_CONFIG
  if (diagnostics.hasClass('missing-parameter')) return UNUSABLE
  const rank = CLASS_RANK[diagnostics.highestClass]
  if (rank === CLASS_RANK.note) return strict && diagnostics.total > 0 ? FAULTY : OK
  if (rank <= CLASS_RANK.fatal) return FATAL
  return rank === CLASS_RANK.security ? SECURITY : FAULTY
}

/** The status a start ends with because of its configuration; 0: it can go on. */
export function startExitCode(diagnostics: Diagnostics): number {
  if (diagnostics.hasClass('include-error') || diagnostics.hasClass('file-not-found')) return NO_CONFIG
  return diagnostics.refusesStart ? UNUSABLE : OK
}
