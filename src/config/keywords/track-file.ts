/** `track_file` and its older spelling `vrrp_track_file`. */
import { word } from '../forms/words.ts'
import { mandatoryName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block, Row } from '../tables/schema.ts'
import { initFile, OVERWRITE } from './init-file.ts'
import { recallWeight, REVERSE, storeWeightOnce, weightAndDirection } from '../forms/weight.ts'

/** What documentation adds to each row of the older spelling. */
interface Note {
  readonly note?: string
}

export const TRACK_FILE: Block = {
  path: 'track_file',
  type: 'TrackFile',
  meaning: 'A file that holds a number, which instances and real servers track.',
  header: mandatoryName(),
  rows: fileRows({}),
  derived: [REVERSE],
  status: ACTED_ON,
}

export const VRRP_TRACK_FILE: Block = {
  ...TRACK_FILE,
  path: 'vrrp_track_file',
  rows: fileRows({ note: 'Block spelling deprecated; see track_file' }),
}

function fileRows(note: Note): readonly Row[] {
  return [
    {
      kind: 'setting',
      keyword: 'file',
      field: 'file',
      syntax: 'file PATH',
      default: 'none (mandatory)',
      range: 'first wins; directory must exist on a writable file system supporting change notification',
      meaning: 'File to watch.',
      ...note,
      form: word({ what: 'a path', isLenient: true }),
      use: 'first',
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'weight',
      field: 'weight',
      syntax: 'weight NUMBER [reverse]',
      default: '1',
      range: '-254..254; only one change from 1 is accepted',
      meaning: 'Multiplier of the number read from the file; 0 makes non-zero content a failure.',
      ...note,
      form: weightAndDirection(254, true),
      standard: 1,
      store: storeWeightOnce(1),
      recall: recallWeight,
      options: [
        {
          keyword: 'reverse',
          syntax: 'reverse',
          default: 'off',
          range: 'option word',
          meaning: 'Inverts the sign of the result.',
          ...note,
        },
      ],
    },
    {
      kind: 'setting',
      keyword: 'init_file',
      field: 'initFile',
      syntax: 'init_file [VALUE] [overwrite]',
      default: 'not initialised; VALUE 0',
      range: 'integer; outside -254..254 is reported but kept; not written on reload or in test mode',
      meaning: 'Creates the file with a value at start.',
      ...note,
      form: initFile(),
      options: [{ ...OVERWRITE, ...note }],
    },
  ]
}
