import { release, version as systemVersion } from 'node:os'

/** keepalived's own bound. */
const MAX_COLUMNS = 102

const COMMAND_LINE = 'Command line: '

/** What follows the host of a URL may be a secret. */
const PATH_OF_URL = /(\bhttps?:\/\/[^/?#\s]+)[/?#]\S+/i

/** What a daemon says of itself at its start, as keepalived does: what it is, what it runs on, how it was called. */
export function announcement(version: string, command: readonly string[]): string[] {
  return [
    `Starting ka-native v${version}`,
    `Running on Linux ${release()} ${systemVersion()} (Node.js ${process.versions.node})`,
    ...wrap(command.map((word) => `'${word.replace(PATH_OF_URL, '$1/...')}'`)),
  ]
}

/** Its last line. */
export function farewell(version: string): string {
  return `Stopped ka-native v${version}`
}

function wrap(words: readonly string[]): string[] {
  const indent = ' '.repeat(COMMAND_LINE.length)
  const lines: string[] = []
  let line = COMMAND_LINE.trimEnd()
  for (const word of words) {
    if (line.length + 1 + word.length > MAX_COLUMNS && line.trimEnd().length >= COMMAND_LINE.length) {
      lines.push(line)
      line = `${indent}${word}`
    } else {
      line = `${line} ${word}`
    }
  }
  return [...lines, line]
}
