/** Random configurations: other people's files with accidents, and words of the language in any order. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatText } from '../../src/config/format/format.ts'
import { loadConfig } from '../../src/config/load.ts'
import { renderJson, renderText } from '../../src/config/diagnostics/render.ts'
import { allEntries } from '../../src/config/tables/catalogue.ts'
import { testHost } from './fixtures.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** What stands where a value is expected, right or wrong. */
const VALUES = [
  '0 1 -1 255 256 1.5 0.01 4294967295 18446744073709551616 0x10 "" "a b" on off TRUE eth0 lo 192.0.2.1 192.0.2.1/24 10.0.0.1-9',
  '2001:db8::1 fe80::1/64 224.0.0.18 ff02::12 MASTER BACKUP PASS NAT rr TCP 80 VI_1 /usr/bin/true hex:00ff 200-299 default via dev',
].flatMap((line) => line.split(' '))

/** What means something to the language, or to a careless reader of it. */
const SPECIALS =
  '{|}|{\n|}\n|"|\'|\\|\\\n|#|!|\\#|$A|${A}|$A=x|$A= \\\n x \\\n|${_PWD}|${_RANDOM 1 9}|${_ENV PATH}|~SEQ(N,1,3) |~SEQx(N,0,300,99) |~LST({A,B},{1,2},{3}) |@router1 |@^router1 |include x\n|include_check\n|\n|\r\n|\t|\f|\0|\u00ff|\u00ef\u00bb\u00bf'.split(
    '|',
  )

/** A sequence of numbers from 0 up to, not including, a limit: the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** mulberry32. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }

  of<T>(list: readonly T[], otherwise: T): T {
    return list[this.below(list.length)] ?? otherwise
  }
}

/** Texts to start from. */
export function seeds(): readonly string[] {
  const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.conf'))
  return files.map((name) => readFileSync(join(FIXTURES, name), 'latin1')).filter(({ length }) => length < 20_000)
}

const WORDS = [...new Set(allEntries().map(({ described }) => described.keyword))].filter((word) => word !== '')

/** A text made from the seeds by accidents. */
export function randomText(random: Random, texts: readonly string[]): string {
  let lines = random.of(texts, '').split('\n')
  for (let accidents = 1 + random.below(8); accidents > 0; accidents--) lines = accident(lines, random, texts)
  return lines.join('\n')
}

function accident(lines: readonly string[], random: Random, texts: readonly string[]): string[] {
  const at = random.below(lines.length)
  const line = lines[at] ?? ''
  const replaced = (...by: readonly string[]): string[] => [...lines.slice(0, at), ...by, ...lines.slice(at + 1)]
  const column = random.below(line.length + 1)
  switch (random.below(10)) {
    case 0:
      return replaced()
    case 1:
      return replaced(line, line)
    case 2:
      return replaced(line.slice(0, column) + random.of(SPECIALS, '') + line.slice(column))
    case 3:
      return replaced(line.slice(0, column) + String.fromCharCode(random.below(256)) + line.slice(column + 1))
    case 4:
      return replaced(line, `${random.of(WORDS, '')} ${random.of(VALUES, '')} ${random.of(VALUES, '')}`)
    case 5:
      return replaced(`${random.of(WORDS, '')} ${random.of(VALUES, '')} {`, line, '}')
    case 6:
      return replaced(line.replace(/\S+$/, () => random.of(VALUES, '')))
    case 7:
      return replaced(line.replace(/\S+/, () => random.of(WORDS, '')))
    case 8: {
      const other = random.of(texts, '').split('\n')
      return [...lines.slice(0, at), ...other.slice(random.below(other.length)), ...lines.slice(at)]
    }
    default:
      return replaced(line.split(' ').toReversed().join(' '))
  }
}

/**
 * Reads a text in every way there is.
 *
 * @throws what no text may make ka-native throw
 */
export function readEverything(octets: string): void {
  const text = Buffer.from(octets, 'latin1').toString()
  const { config, diagnostics } = loadConfig({ file: 'fuzz.conf', text, host: testHost(), lint: true })
  JSON.stringify(config)
  JSON.stringify(renderJson(diagnostics))
  renderText(diagnostics, { color: true })
  formatText('fuzz.conf', octets)
}
