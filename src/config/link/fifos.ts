/** FIFOs, and the programs that read them (process.md §7.2). */
import type { ConfigDraft, FifoDraft } from '../drafts.ts'
import type { Fifo, GlobalDefs } from '../model.ts'
import { mergedSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { ScriptCommand } from '../tables/values.ts'
import type { Given } from './complete.ts'
import { admitGlobal } from './scripts.ts'
import type { LinkContext } from './scripts.ts'

/** Those of VRRP and of the checkers may be one FIFO, which then has one program; the common one is another. */
export function linkFifos({ globalDefs = { at: 0 }, virtualServers = [] }: ConfigDraft, context: LinkContext): Given<GlobalDefs> {
  const common = globalDefs.notifyFifo
  const vrrp = different('vrrp_notify_fifo', globalDefs.vrrpNotifyFifo, common, context)
  const checkers = different('lvs_notify_fifo', globalDefs.lvsNotifyFifo, common, context)
  const isShared = vrrp !== undefined && vrrp.path === checkers?.path
  const { notifyFifoScript, vrrpNotifyFifoScript, lvsNotifyFifoScript } = globalDefs
  const checkerScript = isShared && vrrpNotifyFifoScript !== undefined ? second(lvsNotifyFifoScript, context) : lvsNotifyFifoScript
  return {
    notifyFifo: fifo(common),
    vrrpNotifyFifo: fifo(vrrp),
    lvsNotifyFifo: fifo(checkers),
    notifyFifoScript: admitGlobal('notify_fifo_script', notifyFifoScript, context),
    vrrpNotifyFifoScript: admitGlobal('vrrp_notify_fifo_script', vrrpNotifyFifoScript, context),
    // Without virtual servers there are no checkers that would run it.
    lvsNotifyFifoScript: virtualServers.length === 0 ? checkerScript : admitGlobal('lvs_notify_fifo_script', checkerScript, context),
  }
}

function different(
  keyword: string,
  own: FifoDraft | undefined,
  common: FifoDraft | undefined,
  context: ReadContext,
): FifoDraft | undefined {
  if (own === undefined || own.path !== common?.path) return own
  const message = `'${keyword}' is ignored: ${shown(own.path ?? '')} is the FIFO of 'notify_fifo'`
  return context.diagnostics.warning('setting-ignored', mergedSpan('global_defs', [keyword], context), message)
}

function second(script: ScriptCommand | undefined, context: ReadContext): undefined {
  if (script === undefined) return undefined
  const keyword = 'lvs_notify_fifo_script'
  const message = `'${keyword}' is ignored: 'vrrp_notify_fifo_script' reads the same FIFO`
  return context.diagnostics.warning('setting-ignored', mergedSpan('global_defs', [keyword], context), message)
}

function fifo(draft: FifoDraft | undefined): Fifo | undefined {
  return draft === undefined ? undefined : { path: draft.path ?? '', account: draft.account }
}
