/** A keepalived.conf to a {@link Config}: the whole way, without ever throwing over what the file says. */
import { Diagnostics } from './diagnostics/diagnostic.ts'
import { configIdOf, expand } from './text/expand.ts'
import { localHost } from './host/host.ts'
import type { Host } from './host/host.ts'
import { encodeText } from './text/source.ts'
import { linkWritten, readWritten } from './written.ts'
import type { LoadedConfig, Written } from './written.ts'

export type { LoadedConfig } from './written.ts'

/** What to load. */
export interface LoadOptions {
  /** Path of the main file. Diagnostics and includes show paths relative to it as it is given. */
  readonly file: string
  /** Text to read instead of the file's content. */
  readonly text?: string
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host | undefined
  /** Looks for known traps too (lint.ts). */
  readonly lint?: boolean
  /** What lines starting with `@` name; the host's name up to its first dot unless given. */
  readonly configId?: string | undefined
  /** Every include problem is an error, as with `-e` of keepalived(8), unless an `include_check` of the file says otherwise. */
  readonly allConfig?: boolean | undefined
}

/** Loads a keepalived.conf, whatever the file is called. Mistakes are diagnostics; only a defect of this program throws. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  return linkWritten(readConf(options), options.lint)
}

/** Reads a keepalived.conf and what it includes. */
export function readConf({ file, text, host = localHost(), configId = configIdOf(host.hostname), allConfig }: LoadOptions): Written {
  const diagnostics = new Diagnostics()
  const { tokens, files } = expand(file, text === undefined ? undefined : encodeText(text), diagnostics, { configId, allConfig })
  return readWritten(tokens, files, host, diagnostics)
}
