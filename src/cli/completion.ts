/** `ka-native completion`: scripts that complete commands, options, keywords and file names. */
import type { Command } from 'commander'
import { allEntries, LANGUAGE_PATH } from '../config/tables/catalogue.ts'
import { CODES } from '../config/diagnostics/texts.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { completionTree } from './completion/tree.ts'
import { zshScript } from './completion/zsh.ts'
import type { Shell } from './shells.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
/** Other words would need quotes, which differ from shell to shell. */
const PLAIN = /^[\w-][\w/-]*$/

/** The script for a shell, which is to source it. */
export function completionScript(program: Command, shell: Shell): string {
  const entries = allEntries()
  const keywords = entries.filter(({ owner }) => owner === undefined).map(({ name }) => name)
  const words = {
    explain: plain([...keywords, ...CODES.map(({ code }) => code)]),
    'explain --in': plain(entries.map(({ path }) => path).filter((path) => path !== LANGUAGE_PATH)),
  }
  return SCRIPTS[shell](completionTree(program, words))
}

function plain(words: readonly string[]): readonly string[] {
  return [...new Set(words)].filter((word) => PLAIN.test(word) && !word.startsWith('-')).sort()
}
