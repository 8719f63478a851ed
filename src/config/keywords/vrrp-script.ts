/** `vrrp_script`. */
import { writtenValue } from '../blocks/line-words.ts'
import type { Line } from '../blocks/line.ts'
import { INT32_MAX, integer, seconds } from '../forms/numbers.ts'
import { account, script } from '../forms/scripts.ts'
import { flag } from '../forms/words.ts'
import { mandatoryName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Form } from '../tables/form.ts'
import type { Block } from '../tables/schema.ts'
import type { ScriptAccount } from '../tables/values.ts'
import { recallWeight, REVERSE, storeWeight, weightAndDirection } from '../forms/weight.ts'

const MAX_SECONDS = 4294
const SECONDS = seconds(0.001, MAX_SECONDS, { decimals: 3, zero: 1 })

export const VRRP_SCRIPT: Block = {
  path: 'vrrp_script',
  type: 'VrrpScript',
  meaning: 'A program that is run again and again, and whose result instances track.',
  header: mandatoryName(),
  rows: [
    {
      kind: 'setting',
      keyword: 'script',
      field: 'script',
      syntax: 'script COMMAND',
      default: 'none (mandatory)',
      range: 'quote the command to pass arguments; single quotes group words inside',
      meaning: 'Command whose exit status tells health (0 = ok).',
      note: 'Missing script removes the block',
      form: script({ isLenient: true, takesAccount: false }),
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'interval',
      field: 'interval',
      syntax: 'interval SECONDS',
      default: '1 s',
      range: '0.001..4294 s; 0 is reported and becomes 1 s',
      meaning: 'Period of the script.',
      form: SECONDS,
      standard: 1_000_000,
    },
    {
      kind: 'setting',
      keyword: 'timeout',
      field: 'timeout',
      syntax: 'timeout SECONDS',
      default: '0, meaning the interval',
      range: '0.001..4294 s; an explicit 0 is reported and becomes 1 s',
      meaning: 'Time after which the script counts as failed.',
      form: SECONDS,
    },
    {
      kind: 'setting',
      keyword: 'weight',
      field: 'weight',
      syntax: 'weight NUMBER [reverse]',
      default: '0',
      range: '-253..253',
      meaning: 'Priority change; 0 makes a failure force the fault state.',
      form: weightAndDirection(253),
      standard: 0,
      store: storeWeight,
      recall: recallWeight,
      options: [
        { keyword: 'reverse', syntax: 'reverse', default: 'off', range: 'option word', meaning: 'Inverts the direction of the weight.' },
      ],
    },
    {
      kind: 'setting',
      keyword: 'rise',
      field: 'rise',
      syntax: 'rise COUNT',
      default: '1',
      range: '1..2147483647; an invalid value becomes 1',
      meaning: 'Successes needed to turn healthy.',
      form: integer(1, INT32_MAX, { invalid: 1 }),
      standard: 1,
    },
    {
      kind: 'setting',
      keyword: 'fall',
      field: 'fall',
      syntax: 'fall COUNT',
      default: '1',
      range: '1..2147483647; an invalid value becomes 1',
      meaning: 'Failures needed to turn unhealthy.',
      form: integer(1, INT32_MAX, { invalid: 1 }),
      standard: 1,
    },
    {
      kind: 'setting',
      keyword: 'user',
      field: 'user',
      syntax: 'user USER [[:]GROUP]',
      default: 'script_user default',
      range: 'existing account, otherwise the script is removed',
      meaning: 'Account the script runs as.',
      form: user(),
      store: storeUser,
      refused: 'badUser',
    },
    {
      kind: 'setting',
      keyword: 'init_fail',
      field: 'initFail',
      syntax: 'init_fail',
      default: 'off (state unknown until the first run)',
      range: 'flag',
      meaning: 'Starts in the failed state.',
      form: flag(),
    },
  ],
  derived: [REVERSE],
  scratch: [{ field: 'badUser', model: 'string', meaning: 'The account of a `user` line that does not exist.' }],
  status: ACTED_ON,
}

/** An account that does not exist is a value too: the script must not run as anybody else. */
function user(): Form<ScriptAccount | 'bad'> {
  const form = account('the script is ignored')
  return {
    ...form,
    read: (line, context, name) => form.read(line, context, name) ?? (line.count === 0 ? undefined : 'bad'),
    toInput: (value) => (value === 'bad' ? undefined : form.toInput(value)),
  }
}

function storeUser(draft: object, value: unknown, line: Line): void {
  const written = draft as { user?: ScriptAccount; badUser?: string }
  if (value === 'bad') written.badUser = writtenValue(line)
  else written.user = value as ScriptAccount
}
