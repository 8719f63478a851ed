/** `virtual_server`: when it counts as up, who is told, and what serves while it is down. */
import type { VirtualServerDraft } from '../drafts.ts'
import { FORWARDING_METHOD, storeMethod } from '../forms/forwarding.ts'
import { INT32_MAX, integer, UINT32_MAX, unlessZero } from '../forms/numbers.ts'
import { script } from '../forms/scripts.ts'
import { SORRY_SERVER, SORRY_SERVER_LINE } from '../forms/servers.ts'
import { flag } from '../forms/words.ts'
import type { Draft, Row } from '../tables/schema.ts'
import { hasSorryServer, storeSorryServer } from './virtual-server-store.ts'

const storeSorryMethod = storeMethod('sorryServerLvsMethod')

export const QUORUM_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'alpha',
    field: 'alpha',
    syntax: 'alpha',
    default: 'off',
    range: 'flag',
    meaning: 'Starts with servers down until a check succeeds.',
    form: flag(),
  },
  {
    kind: 'setting',
    keyword: 'omega',
    field: 'omega',
    syntax: 'omega',
    default: 'off',
    range: 'flag',
    meaning: 'Also runs quorum and real-server down scripts at shutdown.',
    form: flag(),
  },
  {
    kind: 'setting',
    keyword: 'quorum',
    field: 'quorum',
    syntax: 'quorum NUMBER',
    default: '1',
    range: '1..4294967295; an invalid value becomes 1; lowered to the total weight with a warning',
    meaning: 'Live weight needed for the service to count as up.',
    form: unlessZero(integer(1, UINT32_MAX, { invalid: 1 })),
    standard: 1,
    // Without any weight it is lowered to 0, which cannot be written.
    isImplied: (server) => 'quorum' in server && server.quorum === 0,
  },
  {
    kind: 'setting',
    keyword: 'hysteresis',
    field: 'hysteresis',
    syntax: 'hysteresis NUMBER',
    default: '0',
    range: '0..4294967295; must stay below quorum, else set to quorum-1',
    meaning: 'Margin around quorum.',
    form: integer(0, UINT32_MAX),
    standard: 0,
  },
  {
    kind: 'setting',
    keyword: 'quorum_up',
    field: 'quorumUp',
    syntax: 'quorum_up SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script; second use ignored',
    meaning: 'Runs when quorum is gained.',
    form: script(),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'quorum_down',
    field: 'quorumDown',
    syntax: 'quorum_down SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script; second use ignored',
    meaning: 'Runs when quorum is lost.',
    form: script(),
    use: 'first',
  },
  {
    kind: 'setting',
    keyword: 'weight',
    field: 'weight',
    syntax: 'weight NUMBER',
    default: '1',
    range: '1..2147483647',
    meaning: 'Default weight of real servers.',
    form: integer(1, INT32_MAX),
    standard: 1,
  },
  { kind: 'setting', ...SORRY_SERVER_LINE, field: 'sorryServer', form: SORRY_SERVER, store: storeSorryServer },
  {
    kind: 'setting',
    keyword: 'sorry_server_inhibit',
    field: 'sorryServerInhibit',
    syntax: 'sorry_server_inhibit',
    default: 'off',
    range: 'flag; after sorry_server',
    meaning: 'Applies inhibit_on_failure to the sorry server.',
    form: flag(),
    store(draft: VirtualServerDraft, _, line, context) {
      if (hasSorryServer(draft, line, context)) draft.sorryServerInhibit = true
    },
  },
  {
    kind: 'setting',
    keyword: 'sorry_server_lvs_method',
    field: 'sorryServerLvsMethod',
    syntax: 'sorry_server_lvs_method NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]',
    default: 'method of the service',
    range: 'after sorry_server',
    meaning: 'Forwarding method of the sorry server.',
    form: FORWARDING_METHOD,
    options: [],
    store(draft: Draft, value, line, context) {
      if (hasSorryServer(draft, line, context)) storeSorryMethod(draft, value)
    },
  },
]
