import type { ScriptCommand } from '../config/tables/values.ts'
import { commandText } from './command-text.ts'

/** A script with the account that its line names; keepalived has the numbers of the account that it runs as. */
export function scriptText(script: ScriptCommand): string {
  const { account } = script
  if (account === undefined) return commandText(script)
  return `${commandText(script)}, user ${account.user}${account.group === undefined ? '' : ` group ${account.group}`}`
}
