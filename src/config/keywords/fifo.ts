/** `PATH [USER [[:]GROUP]]`: a named pipe. */
import { accountText, accountWords, readAccount } from '../forms/scripts.ts'
import { requiredWord } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { ScriptAccount } from '../tables/values.ts'

/** A named pipe and whom it belongs to. */
export function fifo(): Form<object> {
  return grammarForm({
    path: 'fifo',
    type: 'Fifo',
    line: { keyword: '', syntax: 'PATH [USER [[:]GROUP]]', default: '-', range: '-', meaning: 'A named pipe.' },
    head: [
      { field: 'path', ...TEXT_TYPES, meaning: 'Its path.' },
      {
        field: 'account',
        model: 'ScriptAccount',
        input: 'string',
        schema: { type: 'string' },
        meaning: "Whom it belongs to: the daemon's own user unless given.",
        isOptional: true,
      },
    ],
    options: [],
    what: 'the FIFO',
    onUnknown: 'skip',
    onMissing: 'drop',
    onBadValue: 'drop',
    readHead(line, item, context) {
      const path = requiredWord(line, line.keyword, 'the path of a FIFO', context.diagnostics, true)
      if (path === undefined) return false
      item['path'] = path
      const user = line.next()
      if (user === undefined) return true
      item['account'] = readAccount(line, user, 'the FIFO is ignored', context)
      return item['account'] !== undefined
    },
    readOther(text, line, _, { diagnostics }) {
      diagnostics.info('no-effect', line.wordSpan, `${shown(text)} after the user and the group has no effect`)
      return 'read'
    },
    headInput: ({ path, account }) => ({ path, ...(account === undefined ? {} : { account: accountText(account as ScriptAccount) }) }),
    headWords({ path, account }) {
      if (typeof path !== 'string' || (account !== undefined && typeof account !== 'string')) return undefined
      return [path, ...(account === undefined ? [] : accountWords(account))]
    },
  })
}
