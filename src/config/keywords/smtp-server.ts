/** The mail relay, and the name it is greeted with. */
import { port } from '../forms/addresses.ts'
import { requiredWord, word } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'

const SMTP_PORT = 25
const PORT = port()

/** `HOST [PORT]`. Names are looked up when mail is sent: a check asks no name server. */
export function smtpServer(): Form<object> {
  return grammarForm({
    path: 'smtp_server',
    type: 'SmtpServer',
    line: { keyword: '', syntax: 'HOST [PORT]', default: 'PORT 25', range: '-', meaning: 'A mail relay.' },
    head: [
      { field: 'host', ...TEXT_TYPES, meaning: 'Its address or DNS name.' },
      {
        field: 'port',
        model: 'number',
        input: 'number',
        schema: PORT.types.schema,
        meaning: 'Its port: 25 unless given.',
        isOptional: true,
        isFilled: true,
      },
    ],
    options: [],
    what: 'the relay',
    onUnknown: 'skip',
    onMissing: 'drop',
    onBadValue: 'drop',
    readHead(line, item, context) {
      const host = requiredWord(line, line.keyword, 'the address or name of a mail relay', context.diagnostics)
      if (host === undefined) return false
      item['host'] = host
      item['port'] = line.left === 0 ? SMTP_PORT : PORT.read(line, context, line.keyword)
      return item['port'] !== undefined
    },
    readOther(text, line, _, { diagnostics }) {
      diagnostics.info('no-effect', line.wordSpan, `${shown(text)} after the port has no effect`)
      return 'read'
    },
    headInput: ({ host, port }) => ({ host, ...(port === SMTP_PORT ? {} : { port }) }),
    headWords({ host, port = SMTP_PORT }) {
      return typeof host === 'string' && typeof port === 'number' ? [host, String(port)] : undefined
    },
  })
}

/** A name; without one the keyword means nothing, which keepalived does not complain of. */
export function optionalName(): Form<string> {
  const form = word()
  return {
    ...form,
    isBare: true,
    read(line, context, name) {
      if (line.left > 0) return form.read(line, context, name)
      return context.diagnostics.info('no-effect', line.span, `'${name}' without a name has no effect`)
    },
  }
}
