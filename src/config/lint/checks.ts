/** `check-longer-than-interval`: a check that may take longer than the time to the next one. */
import type { LintInput } from '../lint.ts'
import type { ConfigDraft } from '../drafts.ts'
import { US_PER_S } from '../forms/numbers.ts'
import { settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'

const HELP = 'make the timeout shorter than the interval: a failure is seen only when the check ends'

export function lintChecks({ config, draft, context }: LintInput): void {
  const scripts = new Map((draft.vrrpScripts ?? []).map((script) => [script.name, script]))
  for (const { name, intervalUs, timeoutUs } of config.vrrpScripts) {
    const written = scripts.get(name)
    if (written === undefined || timeoutUs === undefined || timeoutUs <= intervalUs) continue
    const message = `the timeout of script ${shown(name)} (${timeoutUs / US_PER_S} s) is longer than its interval (${intervalUs / US_PER_S} s)`
    context.diagnostics.warning('check-longer-than-interval', valueSpan(written, 'timeout', context), message, HELP)
  }
  lintCheckers(draft, { config, context })
}

/** Checkers of real servers: what is written is compared, since inherited values stand elsewhere. */
function lintCheckers({ virtualServers = [] }: ConfigDraft, { config, context }: Pick<LintInput, 'config' | 'context'>): void {
  for (const server of virtualServers) {
    const standardLoopUs = server.delayLoopUs ?? config.virtualServers[0]?.delayLoopUs ?? 60 * US_PER_S
    for (const real of server.realServers ?? []) {
      for (const { miscTimeoutUs, delayLoopUs, at } of real.miscChecks ?? []) {
        const loopUs = delayLoopUs ?? real.delayLoopUs ?? standardLoopUs
        if (miscTimeoutUs === undefined || miscTimeoutUs <= loopUs) continue
        const message = `'misc_timeout' (${miscTimeoutUs / US_PER_S} s) is longer than the time between two checks (${loopUs / US_PER_S} s)`
        context.diagnostics.warning('check-longer-than-interval', settingSpan({ at }, 'misc_timeout', context), message, HELP)
      }
      for (const { connectTimeoutUs, delayLoopUs, at } of [...(real.tcpChecks ?? []), ...(real.httpGets ?? []), ...(real.sslGets ?? [])]) {
        const loopUs = delayLoopUs ?? real.delayLoopUs ?? standardLoopUs
        if (connectTimeoutUs === undefined || connectTimeoutUs <= loopUs) continue
        const message = `'connect_timeout' (${connectTimeoutUs / US_PER_S} s) is longer than the time between two checks (${loopUs / US_PER_S} s)`
        context.diagnostics.warning('check-longer-than-interval', settingSpan({ at }, 'connect_timeout', context), message, HELP)
      }
    }
  }
}
