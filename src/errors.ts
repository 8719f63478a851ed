/**
 * Every error this package throws or rejects with: one class, one closed set of codes.
 *
 * Expected outcomes (a server that is down, a configuration with mistakes) are values, not errors.
 * Nobody parses messages: the code says what happened, `cause` what was underneath.
 */

import type { Diagnostics } from './config/diagnostics/diagnostic.ts'

/** What each code means for the process that ends because of it (keepalived's exit statuses). */
const EXIT_CODES = {
  /** The configuration file is missing or cannot be read, or an include error that counts as an error. */
  KA_ERR_CONFIG_MISSING: 6,
  /** The configuration was read but cannot be run; the diagnostics say why. */
  KA_ERR_CONFIG_UNUSABLE: 2,
  /** A capability or permission is missing (`CAP_NET_ADMIN`, `CAP_NET_RAW`). */
  KA_ERR_PERMISSION: 4,
  /** Another daemon holds the instance lock of this network namespace. */
  KA_ERR_ALREADY_RUNNING: 0,
  /** No daemon that could be told something runs in this network namespace, or none under the given name. */
  KA_ERR_NOT_RUNNING: 1,
  /** The network namespace that the daemon is to run in cannot be entered, or the process is in another one. */
  KA_ERR_NETWORK_NAMESPACE: 1,
  /** No native addon could be loaded for this platform. */
  KA_ERR_ADDON_UNAVAILABLE: 1,
  /** A command line or option value that makes no sense. */
  KA_ERR_USAGE: 1,
  /** The engine refused or failed an operation; `cause` holds its own code. */
  KA_ERR_ENGINE: 1,
  /** The daemon has stopped, but the kernel refused to remove addresses or services of IPVS: they stay until the next start or `release`. */
  KA_ERR_NOT_RELEASED: 1,
  /** The daemon has been stopped; the call came too late. */
  KA_ERR_STOPPED: 1,
} as const

/** The stable code of a {@link KaError}. */
export type KaErrorCode = keyof typeof EXIT_CODES

/** An error of ka-native. `message` is the operation and its object, for people; `code` is for programs. */
export class KaError extends Error {
  override readonly name: string = 'KaError'
  readonly code: KaErrorCode

  constructor(code: KaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** A configuration that cannot be run, with everything that is wrong with it. */
export class ConfigError extends KaError {
  override readonly name: string = 'ConfigError'
  readonly diagnostics: Diagnostics

  constructor(code: 'KA_ERR_CONFIG_MISSING' | 'KA_ERR_CONFIG_UNUSABLE', message: string, diagnostics: Diagnostics) {
    super(code, message)
    this.diagnostics = diagnostics
  }
}

/** The exit status of a process that ends because of this error. */
export function exitCodeOf(error: KaError): number {
  return EXIT_CODES[error.code]
}
