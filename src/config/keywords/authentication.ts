/** `vrrp_instance/authentication`. */
import { password } from '../forms/secrets.ts'
import { oneOf } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, Draft, Row } from '../tables/schema.ts'
import type { Secret } from '../tables/values.ts'

const ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'auth_type',
    field: 'authType',
    syntax: 'auth_type PASS|AH',
    default: 'none',
    range: 'two words; v2 only, ignored in strict mode; AH is IPv4 only',
    meaning: 'Authentication method.',
    form: oneOf(['PASS', 'AH']),
    status: ACTED_ON,
    options: [
      { keyword: 'PASS', syntax: 'PASS', default: '-', range: 'word', meaning: 'Plain password.' },
      {
        keyword: 'AH',
        syntax: 'AH',
        default: '-',
        range: 'word; state MASTER below priority 255 becomes BACKUP',
        meaning: 'IPsec AH with HMAC-MD5.',
      },
    ],
  },
  {
    kind: 'setting',
    keyword: 'auth_pass',
    field: 'authPass',
    syntax: 'auth_pass STRING',
    default: 'none (mandatory with auth_type)',
    range: '8 bytes, longer is cut with an error',
    meaning: 'Shared secret.',
    form: password(),
    status: ACTED_ON,
    store: storePassword,
  },
]

export const AUTHENTICATION: Block = {
  path: 'vrrp_instance/authentication',
  type: 'Authentication',
  meaning: 'Password authentication of version 2.',
  // keepalived says nothing about words in front of the brace.
  header: noName('note'),
  rows: ROWS,
  status: ACTED_ON,
}

/** An empty password is none. */
function storePassword(draft: Draft, secret: Secret): void {
  if (secret.length === 0) delete draft['authPass']
  else draft['authPass'] = secret
}
