/** Lines of `linkbeat_interfaces`. */
import { TEXT_TYPES } from '../tables/form.ts'
import { grammar } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import type { LineGrammar } from '../tables/schema.ts'

const METHODS: readonly string[] = ['MII', 'ETHTOOL', 'IOCTL']

export const LINKBEAT_INTERFACES: LineGrammar = grammar({
  path: 'linkbeat_interfaces',
  type: 'LinkbeatInterface',
  line: {
    keyword: '',
    syntax: 'IFNAME [MII|ETHTOOL|IOCTL]',
    default: 'best supported method',
    range: 'one interface per line; unknown interface is fatal unless dynamic_interfaces',
    meaning: 'Polls that interface; not possible on VMACs.',
  },
  head: [
    { field: 'interface', ...TEXT_TYPES, meaning: 'Its name.' },
    {
      field: 'method',
      model: "'MII' | 'ETHTOOL' | 'IOCTL'",
      input: "'MII' | 'ETHTOOL' | 'IOCTL'",
      schema: { enum: METHODS },
      meaning: 'How it is asked: the best that it supports unless given.',
      isOptional: true,
    },
  ],
  options: [
    { keyword: 'MII', syntax: 'MII', default: '-', range: 'option word', meaning: 'Prefers MII registers.' },
    { keyword: 'ETHTOOL', syntax: 'ETHTOOL', default: '-', range: 'option word', meaning: 'Prefers the ethtool request.' },
    { keyword: 'IOCTL', syntax: 'IOCTL', default: '-', range: 'option word', meaning: 'Prefers the interface flags request.' },
  ],
  what: 'the interface',
  onUnknown: 'skip',
  onMissing: 'drop',
  onBadValue: 'drop',
  readHead(line, item) {
    item['interface'] = line.next()
    if (METHODS.includes(line.peek() ?? '')) item['method'] = line.next()
    return true
  },
  readOther(text, line, _, { diagnostics }) {
    const help = `an interface may be followed by one of ${METHODS.join(', ')}, in upper case`
    diagnostics.error('invalid-option', line.wordSpan, `${shown(text)} after the interface is ignored`, help)
    return 'read'
  },
  headInput: ({ interface: name, method }) => ({ interface: name, ...(method === undefined ? {} : { method }) }),
  headWords({ interface: name, method }) {
    if (typeof name !== 'string' || (method !== undefined && typeof method !== 'string')) return undefined
    return method === undefined ? [name] : [name, method]
  },
})
