/** What stands between `virtual_server` or `real_server` and its `{`. */
import { TEXT_TYPES } from '../tables/form.ts'
import type { RealServerDraft, VirtualServerDraft } from '../drafts.ts'
import { familyOf } from '../forms/addresses.ts'
import { UINT32_MAX } from '../forms/numbers.ts'
import { portField, readFwmark, readServer, serverFields, serverWords } from '../forms/servers.ts'
import type { Line } from '../blocks/line.ts'
import type { Header, ReadContext } from '../tables/schema.ts'

const FWMARK = 'fwmark'
const GROUP = 'group'
const IGNORED = 'the block is ignored'

/** `ADDRESS [PORT]`, `fwmark MARK` or `group NAME`. */
export const VIRTUAL_SERVER_HEADER: Header = {
  fields: [
    {
      field: 'address',
      ...TEXT_TYPES,
      meaning: 'Its address; absent: it serves a mark or a group.',
      isOptional: true,
    },
    portField('Its port; 0: any, or that of each member of its group.'),
    {
      field: 'fwmark',
      model: 'number',
      input: 'number',
      schema: { type: 'integer', minimum: 1, maximum: UINT32_MAX },
      meaning: 'The firewall mark of the packets it serves.',
      isOptional: true,
    },
    {
      field: 'group',
      ...TEXT_TYPES,
      meaning: 'The name of the group whose members it serves.',
      isOptional: true,
    },
  ],
  words: [
    {
      keyword: 'group',
      syntax: 'virtual_server group NAME',
      default: '-',
      range: 'opener form; NAME is a virtual_server_group, order of definition free',
      meaning: 'Serves all members of a group.',
    },
    {
      keyword: 'fwmark',
      syntax: 'virtual_server fwmark MARK',
      default: '-',
      range: 'opener form; 0..4294967295',
      meaning: 'Serves packets carrying a mark.',
    },
  ],
  read(line, draft: VirtualServerDraft, context) {
    const kind = line.peek()
    if (kind === FWMARK) return readMark(line, draft, context)
    if (kind === GROUP) return readGroup(line, draft, context)
    if (!readServer(line, line.keyword, draft, IGNORED, context)) return false
    draft.ipFamily = familyOf(draft.address ?? '') === 6 ? 'inet6' : 'inet'
    return true
  },
  toWords(input) {
    const { fwmark, group } = input
    if (typeof group === 'string') return [GROUP, group]
    return typeof fwmark === 'number' ? [FWMARK, String(fwmark)] : serverWords(input)
  },
}

function readMark(line: Line, draft: VirtualServerDraft, { diagnostics }: ReadContext): boolean {
  const mark = readFwmark(line, 1, IGNORED, diagnostics)
  if (mark !== undefined) draft.fwmark = mark
  return mark !== undefined
}

function readGroup(line: Line, draft: VirtualServerDraft, { diagnostics }: ReadContext): boolean {
  line.next()
  const name = line.next()
  if (name === undefined) {
    diagnostics.error('missing-value', line.wordSpan, `'${GROUP}' takes the name of a virtual_server_group`)
    return false
  }
  draft.group = name
  return true
}

/** `ADDRESS [PORT]`. A real server begins with the forwarding method that its virtual server has so far. */
export const REAL_SERVER_HEADER: Header = {
  fields: serverFields('Its port; 0: the one that a packet is for.'),
  read(line, draft: RealServerDraft, context, _, { draft: virtualServer }) {
    if (!readServer(line, line.keyword, draft, IGNORED, context)) return false
    const { lvsMethod } = virtualServer as VirtualServerDraft
    if (lvsMethod !== undefined) draft.lvsMethod = lvsMethod
    return true
  },
  toWords: serverWords,
}
