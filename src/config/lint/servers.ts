/**
 * `lthreshold-above-uthreshold`: connection limits that the kernel refuses.
 * `unchecked-servers`: a virtual server none of whose real servers is checked.
 */
import type { RealServerDraft, VirtualServerDraft } from '../drafts.ts'
import type { LintInput } from '../lint.ts'
import { serverName, virtualServerName } from '../link/server-names.ts'
import { blockSpan, valueSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'

/** The checkers of a real server, by their kinds. */
const CHECKERS = [
  'httpGets',
  'sslGets',
  'tcpChecks',
  'smtpChecks',
  'dnsChecks',
  'miscChecks',
  'bfdChecks',
  'udpChecks',
  'pingChecks',
  'fileChecks',
] as const satisfies readonly (keyof RealServerDraft)[]

export function lintServers({ draft, context }: LintInput): void {
  for (const virtualServer of draft.virtualServers ?? []) {
    const { realServers = [] } = virtualServer
    for (const server of realServers) lintThresholds(server, context)
    if (realServers.length > 0 && !realServers.some(isChecked)) reportUnchecked(virtualServer, context)
  }
}

/** Neither limit is inherited. */
function lintThresholds(server: RealServerDraft, context: ReadContext): void {
  const { uthreshold = 0, lthreshold = 0 } = server
  if (lthreshold <= uthreshold) return
  const limit = uthreshold === 0 ? 'there is no uthreshold' : `uthreshold ${uthreshold}`
  const message = `lthreshold ${lthreshold} of the real server ${serverName(server)} is above its upper limit (${limit}): ${uthreshold} is used for both`
  const help = 'the kernel refuses it, and keepalived then takes the server for served: raise uthreshold, or lower lthreshold'
  context.diagnostics.warning('lthreshold-above-uthreshold', valueSpan(server, 'lthreshold', context), message, help)
}

function isChecked(server: RealServerDraft): boolean {
  return CHECKERS.some((kind) => (server[kind]?.length ?? 0) > 0)
}

function reportUnchecked(virtualServer: VirtualServerDraft, context: ReadContext): void {
  const sorry = virtualServer.sorryServer === undefined ? '' : ', and its sorry server gets none'
  const message = `nothing checks the real servers of the ${virtualServerName(virtualServer)}: one that is dead goes on getting connections${sorry}`
  const help = 'give each real server a checker, such as TCP_CHECK'
  context.diagnostics.info('unchecked-servers', blockSpan(virtualServer, context), message, help)
}
