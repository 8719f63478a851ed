/** Checkers that ask nobody over the network: scripts, BFD sessions, files. */
import { writtenValue } from '../blocks/line-words.ts'
import type { Line } from '../blocks/line.ts'
import type { FileCheckDraft, MiscCheckDraft } from '../drafts.ts'
import { account, script } from '../forms/scripts.ts'
import { CHECK_REVERSE, checkWeight, recallCheckWeight } from '../forms/weight.ts'
import type { CheckWeight } from '../forms/weight.ts'
import { wholeSeconds } from '../forms/numbers.ts'
import { flag, word } from '../forms/words.ts'
import { noName } from '../tables/headers.ts'
import { ACTED_ON, lacking } from '../tables/keyword-status.ts'
import type { Form } from '../tables/form.ts'
import type { Block } from '../tables/schema.ts'
import type { ScriptAccount } from '../tables/values.ts'
import { alphaRow, scheduleRows } from './checker-rows.ts'

const PATH = 'virtual_server/real_server'
const MAX_TIMEOUT_S = 4294
const NO_NAME = noName('note')

const ACCOUNT = account('the checker is ignored', true)
/** Stands for an account that does not exist: its checker is not run as somebody else. */
const NOBODY: ScriptAccount = { user: '', group: undefined, supplementaryGroups: false }
const USER: Form<ScriptAccount> = { ...ACCOUNT, read: (line, context, name) => ACCOUNT.read(line, context, name) ?? NOBODY }

export const MISC_CHECK: Block = {
  path: `${PATH}/MISC_CHECK`,
  type: 'MiscCheck',
  meaning: 'Runs a script.',
  header: NO_NAME,
  rows: [
    ...scheduleRows('0', '1 s'),
    {
      kind: 'setting',
      keyword: 'misc_path',
      field: 'miscPath',
      syntax: 'misc_path COMMAND',
      default: 'none (mandatory)',
      range: 'quote the command to pass arguments',
      meaning: 'Script; exit 0 ok, 1 failed, 2..255 with misc_dynamic set the weight to status-2.',
      form: script({ isLenient: true, takesAccount: false }),
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'misc_timeout',
      field: 'miscTimeout',
      syntax: 'misc_timeout SECONDS',
      default: 'delay_loop',
      range: '0..4294, whole seconds; 0 means delay_loop',
      meaning: 'Time allowed to the script.',
      form: wholeSeconds(0, MAX_TIMEOUT_S),
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'misc_dynamic',
      field: 'miscDynamic',
      syntax: 'misc_dynamic',
      default: 'off',
      range: 'flag',
      meaning: 'Lets the exit status change the weight.',
      form: flag(),
    },
    {
      kind: 'setting',
      keyword: 'user',
      field: 'user',
      syntax: 'user USER [[:]GROUP]',
      default: 'script_user default',
      range: 'existing account, otherwise the checker is dropped',
      meaning: 'Account the script runs as.',
      form: USER,
      refused: 'badUser',
      store(draft: MiscCheckDraft, value: ScriptAccount, line: Line) {
        if (value === NOBODY) draft.badUser = writtenValue(line)
        else draft.user = value
      },
    },
  ],
  scratch: [{ field: 'badUser', model: 'string', meaning: 'The account of a `user` line that does not exist.' }],
  status: ACTED_ON,
}

export const BFD_CHECK: Block = {
  path: `${PATH}/BFD_CHECK`,
  type: 'BfdCheck',
  meaning: 'Follows a BFD session.',
  header: NO_NAME,
  rows: [
    {
      kind: 'setting',
      keyword: 'name',
      field: 'name',
      syntax: 'name NAME',
      default: 'none (mandatory)',
      range: 'a bfd_instance defined earlier, one per checker and not twice per server',
      meaning: 'Session to follow.',
      form: word({ isLenient: true, surplus: 'refuse' }),
      use: 'first',
      isFilled: true,
    },
    alphaRow('session is up'),
  ],
  status: lacking('the server is never taken out by it'),
}

export const FILE_CHECK: Block = {
  path: `${PATH}/FILE_CHECK`,
  type: 'FileCheck',
  meaning: 'Follows a tracked file.',
  header: NO_NAME,
  rows: [
    {
      kind: 'setting',
      keyword: 'track_file',
      field: 'trackFile',
      syntax: 'track_file NAME',
      default: 'none (mandatory)',
      range: 'a track_file defined earlier',
      meaning: 'File to follow.',
      form: word(),
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'weight',
      field: 'weight',
      syntax: 'weight NUMBER [reverse|noreverse]',
      default: 'weight of the track_file',
      range: '-2147483647..2147483647',
      meaning: 'Multiplier of the file value.',
      form: checkWeight(),
      isFilled: true,
      store(draft: FileCheckDraft, { weight, reverse }: CheckWeight) {
        draft.weight = weight
        if (reverse === undefined) delete draft.reverse
        else draft.reverse = reverse
      },
      recall: recallCheckWeight,
      options: [
        { keyword: 'reverse', syntax: 'reverse', default: 'setting of the track_file', range: 'option word', meaning: 'Inverts the sign.' },
        {
          keyword: 'noreverse',
          syntax: 'noreverse',
          default: 'setting of the track_file',
          range: 'option word',
          meaning: 'Cancels an inherited inversion.',
        },
      ],
    },
  ],
  derived: [CHECK_REVERSE],
  status: ACTED_ON,
}
