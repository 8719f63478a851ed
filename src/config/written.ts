/** A configuration as written: the way from words to a draft, and from there to {@link Config}. */
import type { Diagnostics } from './diagnostics/diagnostic.ts'
import type { ConfigDraft } from './drafts.ts'
import type { Host } from './host/host.ts'
import { KeywordBlock } from './blocks/keyword-block.ts'
import { ROOT } from './keywords/root.ts'
import type { Tokens } from './text/tokens.ts'
import { link } from './link.ts'
import { lint } from './lint.ts'
import type { Config } from './model.ts'
import { readBlocks } from './blocks/reader.ts'
import type { Draft, OptionRow, ReadContext, Row } from './tables/schema.ts'
import { TOP_LEVEL } from './blocks/top-level.ts'
import { BlockReader } from './blocks/tree.ts'

/** What was read, before defaults and the rules that concern more than one line. */
export interface Written {
  readonly draft: ConfigDraft
  readonly context: ReadContext
  /** Every file read, the main one first. */
  readonly files: readonly string[]
}

/** A configuration as far as it could be read, and everything wrong with it. */
export interface LoadedConfig {
  /** Bad settings are left out, defaults stay: exit-code.ts says whether it may be run. */
  readonly config: Config
  readonly diagnostics: Diagnostics
  /** Every file read, the main one first. */
  readonly files: readonly string[]
}

/** Reads the words of all files. */
export function readWritten(tokens: Tokens, files: readonly string[], host: Host, diagnostics: Diagnostics): Written {
  const draft: ConfigDraft = { at: 0 }
  const context = { diagnostics, host, tokens, mentioned: new Set<Row | OptionRow>() }
  readBlocks(new BlockReader(tokens, TOP_LEVEL, diagnostics), new KeywordBlock(ROOT, draft as ConfigDraft & Draft), context)
  return { draft, context, files }
}

/** Makes the configuration. @param looksForTraps reports known traps too (lint.ts) */
export function linkWritten({ draft, context, files }: Written, looksForTraps = false): LoadedConfig {
  const { config, rootScripts } = link(draft, context)
  if (looksForTraps) lint({ config, draft, context, rootScripts })
  return { config, diagnostics: context.diagnostics, files }
}
