/** The scripts that an instance or a sync group tells its states to. */
import type { VrrpInstanceDraft } from '../drafts.ts'
import type { VrrpInstance } from '../model.ts'
import { settingSpan } from '../blocks/places.ts'
import type { LinkContext } from './scripts.ts'

/** Fields with a script and their keywords. */
const SCRIPTS = [
  ['notify', 'notify'],
  ['notifyMaster', 'notify_master'],
  ['notifyBackup', 'notify_backup'],
  ['notifyFault', 'notify_fault'],
  ['notifyStop', 'notify_stop'],
  ['notifyMasterRxLowerPri', 'notify_master_rx_lower_pri'],
] as const

type Notify = Pick<VrrpInstance, (typeof SCRIPTS)[number][0] | 'notifyDeleted'>

/** Those that may be run; others are reported and left out. */
export function linkNotify(draft: Pick<VrrpInstanceDraft, 'at' | keyof Notify>, context: LinkContext): Partial<Notify> {
  const { scripts } = context
  const linked: { -readonly [K in keyof Notify]?: Notify[K] } = {}
  for (const [field, keyword] of SCRIPTS) {
    linked[field] = scripts.admit(draft[field], () => settingSpan(draft, keyword, context))
  }
  const { notifyDeleted } = draft
  linked.notifyDeleted =
    typeof notifyDeleted === 'object' ? scripts.admit(notifyDeleted, () => settingSpan(draft, 'notify_deleted', context)) : notifyDeleted
  return linked
}
