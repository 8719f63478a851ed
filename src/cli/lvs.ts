import type { LvsStatus } from '../lvs/lvs-status.ts'
import { lvsTable } from './lvs-table.ts'
import { ask } from './operator.ts'
import type { OperatorOptions } from './operator.ts'

/** What is printed, and the status to end with. */
export interface LvsReport {
  readonly output: string
  readonly exitCode: number
}

/** Virtual servers of a daemon with their real servers, as a table or as one JSON object. */
export async function runLvs({ json, ...options }: OperatorOptions & { readonly json?: true }): Promise<LvsReport> {
  const asked = await ask<LvsStatus>(options, { command: 'lvs' })
  if ('exitCode' in asked) return { output: '', exitCode: asked.exitCode }
  const output = json === true ? `${JSON.stringify(asked.answer, undefined, 2)}\n` : lvsTable(asked.answer)
  return { output, exitCode: 0 }
}
