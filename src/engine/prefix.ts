/** Prefixes as the engine takes them. */
import { LONGEST_PREFIX } from '../config/forms/networks.ts'

/** `ADDRESS/LENGTH` of what a file says: a whole address may lack its length, and `default` is every address of the family. */
export function prefixText(text: string, family: 4 | 6): string {
  if (text === 'default') return family === 4 ? '0.0.0.0/0' : '::/0'
  return text.includes('/') ? text : `${text}/${LONGEST_PREFIX[family]}`
}
