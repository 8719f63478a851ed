/** `garp_group`. */
import { noteLong } from '../forms/notes.ts'
import { MAX_DELAY_S, seconds } from '../forms/numbers.ts'
import { interfaceName } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block } from '../tables/schema.ts'

const INTERVAL = noteLong(seconds(0, MAX_DELAY_S), 'unusual-value', 1, (value, name) => {
  return `'${name}' of ${value} seconds is long: addresses are announced one after the other`
})

export const GARP_GROUP: Block = {
  path: 'garp_group',
  type: 'GarpGroup',
  meaning: 'Pacing of gratuitous ARPs and unsolicited neighbor advertisements on some interfaces.',
  header: noName('note'),
  rows: [
    {
      kind: 'setting',
      keyword: 'garp_interval',
      field: 'garpInterval',
      syntax: 'garp_interval SECONDS',
      default: 'unset',
      range: '0..4294.967295 s; 1 s or more logs a notice',
      meaning: 'Gap between gratuitous ARPs on the group.',
      form: INTERVAL,
    },
    {
      kind: 'setting',
      keyword: 'gna_interval',
      field: 'gnaInterval',
      syntax: 'gna_interval SECONDS',
      default: 'unset',
      range: '0..4294.967295 s; 1 s or more logs a notice',
      meaning: 'Gap between unsolicited NAs on the group.',
      form: INTERVAL,
    },
    {
      kind: 'words',
      keyword: 'interfaces',
      field: 'interfaces',
      syntax: 'interfaces { IFNAME... }',
      default: '-',
      range: 'as interface; one shared limit for all',
      meaning: 'Interfaces sharing one pacing limit.',
      note: 'A group with neither interval set is removed',
      item: interfaceName(),
    },
    {
      kind: 'setting',
      keyword: 'interface',
      field: 'interfaces',
      syntax: 'interface IFNAME',
      default: '-',
      range: 'existing interface, not a VMAC, not already in a group',
      meaning: 'Single interface the pacing applies to.',
      form: interfaceName(),
      store: storeInterface,
      recall: () => undefined,
    },
  ],
  status: ACTED_ON,
}

/** One more of `interfaces`, as which it is written again. */
function storeInterface(draft: object, value: unknown): void {
  const group = draft as { interfaces?: unknown[] }
  ;(group.interfaces ??= []).push(value)
}
