/** What servers are called: rows of `virtual_server` and of `real_server`. */
import { word } from '../forms/words.ts'
import { NOT_YET } from '../tables/keyword-status.ts'
import type { SettingRow } from '../tables/schema.ts'

/** `virtualhost`, of which the columns differ, and `snmp_name`. */
export function nameRows(virtualhost: string, range: string, meaning: string): readonly SettingRow[] {
  return [
    {
      kind: 'setting',
      keyword: 'virtualhost',
      field: 'virtualhost',
      syntax: 'virtualhost STRING',
      default: virtualhost,
      range,
      meaning,
      form: word({ isLenient: true }),
      use: 'overwrite',
    },
    {
      kind: 'setting',
      keyword: 'snmp_name',
      field: 'snmpName',
      syntax: 'snmp_name STRING',
      default: 'none',
      range: 'exactly one word',
      meaning: 'Label in SNMP.',
      note: 'Only with SNMP checker support',
      form: word({ isLenient: true, surplus: 'refuse' }),
      status: NOT_YET,
    },
  ]
}
