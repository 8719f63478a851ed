/** `priority-255-misuse`: the priority of the address owner for a router that owns none of its addresses. */
import type { LintInput } from '../lint.ts'
import { settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import { OWNER } from '../tables/priorities.ts'
import { instancesOf } from './drafts.ts'

const HELP = 'use 254 or less on every router, unless the addresses are configured on the interface itself'

export function lintOwners(input: LintInput): void {
  const { diagnostics, host } = input.context
  for (const { instance, written } of instancesOf(input)) {
    const { name, priority, virtualIpaddress } = instance
    if (priority !== OWNER || virtualIpaddress.length === 0) continue
    if (virtualIpaddress.some(({ address }) => host.hasAddress(address))) continue
    const isWritten = written.priority !== undefined
    const span = isWritten ? valueSpan(written, 'priority', input.context) : settingSpan(written, 'state', input.context)
    const reason = isWritten ? '' : ' (`state MASTER` without a priority means 255)'
    const message = `instance ${shown(name)} has priority 255${reason}, which is for the owner of its addresses; this host has none of them`
    diagnostics.warning('priority-255-misuse', span, message, HELP)
  }
}
