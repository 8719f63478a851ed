/** Values of `Config` that are more than a number or a word. */

/** A program with its arguments, read by the language's second reading. */
export interface ScriptCommand {
  readonly path: string
  readonly args: readonly string[]
  /** The account the line names; absent: `script_user`, or the account keepalived_script, or the daemon's own. */
  readonly account: ScriptAccount | undefined
}

/** `USER [[:]GROUP]`. */
export interface ScriptAccount {
  readonly user: string
  /** Absent: the user's primary group. */
  readonly group: string | undefined
  /** The user's supplementary groups are set too: a group word that starts with a colon. */
  readonly supplementaryGroups: boolean
}

/** Octets that never appear in a log, a dump or JSON: a private field is not inspected either. */
export class Secret {
  readonly #octets: Uint8Array

  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  /** Octets. */
  get length(): number {
    return this.#octets.length
  }

  /** A copy of the octets, for the engine alone. */
  reveal(): Uint8Array {
    return this.#octets.slice()
  }

  toString(): string {
    return '********'
  }

  toJSON(): string {
    return this.toString()
  }
}

/** A key of `auth_hmac`. */
export interface HmacKey {
  /** 1..255. */
  readonly id: number
  /** 32 to 64 octets. */
  readonly key: Secret
  /** Where it was read from, as `file:PATH` or `hex:` or text says. */
  readonly source: 'text' | 'hex' | 'file'
  /** Of the file it was read from. */
  readonly path: string | undefined
}

/** A metric of a route. */
export interface RouteMetric<V> {
  readonly value: V
  /** The kernel must not adjust it. */
  readonly lock: boolean
}

/** `[FROM/]TO`: realms as numbers. */
export interface Realms {
  readonly from: number | undefined
  readonly to: number
}

/** `MARK[/MASK]`. */
export interface FirewallMark {
  readonly mark: number
  /** Absent: all bits count. */
  readonly mask: number | undefined
}

/** `FIRST-LAST`, both included. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

/** HTTP statuses from one to another, both included. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

/** How large the stack of PCRE2 is at first and at most, in octets. */
export interface RegexStack {
  readonly start: number
  readonly max: number
}
