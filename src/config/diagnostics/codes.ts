/**
 * The catalogue of diagnostics: every code, its severity and keepalived's class for it.
 *
 * The class decides exit statuses (exit-code.ts). Its rank is keepalived's order of severity: of all
 * complaints only the highest class counts there.
 */

/** Rank of each class in keepalived's order; `note` is ours and never counts. */
export const CLASS_RANK = {
  note: 0,
  'file-not-found': 1,
  'bad-interface': 2,
  fatal: 3,
  'multiple-files': 4,
  'unknown-keyword': 5,
  'unexpected-open-brace': 6,
  'missing-open-brace': 7,
  'unexpected-close-brace': 8,
  'missing-close-brace': 9,
  'unmatched-quote': 10,
  'missing-parameter': 11,
  'invalid-number': 12,
  general: 13,
  warning: 14,
  deprecated: 15,
  security: 16,
  /** Ours: an include problem that counts as an error ends keepalived before it computes a class. */
  'include-error': 17,
} as const

/** keepalived's class of a complaint. */
export type DiagnosticClass = keyof typeof CLASS_RANK

/** What a code says about itself. */
export interface CodeProperties {
  readonly class: DiagnosticClass
  /** The configuration cannot be run: a start ends with the status for an unusable configuration. */
  readonly refusesStart?: true
}

/** Mistakes: what is written does not take effect as written. */
export const ERRORS = {
  // Files
  'config-not-found': { class: 'file-not-found', refusesStart: true },
  'config-unreadable': { class: 'file-not-found', refusesStart: true },
  'include-failed': { class: 'include-error', refusesStart: true },
  'circular-include': { class: 'include-error', refusesStart: true },
  'too-many-files': { class: 'include-error', refusesStart: true },
  'config-syntax': { class: 'general', refusesStart: true },
  /** The program that a configuration in TypeScript is did not come to its end. */
  'config-failed': { class: 'general', refusesStart: true },
  'unknown-property': { class: 'unknown-keyword' },
  'invalid-property': { class: 'general', refusesStart: true },
  // Text
  'line-too-long': { class: 'unknown-keyword' },
  'nul-byte': { class: 'general' },
  'unterminated-quote': { class: 'unmatched-quote' },
  'line-continuation': { class: 'general' },
  'invalid-sequence': { class: 'general' },
  'invalid-reference': { class: 'general' },
  'circular-definition': { class: 'general' },
  'expansion-too-long': { class: 'general' },
  'expansion-too-deep': { class: 'general', refusesStart: true },
  'expansion-too-large': { class: 'general', refusesStart: true },
  // Structure
  'unknown-keyword': { class: 'unknown-keyword' },
  'misplaced-keyword': { class: 'unknown-keyword' },
  'misplaced-block': { class: 'unknown-keyword', refusesStart: true },
  'unexpected-open-brace': { class: 'unexpected-open-brace' },
  'missing-open-brace': { class: 'missing-open-brace' },
  'unexpected-close-brace': { class: 'unexpected-close-brace' },
  'missing-close-brace': { class: 'missing-close-brace' },
  'unexpected-word': { class: 'general' },
  // Values
  'missing-value': { class: 'missing-parameter', refusesStart: true },
  'missing-name': { class: 'general' },
  'invalid-number': { class: 'invalid-number' },
  'value-out-of-range': { class: 'invalid-number' },
  'surplus-decimals': { class: 'invalid-number' },
  'invalid-boolean': { class: 'general' },
  'invalid-word': { class: 'general' },
  'invalid-address': { class: 'general' },
  'invalid-option': { class: 'general' },
  'name-too-long': { class: 'general' },
  'value-replaced': { class: 'general' },
  'value-truncated': { class: 'general' },
  'family-mismatch': { class: 'general' },
  'duplicate-setting': { class: 'general' },
  'conflicting-setting': { class: 'general' },
  'unknown-account': { class: 'general' },
  // The whole
  'duplicate-name': { class: 'general' },
  'missing-vrid': { class: 'general', refusesStart: true },
  'duplicate-vrid': { class: 'general', refusesStart: true },
  'missing-interface': { class: 'general', refusesStart: true },
  'unknown-interface': { class: 'general', refusesStart: true },
  'no-virtual-address': { class: 'general', refusesStart: true },
  'too-many-addresses': { class: 'general' },
  'interval-rounded': { class: 'general' },
  'version-2-sub-second': { class: 'general' },
  'nopreempt-with-master': { class: 'general' },
  'quorum-above-weights': { class: 'warning' },
  'authentication-dropped': { class: 'general' },
  'undefined-name': { class: 'general' },
  'tracked-script-not-usable': { class: 'general' },
  'unsafe-script': { class: 'general' },
  'listed-interface-missing': { class: 'fatal', refusesStart: true },
  'unicast-without-peers': { class: 'general' },
  'ipvlan-without-address': { class: 'general' },
  'strict-unicast': { class: 'general', refusesStart: true },
  // Routes and rules
  'missing-destination': { class: 'general' },
  'missing-action': { class: 'general' },
  'missing-preference': { class: 'general' },
  'unknown-vrf': { class: 'general' },
  'unknown-name': { class: 'general' },
  'static-without-interface': { class: 'fatal', refusesStart: true },
  /** It lacks what it cannot be without. */
  'incomplete-block': { class: 'general' },
  'duplicate-server': { class: 'general' },
  'default-used': { class: 'general' },
  'port-mismatch': { class: 'warning' },
} as const

/** Suspicious, but taken as written; or known and missing here in a way that matters. */
export const WARNINGS = {
  'multiple-files': { class: 'multiple-files' },
  'byte-order-mark': { class: 'unknown-keyword' },
  'no-address-advertised': { class: 'warning' },
  'group-not-link-local': { class: 'warning' },
  'route-not-tracked': { class: 'warning' },
  'deprecated-spelling': { class: 'deprecated' },
  'no-authentication': { class: 'note' },
  'script-runs-as-root': { class: 'security' },
  'key-file-not-private': { class: 'security' },
  'script-not-usable': { class: 'note' },
  'setting-ignored': { class: 'note' },
  'keyword-inside-line': { class: 'note' },
  'unusual-mark': { class: 'note' },
  'unused-block': { class: 'note' },
  'empty-block': { class: 'warning' },
  'group-of-one': { class: 'warning' },
  'include-skipped': { class: 'note' },
  'reference-not-last': { class: 'note' },
  'continuation-not-dropped': { class: 'note' },
  'duplicate-virtual-server': { class: 'note' },
  'duplicate-destination': { class: 'note' },
  // Known traps (lint.ts)
  'weight-without-effect': { class: 'note' },
  'check-longer-than-interval': { class: 'note' },
  'script-writable-by-others': { class: 'note' },
  'priority-255-misuse': { class: 'note' },
  'many-ipv6-addresses': { class: 'note' },
  'first-address-not-link-local': { class: 'note' },
  'lthreshold-above-uthreshold': { class: 'note' },
  'not-supported-matters': { class: 'note' },
  /** keepalived accepts it, so a test of the configuration does; here it cannot be run. */
  'cannot-run-without': { class: 'note', refusesStart: true },
} as const

/** Worth knowing; nothing is wrong. */
export const NOTES = {
  'not-supported-yet': { class: 'note' },
  'duplicate-address': { class: 'note' },
  'no-effect': { class: 'note' },
  'old-spelling': { class: 'note' },
  'differs-from-keepalived': { class: 'note' },
  'long-startup-delay': { class: 'note' },
  'unusual-value': { class: 'note' },
  // A known trap (lint.ts)
  'unchecked-servers': { class: 'note' },
} as const

/** The code of an error. */
export type ErrorCode = keyof typeof ERRORS
/** The code of a warning. */
export type WarningCode = keyof typeof WARNINGS
/** The code of a note. */
export type NoteCode = keyof typeof NOTES
/** The stable, kebab-case name of a kind of diagnostic. */
export type DiagnosticCode = ErrorCode | WarningCode | NoteCode
