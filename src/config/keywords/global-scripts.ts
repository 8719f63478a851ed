/** `global_defs`: scripts, whom they run as, and FIFOs (process.md §7). */
import { writtenValue } from '../blocks/line-words.ts'
import type { Line } from '../blocks/line.ts'
import { wholeSeconds } from '../forms/numbers.ts'
import { account, script } from '../forms/scripts.ts'
import { boolean, flag } from '../forms/words.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Form } from '../tables/form.ts'
import type { Row } from '../tables/schema.ts'
import type { ScriptAccount } from '../tables/values.ts'
import { fifo } from './fifo.ts'

/** What comes of a bad `script_user`. */
const SCRIPT_USER_FAILS = 'scripts without an account of their own are not run'
const MAX_SCRIPT_S = 1000

export const SCRIPT_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'use_symlink_paths',
    field: 'useSymlinkPaths',
    syntax: 'use_symlink_paths [BOOL]',
    default: 'off (true when given bare)',
    range: 'BOOL',
    meaning: 'Keeps symbolic links in script paths instead of resolving them.',
    form: boolean(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'set_supplementary_groups',
    field: 'setSupplementaryGroups',
    syntax: 'set_supplementary_groups [BOOL]',
    default: 'off (true when given bare)',
    range: 'BOOL',
    meaning: 'Gives scripts the supplementary groups of their user by default.',
    form: boolean(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'startup_script',
    field: 'startupScript',
    syntax: 'startup_script SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script only',
    meaning: 'Program the parent runs once before starting children.',
    form: script({ isLenient: true }),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'startup_script_timeout',
    field: 'startupScriptTimeout',
    syntax: 'startup_script_timeout SECONDS',
    default: '10 s',
    range: '1..1000',
    meaning: 'Time allowed for startup_script before it is killed.',
    form: wholeSeconds(1, MAX_SCRIPT_S, { isLenient: true }),
    standard: 10_000_000,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'shutdown_script',
    field: 'shutdownScript',
    syntax: 'shutdown_script SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script only',
    meaning: 'Program the parent runs once after all children ended.',
    form: script({ isLenient: true }),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'shutdown_script_timeout',
    field: 'shutdownScriptTimeout',
    syntax: 'shutdown_script_timeout SECONDS',
    default: '10 s',
    range: '1..1000',
    meaning: 'Time allowed for shutdown_script before it is killed.',
    form: wholeSeconds(1, MAX_SCRIPT_S, { isLenient: true }),
    standard: 10_000_000,
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'script_user',
    field: 'scriptUser',
    syntax: 'script_user USER [[:]GROUP]',
    default: "keepalived_script if that account exists, else the daemon's own user",
    range: 'existing account; leading colon also sets supplementary groups',
    meaning: 'Default account for scripts.',
    form: scriptUser(),
    store: storeScriptUser,
    refused: 'badScriptUser',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'enable_script_security',
    field: 'enableScriptSecurity',
    syntax: 'enable_script_security',
    default: 'off',
    range: 'flag',
    meaning: 'Refuses to run as root any script a non-root user could alter, and demands the default script account.',
    form: flag(),
    status: ACTED_ON,
  },
]

export const FIFO_ROWS: readonly Row[] = [
  {
    kind: 'setting',
    keyword: 'notify_fifo',
    field: 'notifyFifo',
    syntax: 'notify_fifo PATH [USER [[:]GROUP]]',
    default: 'none',
    range: 'one FIFO; second use ignored',
    meaning: 'Named pipe receiving all state events.',
    form: fifo(),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'notify_fifo_script',
    field: 'notifyFifoScript',
    syntax: 'notify_fifo_script SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script; second use ignored',
    meaning: 'Program started to read notify_fifo; the FIFO path is appended as last argument.',
    form: script({ isLenient: true }),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_notify_fifo',
    field: 'vrrpNotifyFifo',
    syntax: 'vrrp_notify_fifo PATH [USER [[:]GROUP]]',
    default: 'none',
    range: 'one FIFO; must differ from notify_fifo or it is ignored',
    meaning: 'Named pipe receiving VRRP events.',
    form: fifo(),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_notify_fifo_script',
    field: 'vrrpNotifyFifoScript',
    syntax: 'vrrp_notify_fifo_script SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script',
    meaning: 'Program started to read vrrp_notify_fifo.',
    form: script({ isLenient: true }),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'lvs_notify_fifo',
    field: 'lvsNotifyFifo',
    syntax: 'lvs_notify_fifo PATH [USER [[:]GROUP]]',
    default: 'none',
    range: 'one FIFO; must differ from notify_fifo or it is ignored',
    meaning: 'Named pipe receiving checker events.',
    form: fifo(),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'lvs_notify_fifo_script',
    field: 'lvsNotifyFifoScript',
    syntax: 'lvs_notify_fifo_script SCRIPT [USER [[:]GROUP]]',
    default: 'none',
    range: 'one script; dropped when the FIFO is shared with VRRP and both have scripts',
    meaning: 'Program started to read lvs_notify_fifo.',
    form: script({ isLenient: true }),
    use: 'first',
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'vrrp_notify_priority_changes',
    field: 'vrrpNotifyPriorityChanges',
    syntax: 'vrrp_notify_priority_changes [BOOL]',
    default: 'off (true when bare)',
    range: 'BOOL',
    meaning: 'Default for reporting priority changes on FIFOs.',
    form: boolean(),
    status: ACTED_ON,
  },
  {
    kind: 'setting',
    keyword: 'fifo_write_vrrp_states_on_reload',
    field: 'fifoWriteVrrpStatesOnReload',
    syntax: 'fifo_write_vrrp_states_on_reload',
    default: 'off',
    range: 'flag',
    meaning: 'Rewrites current states to the FIFOs after a reload.',
    form: flag(),
    status: ACTED_ON,
  },
]

/** An account that does not exist is a value too: scripts that rely on it must not run as anybody else. */
function scriptUser(): Form<ScriptAccount | 'bad'> {
  const form = account(SCRIPT_USER_FAILS, true)
  return {
    ...form,
    read(line, context, name) {
      const isMissing = line.left === 0
      return form.read(line, context, name) ?? (isMissing ? undefined : 'bad')
    },
    toInput: (value) => (value === 'bad' ? undefined : form.toInput(value)),
  }
}

/** One bad line is not mended by another. */
function storeScriptUser(draft: { scriptUser?: ScriptAccount; badScriptUser?: string }, value: unknown, line: Line): void {
  if (value === 'bad') draft.badScriptUser = writtenValue(line)
  if (draft.badScriptUser !== undefined) delete draft.scriptUser
  else draft.scriptUser = value as ScriptAccount
}
