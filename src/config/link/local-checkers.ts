/** `MISC_CHECK`, `BFD_CHECK` and `FILE_CHECK`. */
import type { BfdCheckDraft, ConfigDraft, FileCheckDraft, MiscCheckDraft } from '../drafts.ts'
import { US_PER_S } from '../forms/numbers.ts'
import type { BfdCheck, FileCheck, MiscCheck } from '../model.ts'
import { blockSpan, settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Span } from '../text/source.ts'
import { NONE } from './checkers.ts'
import type { Inherited } from './checkers.ts'
import type { LinkContext } from './scripts.ts'

/** A BFD session that checkers may follow. */
interface SessionDraft {
  readonly at: number
  readonly name?: string
  readonly vrrp?: boolean
  readonly checker?: boolean
}

/** A file that checkers may follow. */
interface FileDraft {
  readonly at: number
  readonly name?: string
  readonly file?: string
  readonly weight?: number
  readonly reverse?: boolean
}

/** Who can be followed, by name. */
export interface Targets {
  readonly sessions: ReadonlyMap<string | undefined, SessionDraft>
  readonly files: ReadonlyMap<string | undefined, FileDraft>
}

/** What linking checkers may use. */
export interface CheckerContext extends LinkContext {
  readonly targets: Targets
}

/** The sessions and files of a configuration: of those of one name the first one counts. */
export function targetsOf({ bfdInstances = [], trackFiles = [] }: ConfigDraft): Targets {
  const sessions: readonly SessionDraft[] = bfdInstances
  const files: readonly FileDraft[] = trackFiles
  return {
    sessions: new Map(sessions.toReversed().map((one) => [one.name, one])),
    files: new Map(
      files
        .filter(({ file }) => file !== undefined)
        .toReversed()
        .map((one) => [one.name, one]),
    ),
  }
}

/** `MISC_CHECK`: without a script that can be run it is dropped. */
export function linkMisc(draft: MiscCheckDraft, server: Inherited, context: CheckerContext): MiscCheck | undefined {
  const { miscPath, user, badUser } = draft
  if (badUser !== undefined) return undefined
  if (miscPath === undefined) {
    const message = 'the checker has no script; it is ignored'
    return context.diagnostics.error('incomplete-block', blockSpan(draft, context), message, 'add `misc_path`')
  }
  const written = user === undefined ? miscPath : { ...miscPath, account: user }
  const script = context.scripts.admit(written, () => settingSpan(draft, 'misc_path', context), 'the checker is ignored')
  if (script === undefined) return undefined
  const delayLoopUs = draft.delayLoopUs ?? server.delayLoopUs
  const { miscTimeoutUs = 0 } = draft
  return {
    retry: draft.retry ?? server.retry ?? 0,
    delayBeforeRetryUs: draft.delayBeforeRetryUs ?? server.delayBeforeRetryUs ?? US_PER_S,
    warmupUs: draft.warmupUs ?? server.warmupUs ?? delayLoopUs,
    delayLoopUs,
    alpha: draft.alpha ?? server.alpha,
    logAllFailures: draft.logAllFailures ?? server.logAllFailures,
    miscPath: script,
    miscTimeoutUs: miscTimeoutUs === 0 ? server.serviceDelayLoopUs : miscTimeoutUs,
    miscDynamic: draft.miscDynamic ?? false,
    user,
  }
}

/** The checkers of a list of `BFD_CHECK`. */
export function linkBfdChecks(
  drafts: readonly BfdCheckDraft[] | undefined,
  server: Inherited,
  context: CheckerContext,
): readonly BfdCheck[] {
  if (drafts === undefined) return NONE
  const followed = new Set<string>()
  return drafts.map((draft) => linkBfd(draft, server, followed, context)).filter((check) => check !== undefined)
}

/** The session exists already, and no other checker of the server follows it. */
function linkBfd(draft: BfdCheckDraft, server: Inherited, followed: Set<string>, context: CheckerContext): BfdCheck | undefined {
  const { diagnostics } = context
  const { name, alpha = server.alpha } = draft
  if (name === undefined) {
    const message = 'the checker follows no BFD session; it is ignored'
    return diagnostics.error('incomplete-block', blockSpan(draft, context), message, 'add `name`')
  }
  const span = (): Span => valueSpan(draft, 'name', context)
  const session = context.targets.sessions.get(name)
  if (session === undefined || session.at > draft.at || isForVrrpAlone(session)) {
    diagnostics.error('unknown-name', span(), `${sessionProblem(name, session, draft)}; the checker is ignored`)
    forget(session, draft, 'name')
    return undefined
  }
  if (followed.has(name)) {
    return diagnostics.error('duplicate-setting', span(), `the server follows BFD session ${shown(name)} already; the checker is ignored`)
  }
  followed.add(name)
  return { name, alpha }
}

function sessionProblem(name: string, session: SessionDraft | undefined, { at }: BfdCheckDraft): string {
  if (session === undefined) return `there is no BFD session ${shown(name)}`
  return session.at > at ? `BFD session ${shown(name)} is not defined yet, but below` : `BFD session ${shown(name)} is for VRRP alone`
}

function isForVrrpAlone({ vrrp = false, checker = false }: SessionDraft): boolean {
  return vrrp && !checker
}

/** `FILE_CHECK`: the file exists already. */
export function linkFile(draft: FileCheckDraft, _: Inherited, context: CheckerContext): FileCheck | undefined {
  const { diagnostics } = context
  const { trackFile } = draft
  if (trackFile === undefined) {
    const message = 'the checker follows no file; it is ignored'
    return diagnostics.error('incomplete-block', blockSpan(draft, context), message, 'add `track_file`')
  }
  const file = context.targets.files.get(trackFile)
  if (file !== undefined && file.at < draft.at) {
    return { trackFile, weight: draft.weight ?? file.weight ?? 1, reverse: draft.reverse ?? file.reverse ?? false }
  }
  const span = valueSpan(draft, 'track_file', context)
  const problem =
    file === undefined ? `there is no track_file ${shown(trackFile)}` : `track_file ${shown(trackFile)} is not defined yet, but below`
  diagnostics.error('unknown-name', span, `${problem}; the checker is ignored`)
  forget(file, draft, 'trackFile')
  return undefined
}

/** Takes out the name of what stands below: in a configuration that is written anew, it stands above. */
function forget<K extends string>(
  named: { readonly at: number } | undefined,
  draft: { readonly at: number } & { [F in K]?: unknown },
  field: K,
): void {
  if (named !== undefined && named.at > draft.at) delete draft[field]
}
