/** `garp_extra_if [all] SECONDS`. */
import { US_PER_S, wholeSeconds } from '../forms/numbers.ts'
import { flag } from '../forms/words.ts'
import { grammarForm } from '../tables/grammar.ts'
import type { Form } from '../tables/form.ts'
import type { OptionRow } from '../tables/schema.ts'

/** A day. */
const MAX_PERIOD_S = 86_400

const ALL = { keyword: 'all', syntax: 'all', default: 'VMAC interfaces only', form: flag() } as const

/** The word `all`, which is described by either place of the keyword in words of its own. */
export const EXTRA_IF_OPTIONS: Readonly<Record<'global' | 'instance', OptionRow>> = {
  global: { ...ALL, range: 'flag word', meaning: 'Covers every extra interface used by the instance, not only VMACs.' },
  instance: { ...ALL, range: 'option word', meaning: 'Covers every extra interface.' },
}

/** A period with, in any order, the word `all`. */
export function garpExtraIf(minS: 0 | 1): Form<object> {
  const period = wholeSeconds(minS, MAX_PERIOD_S)
  return grammarForm({
    path: 'garp_extra_if',
    type: 'GarpExtraIf',
    line: {
      keyword: '',
      syntax: '[all] SECONDS',
      default: '-',
      range: '-',
      meaning: 'How often addresses are announced on interfaces other than the own one.',
    },
    head: [
      {
        field: 'period',
        unit: 'Us',
        model: 'number',
        input: 'number',
        schema: { type: 'integer', minimum: minS, maximum: MAX_PERIOD_S },
        meaning: 'Seconds from one announcement to the next.',
      },
    ],
    options: [EXTRA_IF_OPTIONS.instance],
    what: 'the line',
    onUnknown: 'drop',
    onMissing: 'drop',
    onBadValue: 'drop',
    readHead(line, item, context) {
      while (line.left > 0) {
        if (line.peek() === 'all') {
          line.next()
          item['all'] = true
          continue
        }
        const us = period.read(line, context, line.keyword)
        if (us === undefined) return false
        item['periodUs'] = us
      }
      if (item['periodUs'] !== undefined) return true
      context.diagnostics.error('missing-name', line.span, `'${line.keyword}' takes a number of seconds; the line is ignored`)
      return false
    },
    headInput: ({ periodUs }) => ({ period: typeof periodUs === 'number' ? periodUs / US_PER_S : undefined }),
    headWords: ({ period: seconds }) => (typeof seconds === 'number' ? [String(seconds)] : undefined),
  })
}
