/** A file to a {@link Config}: the whole way, without ever throwing over what the file says. */
import { Diagnostics } from './diagnostic.ts'
import { emptyDraft } from './draft.ts'
import { expand } from './expand.ts'
import { localHost } from './host.ts'
import type { Host } from './host.ts'
import { KeywordBlock } from './keyword-block.ts'
import { ROOT, TOP_LEVEL } from './keywords/root.ts'
import { link } from './link.ts'
import type { Config } from './model.ts'
import { readBlocks } from './schema.ts'
import { BlockReader } from './tree.ts'

/** What to load. */
export interface LoadOptions {
  /** Path of the main file. Diagnostics and includes show paths relative to it as it is given. */
  readonly file: string
  /** Text to read instead of the file's content. */
  readonly text?: string
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host
}

/** A configuration as far as it could be read, and everything wrong with it. */
export interface LoadedConfig {
  /** Bad settings are left out, defaults stay: exit-code.ts says whether it may be run. */
  readonly config: Config
  readonly diagnostics: Diagnostics
  /** Every file read, the main one first. */
  readonly files: readonly string[]
}

/** Loads a configuration. Mistakes are diagnostics; only a defect of this program throws. */
export function loadConfig({ file, text, host = localHost() }: LoadOptions): LoadedConfig {
  const diagnostics = new Diagnostics()
  const octets = text === undefined ? undefined : Buffer.from(text).toString('latin1')
  const { tokens, files } = expand(file, octets, diagnostics)
  const draft = emptyDraft()
  const context = { diagnostics, host }
  readBlocks(new BlockReader(tokens, TOP_LEVEL, diagnostics), new KeywordBlock('/', ROOT, draft), context)
  return { config: link(draft, context), diagnostics, files }
}
