/** What checkers are to those who decide about real servers: a verdict, a part of a weight, and a reason (lvs.md §2, §5). */
import type { Config, RealServer, VirtualServer } from '../config/model.ts'

/** A block of a real server that checks it. */
export type CheckerKind =
  | 'HTTP_GET'
  | 'SSL_GET'
  | 'TCP_CHECK'
  | 'SMTP_CHECK'
  | 'DNS_CHECK'
  | 'MISC_CHECK'
  | 'UDP_CHECK'
  | 'PING_CHECK'
  | 'FILE_CHECK'

/** One checker of one real server. What it says changes only between its {@link Checkers.commit} and the end of its configuration. */
export interface Checker {
  readonly kind: CheckerKind
  /** Whom it asks, for people, such as `10.0.2.11:80`, `ssl://10.0.2.11:443/health` or the path of a script. */
  readonly target: string
  /** Its server is down until it succeeds. */
  readonly isAlpha: boolean
  /** Not alpha: true until it fails. Alpha: false until it succeeds. */
  readonly isUp: boolean
  /** There has been a verdict. */
  readonly hasRun: boolean
  /** It is not asked, and what it said last holds. */
  readonly isSuspended: boolean
  /** Its part of the server's weight, which is added to the configured one; 0 unless it is a script or a file that has one. */
  readonly weight: number
  /** Why it is up or down, for people: `connection refused`, `status 503`; `not checked yet` in the beginning. */
  readonly reason: string
}

/**
 * Whom a checker tells: the real server it belongs to.
 *
 * Both calls come from the event loop, in the order in which things happened; never during `attach`, `commit`, `suspend` or `resume`.
 */
export interface CheckerOwner {
  /** R of messages, such as `[10.0.2.11]:tcp:80` (lvs.md §1.5). */
  readonly server: string
  /** V of messages, such as `[10.0.1.1]:tcp:80`. */
  readonly service: string
  /**
   * There is a verdict, and it is another one than before, or the first. Its own lines of the log are out. Where a success changes its
   * weight too, {@link CheckerOwner.weighed} has been called before; a failure makes its weight 0, and that is not told besides.
   *
   * @param mail body of the mail about it (lvs.md §5), such as `=> TCP CHECK succeed on service <=`
   */
  checked(checker: Checker, mail: string): void
  /** Its weight changed. */
  weighed(checker: Checker): void
}

/**
 * The checkers of a configuration. Until `commit` those of the configuration before go on undisturbed; if that is never called, they
 * do so for ever.
 */
export interface Checkers {
  /**
   * Makes the checkers of a real server, in the order of keepalived's keywords.
   *
   * One that checks the same as one of `former` is that very object, with all that it knows, and reports to `owner` from the commit on:
   * `former.includes(checker)` tells. A new one of a new server is up unless it is alpha. A new one of a server that is there already is
   * as the server is, so that a reload takes nothing out and puts nothing in without a check; a checker that is not alpha is only down
   * where one that failed is gone.
   *
   * @param former all checkers that the matched server of the configuration before has; `undefined` where there is no such server
   */
  attach(server: RealServer, virtualServer: VirtualServer, owner: CheckerOwner, former: readonly Checker[] | undefined): readonly Checker[]
  /**
   * Whether a virtual server that is configured as before may have the checkers that it has, with their owners: these go on if they are
   * neither attached nor dropped. Otherwise some are made or left out, which `attach` says.
   */
  canKeep(virtualServer: VirtualServer): boolean
  /** A server is gone: so are these checkers, at the commit. */
  drop(former: readonly Checker[]): void
  /**
   * Starts those that are new, ends those that are gone, and leaves the others alone. Logs `Activating healthchecker ...` for each that was
   * attached and has not run yet (`Deactivating` where it is suspended), in the order of `attach`.
   */
  commit(): void
  /** It is not run, and what is under way says nothing. Without effect on one that is suspended. */
  suspend(checker: Checker): void
  /** It runs again, first within its `delay_loop`. Without effect on one that is not suspended. */
  resume(checker: Checker): void
}

/** All checkers of a daemon, over its reloads. */
export interface HealthChecks {
  /** Finds out what a configuration has to check, whom its scripts run as among it. Nothing changes yet. Never rejects. */
  prepare(config: Config): Promise<Checkers>
  /** Tells what a tracked file holds: for FILE_CHECK. */
  followFile(name: string, value: number): void
  /** Ends all checks. Scripts that run get SIGTERM. Never rejects. */
  stop(): Promise<void>
  /** The process ends: what would outlive it in the kernel is put back. */
  stopNow(deadlineMs: number): void
}
