/** Scripts as a whole: whether they can be run, and as whom. */
import { mergedSpan } from '../blocks/places.ts'
import { printable, shown } from '../diagnostics/printable.ts'
import { lookalikeHelp } from '../diagnostics/spelling.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { Span } from '../text/source.ts'
import type { ScriptAccount, ScriptCommand } from '../tables/values.ts'

/** The account that scripts run as when it exists and nothing else is said. */
const SCRIPT_ACCOUNT = 'keepalived_script'
const ROOT_ID = 0

/** What linking may use. */
export interface LinkContext extends ReadContext {
  readonly scripts: ScriptPolicy
}

/** What global_defs says about scripts. */
export interface ScriptGlobals {
  readonly scriptUser?: ScriptAccount
  /** A `script_user` line names no account that exists, and none below it one that does. */
  readonly badScriptUser?: string
  readonly enableScriptSecurity?: boolean
}

/** Why scripts that name no account must not be run as the daemon itself. */
interface Lack {
  readonly reason: string
  readonly help: string
}

/** Where a script stands, found when a message needs it. */
type Place = () => Span

/** A script that runs as root. */
export interface RootScript {
  readonly path: string
  readonly place: Place
}

/** What becomes of the scripts of a configuration, all of which pass through one of these while it is linked. */
export class ScriptPolicy {
  readonly #globals: ScriptGlobals
  readonly #context: ReadContext
  readonly #lack: Lack | undefined
  readonly #asRoot: RootScript[] = []

  constructor(globals: ScriptGlobals, context: ReadContext) {
    this.#globals = globals
    this.#context = context
    this.#lack = lackOfAccount(globals, context)
  }

  /**
   * Reports what is wrong with a script.
   *
   * @param consequence what it means that it cannot be run
   * @returns `undefined` when there is none, or when it must not be run
   */
  admit(script: ScriptCommand | undefined, place: Place, consequence?: string): ScriptCommand | undefined {
    if (script === undefined) return undefined
    const { diagnostics, host } = this.#context
    const path = shown(script.path)
    const end = consequence === undefined ? '' : `; ${consequence}`
    if (this.#lack !== undefined && script.account === undefined) {
      const message = `the script ${path} is not run: ${this.#lack.reason}${end}`
      return diagnostics.error('unknown-account', place(), message, this.#lack.help)
    }
    if (consequence !== undefined && isFileTest(script)) return script
    const problem = host.scriptProblem(script.path)
    if (problem !== undefined) {
      const missing = lookalikeHelp(script.path) ?? 'name a program that exists, by its absolute path'
      const help = problem.isMissing ? missing : `give it the permission: chmod +x ${script.path}`
      diagnostics.warning('script-not-usable', place(), `the script ${path} ${problem.reason}${end}`, help)
    }
    if (problem?.isMissing !== true && this.#runsAsRoot(script)) {
      if (this.#isRefused(script, place, end)) return undefined
      this.#asRoot.push({ path: script.path, place })
    }
    return problem !== undefined && consequence !== undefined ? undefined : script
  }

  /** Those that run as root. */
  get asRoot(): readonly RootScript[] {
    return this.#asRoot
  }

  /** Reports once that scripts run as root without script security. */
  finish(): void {
    const [first] = this.#asRoot
    if (first === undefined || this.#globals.enableScriptSecurity === true) return
    const count = this.#asRoot.length
    const message = count === 1 ? 'This script runs as root' : `This script and ${count - 1} more run as root`
    this.#context.diagnostics.warning(
      'script-runs-as-root',
      first.place(),
      `SECURITY VIOLATION - scripts are being executed but script_security not enabled. ${message}`,
      'name an account for scripts with `script_user` in global_defs, and say `enable_script_security` there',
    )
  }

  /** Whether script security forbids a script that runs as root: somebody else can change it. */
  #isRefused(script: ScriptCommand, place: Place, end: string): boolean {
    if (this.#globals.enableScriptSecurity !== true) return false
    const { diagnostics, host } = this.#context
    const part = host.alterablePart(script.path)
    if (part === undefined) return false
    // What operators search for, and what it does not say.
    const message = `Unsafe permissions found for script ${shown(script.path)} - disabling: ${printable(part.path)} ${part.reason}${end}`
    diagnostics.error('unsafe-script', place(), message, 'it runs as root: `chown root:root` and `chmod go-w`, or name another account')
    return true
  }

  /** By its user, its group, or the file itself. */
  #runsAsRoot({ account, path }: ScriptCommand): boolean {
    const { host } = this.#context
    const named = account ?? this.#globals.scriptUser
    const entry = host.user(named?.user ?? SCRIPT_ACCOUNT)
    const ids = typeof entry === 'object' ? entry : { uid: host.uid, gid: host.uid }
    const gid = named?.group === undefined ? ids.gid : host.group(named.group)
    return ids.uid === ROOT_ID || gid === ROOT_ID || host.becomesRoot(path)
  }
}

/** Whether a check asks only that a file can be read: no program is run for that but the shell. */
export function isFileTest({ path }: ScriptCommand): boolean {
  return path.startsWith('</')
}

function lackOfAccount(
  { scriptUser, badScriptUser, enableScriptSecurity = false }: ScriptGlobals,
  { host }: ReadContext,
): Lack | undefined {
  if (badScriptUser !== undefined) {
    const help = 'correct `script_user` in global_defs, or name an account after the script'
    return { reason: "'script_user' names no account that exists", help }
  }
  if (!enableScriptSecurity || scriptUser !== undefined || typeof host.user(SCRIPT_ACCOUNT) === 'object') return undefined
  const reason = `script security asks for an account, and there is no ${SCRIPT_ACCOUNT}`
  return { reason, help: 'name one with `script_user` in global_defs, or after the script' }
}

/** A script of global_defs that may be run. */
export function admitGlobal(keyword: string, script: ScriptCommand | undefined, context: LinkContext): ScriptCommand | undefined {
  return context.scripts.admit(script, () => mergedSpan('global_defs', [keyword], context))
}
