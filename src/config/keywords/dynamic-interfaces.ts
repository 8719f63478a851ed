/** `dynamic_interfaces [allow_if_changes]`: one line, two fields. */
import { shown } from '../diagnostics/printable.ts'
import type { Form } from '../tables/form.ts'

const OPTION = 'allow_if_changes'

interface Fields {
  dynamicInterfaces?: boolean
  allowIfChanges?: boolean
}

/** The keyword with or without its option: an unknown one is reported, and the keyword counts all the same. */
export function dynamicInterfaces(): Form<boolean | typeof OPTION> {
  return {
    types: { model: 'boolean', input: `true | '${OPTION}'`, schema: { enum: [true, OPTION] } },
    isBare: true,
    read(line, { diagnostics }, name) {
      const text = line.next()
      if (text === OPTION) return OPTION
      if (text !== undefined) {
        diagnostics.error('invalid-option', line.wordSpan, `unknown option ${shown(text)} of '${name}'`, `the only option is \`${OPTION}\``)
      }
      return true
    },
    toInput: (value) => (value === false ? undefined : value),
    toWords(input) {
      if (input === OPTION) return [OPTION]
      return input === true ? [] : undefined
    },
  }
}

/** A later line without the option does not take it back. */
export function storeDynamicInterfaces(draft: Fields, value: unknown): void {
  draft.dynamicInterfaces = true
  if (value === OPTION) draft.allowIfChanges = true
}

export function recallDynamicInterfaces({ dynamicInterfaces, allowIfChanges }: Fields): unknown {
  return allowIfChanges === true ? OPTION : dynamicInterfaces
}
