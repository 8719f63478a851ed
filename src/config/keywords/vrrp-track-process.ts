/** `vrrp_track_process`. */
import { integer, seconds, unlessZero } from '../forms/numbers.ts'
import { flag, oneOf } from '../forms/words.ts'
import { mandatoryName } from '../tables/headers.ts'
import { ACTED_ON } from '../tables/keyword-status.ts'
import type { Block } from '../tables/schema.ts'
import { processMatch, storeDelay, storeQuorum, storeQuorumMax } from './process-match.ts'
import { recallWeight, REVERSE, storeWeightOnce, weightAndDirection } from '../forms/weight.ts'

const MAX_COUNT = 65_535
const DELAY = unlessZero(seconds(0.000001, 3600))

export const VRRP_TRACK_PROCESS: Block = {
  path: 'vrrp_track_process',
  type: 'VrrpTrackProcess',
  meaning: 'Processes whose number instances track.',
  header: mandatoryName(),
  rows: [
    {
      kind: 'setting',
      keyword: 'process',
      field: 'process',
      syntax: 'process NAME [PARAM...]',
      default: 'none (mandatory)',
      range: 'first wins; parameters switch to full command matching',
      meaning: 'Process name, or command with parameters, to look for.',
      form: processMatch(),
      use: 'first',
      isFilled: true,
    },
    {
      kind: 'setting',
      keyword: 'param_match',
      field: 'paramMatch',
      syntax: 'param_match [initial|partial]',
      default: 'none; exact once parameters are given',
      range: 'option words',
      meaning: 'How configured parameters are compared; bare means exactly the listed parameters.',
      form: oneOf(['initial', 'partial'], { bare: 'exact' }),
      options: [
        { keyword: 'initial', syntax: 'initial', default: '-', range: 'option word', meaning: 'The last parameter may be a prefix.' },
        { keyword: 'partial', syntax: 'partial', default: '-', range: 'option word', meaning: 'Only the leading parameters must match.' },
      ],
    },
    {
      kind: 'setting',
      keyword: 'weight',
      field: 'weight',
      syntax: 'weight NUMBER [reverse]',
      default: '0',
      range: '-254..254; second use ignored once non-zero',
      meaning: 'Priority change; 0 makes a failure force the fault state.',
      form: weightAndDirection(254, true),
      standard: 0,
      store: storeWeightOnce(0),
      recall: recallWeight,
      options: [
        { keyword: 'reverse', syntax: 'reverse', default: 'off', range: 'option word', meaning: 'Inverts the direction of the weight.' },
      ],
    },
    {
      kind: 'setting',
      keyword: 'quorum',
      field: 'quorum',
      syntax: 'quorum COUNT',
      default: '1',
      range: '1..65535, not above quorum_max',
      meaning: 'Minimum matching processes.',
      form: integer(1, MAX_COUNT),
      standard: 1,
      store: storeQuorum,
    },
    {
      kind: 'setting',
      keyword: 'quorum_max',
      field: 'quorumMax',
      syntax: 'quorum_max COUNT',
      default: 'unlimited',
      range: '0..65535, not below quorum unless 0 with the default quorum',
      meaning: 'Maximum matching processes.',
      form: integer(0, MAX_COUNT),
      store: storeQuorumMax,
    },
    {
      kind: 'setting',
      keyword: 'delay',
      field: 'delay',
      syntax: 'delay SECONDS',
      default: '0',
      range: '0.000001..3600 s',
      meaning: 'Sets both fork_delay and terminate_delay.',
      form: DELAY,
      standard: 0,
      store: storeDelay,
    },
    {
      kind: 'setting',
      keyword: 'fork_delay',
      field: 'forkDelay',
      syntax: 'fork_delay SECONDS',
      default: '0',
      range: '0.000001..3600 s',
      meaning: 'Wait before accepting that the quorum was gained.',
      form: DELAY,
      standard: 0,
    },
    {
      kind: 'setting',
      keyword: 'terminate_delay',
      field: 'terminateDelay',
      syntax: 'terminate_delay SECONDS',
      default: '0',
      range: '0.000001..3600 s',
      meaning: 'Wait before accepting that the quorum was lost.',
      form: DELAY,
      standard: 0,
    },
    {
      kind: 'setting',
      keyword: 'full_command',
      field: 'fullCommand',
      syntax: 'full_command',
      default: 'off',
      range: 'flag',
      meaning: 'Compares the full command line instead of the short process name.',
      form: flag(),
    },
  ],
  derived: [REVERSE],
  status: ACTED_ON,
}
