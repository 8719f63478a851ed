/** What queues ask of a change, whether it is of an instance, a group or a server. */
import type { Change, ToldServerChange } from './change.ts'

/** Something that is told. */
export type Told = Change | ToldServerChange

/** Whom something is about. */
export type Subject = Pick<Change, 'kind' | 'name'> | Pick<ToldServerChange, 'kind' | 'name' | 'service'>

/** Whom a change is about, as fields of the log. */
export function about(subject: Subject): Readonly<Record<string, string>> {
  switch (subject.kind) {
    case 'INSTANCE':
      return { instance: subject.name }
    case 'GROUP':
      return { group: subject.name }
    case 'VS':
      return { service: subject.service }
    case 'RS':
      return { service: subject.service, server: subject.name }
  }
}

/**
 * Whose changes keep their order, as one word: an instance, a group, or a virtual server with all its real servers. Instances and groups
 * may have the same name.
 */
export function laneOf(subject: Subject): string {
  return 'service' in subject ? `VS ${subject.service}` : subjectOf(subject)
}

/** Whom a change is about, as one word. */
export function subjectOf({ kind, name }: Pick<Told, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** Whether it is a state, which makes those before it old news; an advertisement of lower priority is none. */
export function isState({ state }: Told): boolean {
  return state !== 'MASTER_RX_LOWER_PRI'
}

/**
 * Whether it is still told once a stop has begun: STOP is, for which what is told of earlier states is ended. Of servers nothing says
 * that it is the last, and none of their states is told twice.
 */
export function outlastsStop(change: Told): boolean {
  return 'service' in change || change.state === 'STOP'
}
