/** `SSL`: what checkers identify themselves with. */
import { passphrase } from '../forms/secrets.ts'
import { word } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block } from '../tables/schema.ts'

const FILE = word({ what: 'a path', isLenient: true })

export const SSL: Block = {
  path: 'SSL',
  type: 'Ssl',
  meaning: 'The client certificate of SSL_GET.',
  header: noName('note'),
  rows: [
    {
      kind: 'setting',
      keyword: 'password',
      field: 'password',
      syntax: 'password STRING',
      default: 'none',
      range: 'one word; a repeat overwrites with an error',
      meaning: 'Pass phrase of the key.',
      form: passphrase(),
      use: 'overwrite',
    },
    {
      kind: 'setting',
      keyword: 'ca',
      field: 'ca',
      syntax: 'ca PATH',
      default: 'none',
      range: 'one word',
      meaning: 'CA file.',
      form: FILE,
      use: 'overwrite',
    },
    {
      kind: 'setting',
      keyword: 'certificate',
      field: 'certificate',
      syntax: 'certificate PATH',
      default: 'none',
      range: 'one word',
      meaning: 'Certificate file.',
      form: FILE,
      use: 'overwrite',
    },
    {
      kind: 'setting',
      keyword: 'key',
      field: 'key',
      syntax: 'key PATH',
      default: 'none',
      range: 'one word',
      meaning: 'Private key file.',
      form: FILE,
      use: 'overwrite',
    },
  ],
  status: ACTED_ON,
}
