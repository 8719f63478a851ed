/** Settings about reading the configuration itself. */
import { isAbsolute } from 'node:path'
import { word } from '../forms/words.ts'
import { applyIncludeCheck, INCLUDE_CHECK_WORDS, NO_CHECKS } from '../text/include.ts'
import { respell } from '../diagnostics/fix.ts'
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'

/** As the manual says. */
const MISNAMED = 'readable'

/** `include_check [WORD...]`. Its effect comes while lines are read (expand.ts); here its words are checked. */
export function includeCheck(): Form<readonly string[]> {
  return {
    types: { model: 'readonly string[]', input: 'readonly string[]', schema: { type: 'array', items: { type: 'string' } } },
    isBare: true,
    read(line, { diagnostics }) {
      const words: string[] = []
      while (line.left > 0) words.push(line.next() ?? '')
      const { rejected } = applyIncludeCheck(words, NO_CHECKS)
      if (rejected.length === 0) return words
      line.rewind()
      while (line.left > 0) {
        const text = line.next() ?? ''
        if (!rejected.includes(text)) continue
        const help =
          text === MISNAMED
            ? "keepalived's manual misnames it: the word is `read`"
            : `it takes ${INCLUDE_CHECK_WORDS.join(', ')}, each after the first with + or -`
        const fix = text === MISNAMED ? respell(line.wordSpan, 'read') : undefined
        diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} is ignored by 'include_check'`, help, fix)
      }
      return words.filter((text) => !rejected.includes(text))
    },
    toInput: (words) => words,
    toWords: (input) => (Array.isArray(input) && input.every((text) => typeof text === 'string') ? input : undefined),
  }
}

/** `reload_time_file PATH`: one absolute path. */
export function timeFile(): Form<string> {
  const form = word({ what: 'an absolute path', isLenient: true, surplus: 'refuse' })
  return {
    ...form,
    read(line, context, name) {
      const path = form.read(line, context, name)
      if (path === undefined || isAbsolute(path)) return path
      return context.diagnostics.error('invalid-word', line.wordSpan, `${shown(path)} is not an absolute path; the line is ignored`)
    },
  }
}
