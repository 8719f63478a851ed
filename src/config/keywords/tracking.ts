/** What instances and sync groups track: one line each, `NAME [weight NUMBER [reverse|noreverse]]`. */
import { integer, parseInteger } from '../forms/numbers.ts'
import { flag } from '../forms/words.ts'
import type { Item } from '../tables/grammar.ts'
import { shown } from '../diagnostics/printable.ts'
import { lineWords } from '../blocks/line-words.ts'
import type { Line } from '../blocks/line.ts'
import { ACTED_ON, lacking } from '../tables/keyword-status.ts'
import { TEXT_TYPES } from '../tables/form.ts'
import type { Form } from '../tables/form.ts'
import type { Described, LineGrammar, LinesRow, OptionRow, ReadContext } from '../tables/schema.ts'

/** One kind of list. */
interface Kind {
  readonly keyword: 'track_interface' | 'track_script' | 'track_file' | 'track_process' | 'track_bfd'
  /** Name of the type of its lines. */
  readonly type: string
  /** Field of what is tracked. */
  readonly head: 'interface' | 'name'
  /** For messages: "interface". */
  readonly what: string
  /** What a line inherits its weight from. */
  readonly inherits?: string
  readonly range: string
  readonly weightRange: string
  readonly weightMeaning: string
  readonly meaning: string
  readonly maxWeight: 253 | 254
  /** A weight one beyond the limit, allowed by old configurations, is reported and becomes the limit. */
  readonly moves?: boolean
  /** What comes of an unknown word after the weight: it alone is ignored, or the line is. */
  readonly onUnknown: 'skip' | 'drop'
  /** The row of a sync group, and what an instance says of the order. */
  readonly groupMeaning: string
  readonly instanceMeaning: string
  readonly instanceRange: string
}

const OVER_LIMIT = '-253..253; +/-254 accepted with an error and set to +/-253'
const NOT_TRACKED = lacking('what it tracks has no influence on the priority or the state')

const KINDS: readonly Kind[] = [
  {
    keyword: 'track_interface',
    type: 'TrackedInterface',
    head: 'interface',
    what: 'interface',
    range: 'one interface per line; duplicates ignored',
    weightRange: OVER_LIMIT,
    weightMeaning: 'Priority change: a positive value is added while up, a negative one while down.',
    meaning: 'Tracks an interface.',
    maxWeight: 253,
    moves: true,
    onUnknown: 'skip',
    groupMeaning: 'Interfaces tracked on behalf of every member.',
    instanceMeaning: 'Interfaces tracked by this instance.',
    instanceRange: 'block of lines',
  },
  {
    keyword: 'track_script',
    type: 'TrackedScript',
    head: 'name',
    what: 'script',
    inherits: 'vrrp_script',
    range: 'one script per line; must already be defined; duplicates ignored',
    weightRange: OVER_LIMIT,
    weightMeaning: 'Overrides the script weight.',
    meaning: 'Tracks a script.',
    maxWeight: 253,
    moves: true,
    onUnknown: 'skip',
    groupMeaning: 'Scripts tracked on behalf of every member.',
    instanceMeaning: 'Scripts tracked by this instance.',
    instanceRange: 'block of lines; the vrrp_script must be defined earlier',
  },
  {
    keyword: 'track_file',
    type: 'TrackedFile',
    head: 'name',
    what: 'file',
    inherits: 'track_file',
    range: 'one file per line; must already be defined; duplicates ignored; an unknown word drops the line',
    weightRange: '-254..254',
    weightMeaning: 'Overrides the file weight.',
    meaning: 'Tracks a file.',
    maxWeight: 254,
    onUnknown: 'drop',
    groupMeaning: 'Files tracked on behalf of every member.',
    instanceMeaning: 'Files tracked by this instance.',
    instanceRange: 'block of lines; the track_file must be defined earlier',
  },
  {
    keyword: 'track_process',
    type: 'TrackedProcess',
    head: 'name',
    what: 'process',
    inherits: 'vrrp_track_process',
    range: 'one process per line; must already be defined; duplicates ignored',
    weightRange: '-254..254',
    weightMeaning: 'Overrides the process weight.',
    meaning: 'Tracks a process.',
    maxWeight: 254,
    onUnknown: 'skip',
    groupMeaning: 'Processes tracked on behalf of every member.',
    instanceMeaning: 'Processes tracked by this instance.',
    instanceRange: 'block of lines; the vrrp_track_process must be defined earlier',
  },
  {
    keyword: 'track_bfd',
    type: 'TrackedBfd',
    head: 'name',
    what: 'BFD session',
    inherits: 'bfd_instance',
    range: 'one session per line; must already be defined; duplicates ignored; an unknown word drops the line',
    weightRange: '-253..253',
    weightMeaning: 'Overrides the session weight.',
    meaning: 'Tracks a BFD session.',
    maxWeight: 253,
    onUnknown: 'drop',
    groupMeaning: 'BFD sessions tracked on behalf of every member.',
    instanceMeaning: 'BFD sessions tracked by this instance.',
    instanceRange: 'block of lines; the bfd_instance must be defined earlier',
  },
]

/** The tracking lists of a block. Fields: trackInterface, trackScript, trackFile, trackProcess, trackBfd. */
export function trackingRows(block: 'vrrp_instance' | 'vrrp_sync_group'): readonly LinesRow[] {
  return KINDS.map((kind) => {
    const { keyword, groupMeaning, instanceMeaning, instanceRange } = kind
    return {
      kind: 'lines',
      keyword,
      field: FIELDS[keyword],
      syntax: `${keyword} { line... }`,
      default: '-',
      range: block === 'vrrp_instance' ? instanceRange : 'block of lines',
      meaning: block === 'vrrp_instance' ? instanceMeaning : groupMeaning,
      grammar: trackGrammar(kind, `${block}/${keyword}`),
      status: keyword === 'track_bfd' ? NOT_TRACKED : ACTED_ON,
    }
  })
}

const FIELDS: Readonly<Record<Kind['keyword'], string>> = {
  track_interface: 'trackInterface',
  track_script: 'trackScript',
  track_file: 'trackFile',
  track_process: 'trackProcess',
  track_bfd: 'trackBfd',
}

function trackGrammar(kind: Kind, path: string): LineGrammar {
  const { head, inherits } = kind
  const weight = weightForm(kind)
  return {
    path,
    type: kind.type,
    line: lineRow(kind),
    head: [{ field: head, ...TEXT_TYPES, meaning: 'What is tracked.' }],
    options: optionRows(kind, weight),
    read: (line, context) => readTracked(kind, weight, line, context),
    toInput(item) {
      const { [head]: tracked, weight: value, reverse } = item as Item
      return { [head]: tracked, ...(value === undefined ? {} : { weight: value, ...(reverse === undefined ? {} : { reverse }) }) }
    },
    toWords(input) {
      if (typeof input === 'string') return lineWords(input)
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
      const { [head]: tracked, weight: value, reverse } = input as Readonly<Record<string, unknown>>
      if (typeof tracked !== 'string') return undefined
      // A direction is written after a weight: without one of their own, interfaces have the weight 0.
      const written = value ?? (inherits === undefined && reverse === true ? 0 : undefined)
      if (written === undefined) return reverse === undefined ? [tracked] : undefined
      const number = weight.toWords(written)
      if (number === undefined || (reverse !== undefined && typeof reverse !== 'boolean')) return undefined
      return [tracked, 'weight', ...number, ...directionWords(reverse, inherits)]
    },
  }
}

function directionWords(reverse: boolean | undefined, inherits: string | undefined): readonly string[] {
  if (reverse === true) return ['reverse']
  return reverse === false && inherits !== undefined ? ['noreverse'] : []
}

function lineRow({ head, inherits, range, meaning }: Kind): Described {
  const name = head === 'interface' ? 'IFNAME' : 'NAME'
  const direction = inherits === undefined ? 'reverse' : 'reverse|noreverse'
  const syntax = `${name} [weight NUMBER [${direction}]]`
  return { keyword: '', syntax, default: inherits === undefined ? '0 (a failure faults)' : `weight of the ${inherits}`, range, meaning }
}

function optionRows({ inherits, weightRange, weightMeaning }: Kind, weight: Form<number>): readonly OptionRow[] {
  const own = inherits === undefined ? '0' : `weight of the ${inherits}`
  const direction = inherits === undefined ? 'off' : `setting of the ${inherits}`
  const range = 'word after the number'
  const rows: readonly OptionRow[] = [
    { keyword: 'weight', syntax: 'weight NUMBER', default: own, range: weightRange, meaning: weightMeaning, form: weight, isFilled: true },
    { keyword: 'reverse', syntax: 'reverse', default: direction, range, meaning: 'Inverts the direction.', form: flag() },
  ]
  if (inherits === undefined) return rows
  return [...rows, { keyword: 'noreverse', syntax: 'noreverse', default: direction, range, meaning: 'Cancels an inherited inversion.' }]
}

function weightForm({ maxWeight, moves = false }: Kind): Form<number> {
  const form = integer(-maxWeight, maxWeight)
  if (!moves) return form
  return {
    ...form,
    read(line, context, name) {
      const value = parseInteger(line.peek() ?? '')
      if (value === undefined || Math.abs(value) !== maxWeight + 1) return form.read(line, context, name)
      const moved = Math.sign(value) * maxWeight
      line.next()
      context.diagnostics.error('value-replaced', line.wordSpan, `the weight ${value} is beyond the limit; ${moved} is used`)
      return moved
    },
  }
}

/** A weight that cannot be used leaves the line with the one it would have without it. */
function readTracked(kind: Kind, weight: Form<number>, line: Line, context: ReadContext): Item | undefined {
  const { diagnostics } = context
  const { head, what, onUnknown } = kind
  line.restart()
  const tracked = line.next() ?? ''
  const item: Item = { at: line.at, [head]: tracked }
  if (line.left === 0) return item
  const option = line.next() ?? ''
  if (option !== 'weight') {
    const message = `unknown option ${shown(option)} of ${what} ${shown(tracked)}; the line is ignored`
    return diagnostics.error('invalid-option', line.wordSpan, message, 'only `weight NUMBER` may follow the name')
  }
  if (line.left === 0) {
    return diagnostics.error('invalid-option', line.wordSpan, `'weight' of ${what} ${shown(tracked)} has no value; the line is ignored`)
  }
  item['weight'] = weight.read(line, context, 'weight')
  const direction = line.next()
  if (direction === undefined) return item
  if (direction === 'reverse' || (direction === 'noreverse' && kind.inherits !== undefined)) item['reverse'] = direction === 'reverse'
  else {
    const consequence = onUnknown === 'drop' ? 'the line is ignored' : 'it is ignored'
    const message = `unknown option ${shown(direction)} of the weight of ${what} ${shown(tracked)}; ${consequence}`
    diagnostics.error('invalid-option', line.wordSpan, message)
    if (onUnknown === 'drop') return undefined
  }
  if (line.left > 0) diagnostics.info('no-effect', line.nextSpan, `${shown(line.peek() ?? '')} after the weight has no effect`)
  return item
}
