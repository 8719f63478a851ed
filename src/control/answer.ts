/** What goes over the control socket: one JSON line a request, and one JSON line an answer, with lines of progress before it. */

/** Of this form; another one is refused. */
export const PROTOCOL_VERSION = 1

/** Octets of a request with its line end. */
export const MAX_REQUEST_OCTETS = 4_096

/** Why a request is not answered as it was meant. */
export type RefusalCode =
  /** Not a request, or not one that makes sense. */
  | 'badRequest'
  /** The line is longer than {@link MAX_REQUEST_OCTETS}. */
  | 'tooLong'
  /** No configured server is meant. */
  | 'unknownServer'
  /** The daemon stops. */
  | 'stopping'
  /** A defect; the log of the daemon has more. */
  | 'internal'

/** A line of the daemon. */
export type ControlAnswer =
  | { readonly type: 'result'; readonly value: unknown }
  /** More lines follow. */
  | { readonly type: 'progress'; readonly value: unknown }
  | {
      readonly type: 'error'
      readonly code: RefusalCode
      readonly message: string
      /** What may have been meant. */
      readonly suggestions: readonly string[]
    }

/** A request that is refused; the message is for the operator. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  readonly code: RefusalCode
  readonly suggestions: readonly string[]

  constructor(code: RefusalCode, message: string, suggestions: readonly string[] = []) {
    super(message)
    this.code = code
    this.suggestions = suggestions
  }
}

/** Carries a request out. */
export interface ControlHandler {
  /**
   * @param request what the line holds, whatever that is
   * @param progress tells the client how far it is; never waits, and leaves out what a slow client would find outdated
   * @param gone aborted when nobody waits for the answer any more, or the daemon stops
   * @returns the answer, which JSON can hold
   * @throws {Refusal}
   */
  handle(request: unknown, progress: (value: unknown) => void, gone: AbortSignal): Promise<unknown>
}
