/** From a fix that is proposed to one that can be made: apart, because what hides secrets knows all tables. */
import { hidesSecret } from './excerpt.ts'
import type { Fix, ProposedFix, TextEdit } from './fix.ts'

/** The fix as data; absent where it cannot be made. */
export function resolveFix({ title, edits }: ProposedFix): Fix | undefined {
  const resolved: TextEdit[] = []
  for (const { span, text } of edits) {
    const { source, offset, length } = span
    if (!source.isFile || hidesSecret(span)) return undefined
    const [start, end] = [source.position(offset), source.position(offset + length)]
    resolved.push({ file: source.path, offset, length, text, start, end })
  }
  return { title, edits: resolved }
}
