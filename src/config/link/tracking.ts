/** What an instance or a sync group tracks: which lines count, and with which weight (vrrp.md §6, §7). */
import type { VrrpInstanceDraft } from '../drafts.ts'
import type { VrrpInstance } from '../model.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { placeText } from '../text/source.ts'
import { INTERFACE_HELP } from './interfaces.ts'
import type { Trackables, Tracker } from './trackables.ts'
import { withAllowedWeight } from './weights.ts'
import type { Owner } from './weights.ts'

/** The lists of an instance or a sync group. */
export type TrackingLists = Pick<VrrpInstance, 'trackInterface' | 'trackScript' | 'trackFile' | 'trackProcess' | 'trackBfd'>
/** What is written of them. */
type TrackingDraft = Pick<VrrpInstanceDraft, 'at' | 'name' | 'trackInterface' | 'trackScript' | 'trackFile' | 'trackProcess' | 'trackBfd'>

/** What is tracked, in the words of messages. */
export type TrackedKind = 'interface' | 'script' | 'file' | 'process' | 'BFD session'

/** A line that counts. */
export interface TrackedLine {
  readonly at: number
  readonly name: string
  readonly weight: number
  readonly reverse: boolean
}

/** A line as written. */
interface WrittenLine {
  readonly at: number
  name?: string
  weight?: number
  reverse?: boolean
}

const OF_INTERFACES: Pick<Tracker, 'weight' | 'reverse'> = { weight: 0, reverse: false }

/** The tracking lists of an instance or a sync group; lines that cannot count are reported and left out. */
export function linkTracking(draft: TrackingDraft, owner: Owner, known: Trackables, context: ReadContext): TrackingLists {
  const link = (kind: TrackedKind, lines: WrittenLine[] | undefined, trackers?: ReadonlyMap<string, Tracker>): readonly TrackedLine[] => {
    const counted: TrackedLine[] = []
    const names = new Set<string>()
    for (const written of lines ?? []) {
      const line = linkLine(kind, written, owner, trackers, known, context)
      if (line === undefined || isRepeated(kind, line, names, owner, context)) continue
      const allowed = withAllowedWeight(kind, line, owner, context)
      if (allowed !== undefined) counted.push(allowed)
    }
    if (lines !== undefined && trackers !== undefined) forgetEarly(lines, trackers)
    return counted
  }
  const interfaces = draft.trackInterface?.map(({ interface: name = '', ...rest }) => ({ name, ...rest }))
  return {
    trackInterface: link('interface', interfaces).map(({ name, weight, reverse }) => ({ interface: name, weight, reverse })),
    trackScript: link('script', draft.trackScript, known.scripts).map(withoutPlace),
    trackFile: link('file', draft.trackFile, known.files).map(withoutPlace),
    trackProcess: link('process', draft.trackProcess, known.processes).map(withoutPlace),
    trackBfd: link('BFD session', draft.trackBfd, known.sessions).map(withoutPlace),
  }
}

/** Takes out the lines above what they name: a configuration that is written anew has all blocks in front of what names them. */
function forgetEarly(lines: WrittenLine[], trackers: ReadonlyMap<string, Tracker>): void {
  const known = lines.filter(({ name = '', at }) => (trackers.get(name)?.at ?? 0) <= at)
  // One by one: there may be more than a call takes.
  lines.length = 0
  for (const line of known) lines.push(line)
}

function withoutPlace({ name, weight, reverse }: TrackedLine): Omit<TrackedLine, 'at'> {
  return { name, weight, reverse }
}

function linkLine(
  kind: TrackedKind,
  written: WrittenLine,
  owner: Owner,
  trackers: ReadonlyMap<string, Tracker> | undefined,
  known: Trackables,
  context: ReadContext,
): TrackedLine | undefined {
  const { name = '', at } = written
  const inherited =
    trackers === undefined ? linkInterface(name, at, owner, known, context) : findTracker(kind, name, at, owner, trackers, known, context)
  if (inherited === undefined) return undefined
  return { at, name, weight: written.weight ?? inherited.weight, reverse: written.reverse ?? inherited.reverse }
}

function findTracker(
  kind: TrackedKind,
  name: string,
  at: number,
  { who }: Owner,
  trackers: ReadonlyMap<string, Tracker>,
  { namedScripts }: Trackables,
  { diagnostics, tokens }: ReadContext,
): Tracker | undefined {
  if (kind === 'script') namedScripts.add(name)
  const tracker = trackers.get(name)
  if (tracker?.isUnusable === true) {
    const message = `${who} tracks the ${kind} ${shown(name)}, which cannot be used; the line is ignored`
    return diagnostics.error('undefined-name', tokens.span(at), message, `it is defined at ${placeText(tokens.span(tracker.at))}`)
  }
  if (tracker !== undefined && tracker.at < at) return tracker
  if (tracker === undefined) {
    return diagnostics.error('undefined-name', tokens.span(at), `${who}: there is no ${kind} ${shown(name)} to track; the line is ignored`)
  }
  const message = `${who} tracks the ${kind} ${shown(name)}, which is defined only below; the line is ignored`
  return diagnostics.error('undefined-name', tokens.span(at), message, 'move its block in front of this one')
}

/** An instance knows the state of its own interface anyhow. */
function linkInterface(
  name: string,
  at: number,
  { who, own }: Owner,
  { isInterfaceOptional }: Trackables,
  { diagnostics, host, tokens }: ReadContext,
): typeof OF_INTERFACES | undefined {
  if (name === own) {
    return diagnostics.error(
      'conflicting-setting',
      tokens.span(at),
      `${shown(name)} is the interface of ${who} itself; the line is ignored`,
    )
  }
  if (!isInterfaceOptional && !host.hasInterface(name)) {
    diagnostics.error('unknown-interface', tokens.span(at), `interface ${shown(name)} of ${who} does not exist`, INTERFACE_HELP)
  }
  return OF_INTERFACES
}

function isRepeated(
  kind: TrackedKind,
  { name, at }: TrackedLine,
  names: Set<string>,
  { who }: Owner,
  { diagnostics, tokens }: ReadContext,
): boolean {
  if (!names.has(name)) {
    names.add(name)
    return false
  }
  diagnostics.error('duplicate-setting', tokens.span(at), `${who} tracks the ${kind} ${shown(name)} already; the line is ignored`)
  return true
}
