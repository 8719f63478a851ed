/** Durations that are possible and so long that it is worth a note. */
import type { NoteCode } from '../diagnostics/codes.ts'
import type { Form } from '../tables/form.ts'
import { US_PER_S } from './numbers.ts'

/**
 * A duration with a note from some length on.
 *
 * @param message the note; it is given the seconds and the keyword
 */
export function noteLong(
  form: Form<number>,
  code: NoteCode,
  fromS: number,
  message: (seconds: number, name: string) => string,
): Form<number> {
  return {
    ...form,
    read(line, context, name) {
      const us = form.read(line, context, name)
      if (us !== undefined && us >= fromS * US_PER_S) context.diagnostics.info(code, line.span, message(us / US_PER_S, name))
      return us
    },
  }
}
