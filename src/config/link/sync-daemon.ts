/** The IPVS sync daemon and the instance that it follows. */
import type { ConfigDraft } from '../drafts.ts'
import type { LvsSyncDaemon } from '../model.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'

/** Its settings; without the instance that it names, it does not run. */
export function linkSyncDaemon(
  { globalDefs, vrrpInstances = [] }: ConfigDraft,
  { diagnostics, tokens }: ReadContext,
): LvsSyncDaemon | undefined {
  const written = globalDefs?.lvsSyncDaemon
  if (written === undefined) return undefined
  const { interface: device = '', instance, maxlen, port, ttl, group } = written
  const followed = vrrpInstances.find(({ name }) => name === instance)
  if (instance !== undefined && followed === undefined) {
    const message = `the sync daemon follows the instance ${shown(instance)}, which is not defined; the line is ignored`
    return diagnostics.error('undefined-name', tokens.span(written.at), message)
  }
  return { interface: device, instance, id: written.id ?? followed?.virtualRouterId ?? 0, maxlen, port, ttl, group }
}
