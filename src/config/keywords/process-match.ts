/** Which processes are tracked, how many of them there must be, and how long. */
import { requiredWord } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import type { Line } from '../blocks/line.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'

interface Draft {
  quorum?: number
  quorumMax?: number
  delayUs?: number
  forkDelayUs?: number
  terminateDelayUs?: number
}

/** `NAME [PARAM...]`. */
export function processMatch(): Form<object> {
  return grammarForm({
    path: 'process',
    type: 'ProcessMatch',
    line: { keyword: '', syntax: 'NAME [PARAM...]', default: '-', range: '-', meaning: 'Which processes are meant.' },
    head: [
      { field: 'name', ...TEXT_TYPES, meaning: 'Name or command.' },
      {
        field: 'params',
        model: 'readonly string[]',
        input: 'readonly string[]',
        schema: { type: 'array', items: { type: 'string' } },
        meaning: 'Parameters of the command.',
        isOptional: true,
        isFilled: true,
      },
    ],
    options: [],
    what: 'the process',
    onUnknown: 'skip',
    onMissing: 'drop',
    onBadValue: 'drop',
    readHead(line, item, { diagnostics }) {
      const name = requiredWord(line, line.keyword, 'the name of a process', diagnostics)
      if (name === undefined) return false
      const params: string[] = []
      while (line.left > 0) params.push(line.next() ?? '')
      item['name'] = name
      item['params'] = params
      return true
    },
    headInput: ({ name, params }) => ({ name, ...((params as readonly string[]).length === 0 ? {} : { params }) }),
    headWords({ name, params = [] }) {
      if (typeof name !== 'string' || !Array.isArray(params) || !params.every((param) => typeof param === 'string')) return undefined
      return [name, ...params]
    },
  })
}

export function storeQuorum(draft: Draft, value: number, line: Line, { diagnostics }: ReadContext): void {
  const { quorumMax } = draft
  if (quorumMax === undefined || value <= quorumMax) draft.quorum = value
  else diagnostics.error('conflicting-setting', line.wordSpan, `the quorum ${value} is more than 'quorum_max' ${quorumMax}; it is ignored`)
}

/** 0 asks for no process at all. */
export function storeQuorumMax(draft: Draft, value: number, line: Line, { diagnostics }: ReadContext): void {
  const { quorum = 1 } = draft
  if (value >= quorum || (value === 0 && quorum === 1)) draft.quorumMax = value
  else diagnostics.error('conflicting-setting', line.wordSpan, `'quorum_max' ${value} is less than the quorum ${quorum}; it is ignored`)
}

/** One delay for both directions; what comes after it overrides. */
export function storeDelay(draft: Draft, value: number): void {
  draft.delayUs = value
  draft.forkDelayUs = value
  draft.terminateDelayUs = value
}
