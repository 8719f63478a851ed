/** Scripts as a whole: whether they can be run, and as whom. */
import type { GlobalsDraft, NotifyDraft, VrrpInstanceDraft, Written } from './draft.ts'
import { shown } from './excerpt.ts'
import type { ScriptCommand } from './model.ts'
import type { ReadContext } from './schema.ts'

/** The account that scripts run as when it exists and nothing else is said. */
const SCRIPT_ACCOUNT = 'keepalived_script'
const ROOT_UID = 0
const FIELDS = ['notify', 'notifyMaster', 'notifyBackup', 'notifyFault', 'notifyStop'] as const

/**
 * Takes away the scripts that have no account to run as, and reports them; reports those that cannot be
 * run, and once that some run as root without script security.
 */
export function checkScripts(instances: Iterable<VrrpInstanceDraft>, globals: GlobalsDraft, context: ReadContext): void {
  const { diagnostics, host } = context
  const lack = lackOfAccount(globals, context)
  const asRoot: Written<ScriptCommand>[] = []
  for (const { field, notify, script } of scriptsOf(instances)) {
    const path = shown(script.value.path)
    if (lack !== undefined && script.value.account === undefined) {
      delete notify[field]
      diagnostics.error('unknown-account', script.span, `the script ${path} is not run: ${lack.reason}`, lack.help)
      continue
    }
    const problem = host.scriptProblem(script.value.path)
    if (problem !== undefined) diagnostics.warning('script-not-usable', script.span, `the script ${path} ${problem.reason}`)
    if (problem?.isMissing !== true && uidOf(script.value, globals, context) === ROOT_UID) asRoot.push(script)
  }
  const [first] = asRoot
  if (first === undefined || globals.enableScriptSecurity === true) return
  const message = asRoot.length === 1 ? 'this script runs as root' : `this script and ${asRoot.length - 1} more run as root`
  diagnostics.warning(
    'script-runs-as-root',
    first.span,
    `${message}, and script security is not enabled`,
    'name an account for scripts with `script_user` in global_defs',
  )
}

function* scriptsOf(
  instances: Iterable<VrrpInstanceDraft>,
): Generator<{ field: keyof NotifyDraft; notify: NotifyDraft; script: Written<ScriptCommand> }> {
  for (const { notify } of instances) {
    for (const field of FIELDS) {
      const script = notify[field]
      if (script !== undefined) yield { field, notify, script }
    }
  }
}

/** Why scripts that name no account must not be run as the daemon itself. */
function lackOfAccount(
  { scriptUser, enableScriptSecurity = false }: GlobalsDraft,
  { host }: ReadContext,
): { readonly reason: string; readonly help: string } | undefined {
  if (scriptUser === 'invalid') {
    const help = 'correct `script_user` in global_defs, or name an account after the script'
    return { reason: "'script_user' names no account that exists", help }
  }
  if (!enableScriptSecurity || scriptUser !== undefined || typeof host.user(SCRIPT_ACCOUNT) === 'object') return undefined
  const reason = `script security asks for an account, and there is no ${SCRIPT_ACCOUNT}`
  return { reason, help: 'name one with `script_user` in global_defs, or after the script' }
}

function uidOf({ account }: ScriptCommand, { scriptUser }: GlobalsDraft, { host }: ReadContext): number {
  const entry = host.user((account ?? (scriptUser === 'invalid' ? undefined : scriptUser))?.user ?? SCRIPT_ACCOUNT)
  return typeof entry === 'object' ? entry.uid : host.uid
}
