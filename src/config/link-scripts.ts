/** Scripts as a whole: whether they can be run, and as whom. */
import type { GlobalsDraft, VrrpInstanceDraft, Written } from './draft.ts'
import type { ScriptCommand } from './model.ts'
import type { ReadContext } from './schema.ts'
import { shown } from './excerpt.ts'

/** The account that scripts run as when it exists and nothing else is said. */
const SCRIPT_ACCOUNT = 'keepalived_script'
const ROOT_UID = 0

/** Reports scripts that cannot be run, and once that some run as root without script security. */
export function reportScripts(instances: readonly VrrpInstanceDraft[], globals: GlobalsDraft, context: ReadContext): void {
  const { diagnostics, host } = context
  const asRoot: Written<ScriptCommand>[] = []
  for (const { notify } of instances) {
    for (const script of [notify.notify, notify.notifyMaster, notify.notifyBackup, notify.notifyFault, notify.notifyStop]) {
      if (script === undefined) continue
      const problem = host.scriptProblem(script.value.path)
      if (problem !== undefined)
        diagnostics.warning('script-not-usable', script.span, `the script ${shown(script.value.path)} ${problem.reason}`)
      if (problem?.isMissing !== true && uidOf(script.value, globals, context) === ROOT_UID) asRoot.push(script)
    }
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

function uidOf({ account }: ScriptCommand, { scriptUser }: GlobalsDraft, { host }: ReadContext): number {
  const user = (account ?? scriptUser)?.user ?? SCRIPT_ACCOUNT
  return host.user(user)?.uid ?? host.uid
}
