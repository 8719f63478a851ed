/** What `--version` and `--help` say of the command line without subcommand. */
import { release, version as kernelVersion } from 'node:os'
import { version } from '../version.ts'
import type { KeepalivedOption } from './option.ts'
import { KEEPALIVED_OPTIONS } from './options.ts'

/** The keepalived whose language and behaviour this program has: what tools that look at the version go by. */
const KEEPALIVED_VERSION = '2.4.3'

/** Columns of option names in the help. */
const NAMES_WIDTH = 32

/** Lines in keepalived's form; programs read the first one. */
export function versionLines(): readonly string[] {
  return [
    `Keepalived v${KEEPALIVED_VERSION} (ka-native ${version()})`,
    '',
    'Not keepalived itself: a program that reads its configuration, takes its options and speaks its protocols.',
    '',
    `Node ${process.version}`,
    `Running on Linux ${release()} ${kernelVersion()}`,
  ]
}

/** All options, a line or two each. */
export function optionLines(): readonly string[] {
  return KEEPALIVED_OPTIONS.flatMap((option) => (option.meaning === undefined ? [] : describe(option, option.meaning)))
}

function describe({ short, long = '', value, placeholder = '' }: KeepalivedOption, meaning: string): readonly string[] {
  const values = { none: '', rest: ' <options>', required: ` <${placeholder.toLowerCase()}>`, optional: `[=${placeholder.toLowerCase()}]` }
  const names = `  ${short === undefined ? '   ' : `-${short},`} --${long}${values[value]}`
  return names.length < NAMES_WIDTH ? [names.padEnd(NAMES_WIDTH) + meaning] : [names, ' '.repeat(NAMES_WIDTH) + meaning]
}
