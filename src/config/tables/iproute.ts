/** Names of iproute2 that stand for numbers: routing tables, scopes, realms, protocols, fields, groups (language.md §7). */
import type { Tokens } from '../text/lexer.ts'
import { TokenKind } from '../text/lexer.ts'
import { findLines, findTopLevel } from '../blocks/places.ts'
import type { ReadContext } from './schema.ts'
import { decodeText } from '../text/source.ts'

/** A file of iproute2 that gives numbers names. */
export type IprouteTable = 'rt_tables' | 'rt_scopes' | 'rt_realms' | 'rt_protos' | 'rt_dsfield' | 'group'

/** Where iproute2 has them unless `iproute_etc_dir` and `iproute_usr_dir` say otherwise: the local ones go first. */
const DIRECTORIES = { iproute_etc_dir: '/etc/iproute2', iproute_usr_dir: '/usr/share/iproute2' } as const

/** Names that need no file. */
const BUILT_IN: Readonly<Record<IprouteTable, ReadonlyMap<string, number>>> = {
  rt_tables: new Map([
    ['default', 253],
    ['main', 254],
    ['local', 255],
  ]),
  rt_scopes: new Map([
    ['global', 0],
    ['site', 200],
    ['link', 253],
    ['host', 254],
    ['nowhere', 255],
  ]),
  rt_protos: new Map([
    ['none', 0],
    ['redirect', 1],
    ['kernel', 2],
    ['boot', 3],
    ['static', 4],
    ['gated', 8],
    ['ra', 9],
    ['mrt', 10],
    ['zebra', 11],
    ['bird', 12],
    ['dnrouted', 13],
    ['xorp', 14],
    ['ntk', 15],
    ['dhcp', 16],
    ['babel', 42],
  ]),
  rt_realms: new Map(),
  rt_dsfield: new Map(),
  group: new Map([['default', 0]]),
}

/** The number of a name; `undefined` when nobody knows it. */
export function iprouteNumber(
  table: IprouteTable,
  name: string,
  { host, tokens }: Pick<ReadContext, 'host' | 'tokens'>,
): number | undefined {
  for (const directory of directoriesOf(tokens)) {
    const number = host.iprouteNames(directory, table).get(name)
    if (number !== undefined) return number
  }
  return BUILT_IN[table].get(name)
}

/** Names for a suggestion. */
export function iprouteNames(table: IprouteTable): readonly string[] {
  return [...BUILT_IN[table].keys()]
}

const directories = new WeakMap<Tokens, readonly string[]>()

/** Found in the text, because global_defs counts wherever it stands. */
function directoriesOf(tokens: Tokens): readonly string[] {
  const known = directories.get(tokens)
  if (known !== undefined) return known
  const blocks = findTopLevel(tokens, 'global_defs')
  const found = Object.entries(DIRECTORIES).map(([keyword, standard]) => {
    const lines = blocks.flatMap((block) => findLines(tokens, block, [keyword]))
    const values = lines.filter((at) => tokens.kind(at + 1) < TokenKind.Open && tokens.kind(at + 2) === TokenKind.LineEnd)
    const last = values.at(-1)
    return last === undefined ? standard : decodeText(tokens.text(last + 1))
  })
  directories.set(tokens, found)
  return found
}
