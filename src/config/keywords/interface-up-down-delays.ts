/** Lines of `interface_up_down_delays`. */
import { TEXT_TYPES } from '../tables/form.ts'
import { seconds, US_PER_S } from '../forms/numbers.ts'
import { grammar } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import type { LineGrammar } from '../tables/schema.ts'

const DELAY = seconds(0, 255)
const FIELD = { unit: 'Us', model: 'number', input: 'number', schema: DELAY.types.schema } as const

export const INTERFACE_UP_DOWN_DELAYS: LineGrammar = grammar({
  path: 'interface_up_down_delays',
  type: 'InterfaceDelays',
  line: {
    keyword: '',
    syntax: 'IFNAME DOWN_DELAY [UP_DELAY]',
    default: 'UP_DELAY 0',
    range:
      'each 0..255 s with microseconds; must stay below (down_timer_adverts-1) advert intervals; unknown interface is fatal unless dynamic_interfaces',
    meaning: 'Delays reaction to an interface going down or coming up.',
  },
  head: [
    { field: 'interface', ...TEXT_TYPES, meaning: 'Its name.' },
    { field: 'down', ...FIELD, meaning: 'How long it must be down.' },
    { field: 'up', ...FIELD, meaning: 'How long it must be up: 0 unless given.', isOptional: true, isFilled: true },
  ],
  options: [],
  what: 'the interface',
  onUnknown: 'skip',
  onMissing: 'drop',
  onBadValue: 'drop',
  readHead(line, item, context) {
    const { diagnostics } = context
    const name = line.next() ?? ''
    item['interface'] = name
    if (line.left === 0) {
      diagnostics.info('no-effect', line.span, `interface ${shown(name)} is given no delay: the line has no effect`)
      item['downUs'] = 0
      item['upUs'] = 0
      return true
    }
    item['downUs'] = DELAY.read(line, context, 'delay')
    item['upUs'] = line.left === 0 ? 0 : DELAY.read(line, context, 'delay')
    return item['downUs'] !== undefined && item['upUs'] !== undefined
  },
  readOther(text, line, _, { diagnostics }) {
    diagnostics.info('no-effect', line.wordSpan, `${shown(text)} after the delays has no effect`)
    return 'read'
  },
  headInput: ({ interface: name, downUs, upUs }) => ({
    interface: name,
    down: inSeconds(downUs),
    ...(upUs === 0 ? {} : { up: inSeconds(upUs) }),
  }),
  headWords({ interface: name, down, up }) {
    const delays = [down, ...(up === undefined ? [] : [up])].map((delay) => DELAY.toWords(delay))
    return typeof name !== 'string' || delays.includes(undefined) ? undefined : [name, ...delays.flatMap((words) => words ?? [])]
  },
})

function inSeconds(us: unknown): number | undefined {
  return typeof us === 'number' ? us / US_PER_S : undefined
}
