import type { Held } from './held.ts'
import { refusedSentence, repairedSentence } from './ipvs-sentences.ts'
import type { IpvsEvent } from './ipvs-table.ts'
import type { LvsObserver } from './lvs-observer.ts'

/** Who has to know what the kernel's thread tells. */
interface Audience {
  readonly held: Held
  readonly observer: LvsObserver
  readonly nowMs: number
}

/** Has what the kernel's thread tells logged and told. What is applied lets changes be told that waited for it. */
export function takeIpvsEvent(event: IpvsEvent, { held, observer, nowMs }: Audience): void {
  switch (event.type) {
    case 'applied':
      held.applied(event.number)
      break
    case 'refused':
      observer.log('error', refusedSentence(event))
      held.now({ ...event, type: 'ipvsRefused' }, nowMs)
      break
    case 'repaired':
      observer.log('warn', repairedSentence(event))
      held.now({ ...event, type: 'ipvsRepaired' }, nowMs)
      break
    case 'overflowed':
      observer.log('warn', `${event.skipped} messages about IPVS were lost`)
      held.now({ type: 'ipvsOverflowed', skipped: event.skipped }, nowMs)
      break
  }
}
