/** What each diagnostic code means and what to do about it: for `explain` and docs/diagnostic-codes.md. */
import { ERRORS, NOTES, WARNINGS } from './codes.ts'
import type { CodeProperties, ErrorCode, NoteCode, WarningCode } from './codes.ts'
import type { Severity } from './diagnostic.ts'
import { REMARKS, SUSPICIONS } from './texts/suspicions.ts'
import { TEXT_ERRORS } from './texts/text.ts'
import { VALUE_ERRORS } from './texts/values.ts'
import { WHOLE_ERRORS } from './texts/whole.ts'

/** What is said about a code. */
export interface CodeText {
  /** What was found, and what becomes of it. */
  readonly meaning: string
  readonly remedy: string
}

/** A code with all that is known about it. */
export interface CodeEntry extends CodeProperties, CodeText {
  readonly code: string
  readonly severity: Severity
}

const ERROR_TEXTS: Readonly<Record<ErrorCode, CodeText>> = { ...TEXT_ERRORS, ...VALUE_ERRORS, ...WHOLE_ERRORS }
const WARNING_TEXTS: Readonly<Record<WarningCode, CodeText>> = SUSPICIONS
const NOTE_TEXTS: Readonly<Record<NoteCode, CodeText>> = REMARKS

/** All codes: errors, warnings, notes. */
export const CODES: readonly CodeEntry[] = [
  ...entries('error', ERRORS, ERROR_TEXTS),
  ...entries('warning', WARNINGS, WARNING_TEXTS),
  ...entries('info', NOTES, NOTE_TEXTS),
]

function entries<C extends string>(
  severity: Severity,
  codes: Readonly<Record<C, CodeProperties>>,
  texts: Readonly<Record<C, CodeText>>,
): readonly CodeEntry[] {
  return (Object.keys(codes) as C[]).map((code) => Object.assign({ code, severity }, codes[code], texts[code]))
}
