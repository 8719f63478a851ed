/** `global_defs`. */
import { noName } from '../tables/headers.ts'
import { NOT_YET } from '../tables/keyword-status.ts'
import type { Block } from '../tables/schema.ts'
import { BUFFER_ROWS } from './global-buffers.ts'
import { FILE_ROWS } from './global-files.ts'
import { FIREWALL_ROWS } from './global-firewall.ts'
import { INTEROP_ROWS } from './global-interop.ts'
import { INTERFACE_ROWS } from './global-interfaces.ts'
import { LVS_ROWS } from './global-lvs.ts'
import { MAIL_ROWS } from './global-mail.ts'
import { PROCESS_ROWS } from './global-processes.ts'
import { SCHEDULING_ROWS } from './global-scheduling.ts'
import { FIFO_ROWS, SCRIPT_ROWS } from './global-scripts.ts'
import { VRRP_ROWS } from './global-vrrp.ts'

export const GLOBAL_DEFS: Block = {
  path: 'global_defs',
  type: 'GlobalDefs',
  meaning: 'Daemon-wide settings, and defaults that the other blocks inherit.',
  header: noName('note'),
  rows: [
    ...FILE_ROWS,
    ...PROCESS_ROWS,
    ...SCHEDULING_ROWS,
    ...MAIL_ROWS,
    ...SCRIPT_ROWS,
    ...FIFO_ROWS,
    ...INTERFACE_ROWS,
    ...VRRP_ROWS,
    ...LVS_ROWS,
    ...FIREWALL_ROWS,
    ...INTEROP_ROWS,
    ...BUFFER_ROWS,
  ],
  derived: [
    {
      field: 'allowIfChanges',
      model: 'boolean',
      meaning: 'An interface may be made again with another type or parent: `dynamic_interfaces allow_if_changes`.',
    },
  ],
  scratch: [
    {
      field: 'badScriptUser',
      model: 'string',
      meaning: 'The account of a `script_user` line that does not exist: scripts that name none themselves are not run.',
    },
  ],
  status: NOT_YET,
}
