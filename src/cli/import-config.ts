/** `ka-native import-config`: a keepalived.conf as a configuration in TypeScript. */
import { commentsAbove } from '../config/text/comments.ts'
import { encodeText } from '../config/text/source.ts'
import { documentText } from '../config/document/text.ts'
import { toDocument } from '../config/document/document.ts'
import { testExitCode } from '../config/diagnostics/exit-code.ts'
import type { Host } from '../config/host/host.ts'
import { ROOT } from '../config/keywords/root.ts'
import { kindOfFile, readConfigFile } from '../config/load-file.ts'
import { printable } from '../config/diagnostics/printable.ts'
import { renderText } from '../config/diagnostics/render.ts'
import { linkWritten } from '../config/written.ts'
import { isRead } from './print-config.ts'
import { createFile } from './rewrite.ts'

/** What a configuration can be imported to. */
export type ImportFormat = 'ts' | 'json' | 'yaml'

/** What `import-config` is asked. */
export interface ImportOptions {
  /** Path of the keepalived.conf. */
  readonly file: string
  /** Path of the file to write; `-` is standard output. `ka-native.config.ts`, or what the format says, unless given. */
  readonly output?: string
  /** What the name of the output says unless given, else TypeScript. */
  readonly format?: ImportFormat
  /** Replaces a file that exists. */
  readonly force?: boolean
  /** ANSI colours in diagnostics. */
  readonly color?: boolean
  /** The machine the configuration is for; this one unless given. */
  readonly host?: Host
  /** What conditional lines name; the host name up to its first dot unless given. */
  readonly configId?: string
}

/** What `import-config` answers. */
export interface ImportResult {
  /** For standard output. */
  readonly output: string
  /** Diagnostics, for standard error. */
  readonly problems: string
  /** That of a check: what is wrong in the file is not taken over. 1: nothing was written. */
  readonly exitCode: number
}

/** Nothing was written. */
const EXIT_UNWRITTEN = 1

/** Writes what a configuration says as a file of another kind; passwords and keys as they are. */
export async function runImportConfig(options: ImportOptions): Promise<ImportResult> {
  const { file, force = false, color = false, host, configId } = options
  const format = options.format ?? formatOf(options.output)
  const target = options.output ?? `ka-native.config.${format}`
  if (format === undefined) {
    const problem = `ka-native: the name '${printable(target)}' does not say what to write: --format ts, json or yaml does\n`
    return { output: '', problems: problem, exitCode: EXIT_UNWRITTEN }
  }
  const written = await readConfigFile({ file, host, configId })
  // Linking takes out of the draft what cannot stay.
  const { diagnostics } = linkWritten(written)
  const comments = new Map<unknown, readonly string[]>()
  const document = toDocument(ROOT, written.draft, {
    revealSecrets: true,
    onBlock(made, block) {
      if (block !== written.draft && 'at' in block) comments.set(made, commentsAbove(block as { readonly at: number }, written.context))
    },
  })
  const problems = renderText(diagnostics, { color })
  const exitCode = testExitCode(diagnostics)
  if (!isRead(diagnostics)) return { output: '', problems, exitCode }
  const text = documentText(document, format, comments)
  if (target === '-') return { output: text, problems, exitCode }
  const failure = createFile(target, encodeText(text), force)
  if (failure === undefined) return { output: `${printable(target)} is written\n`, problems, exitCode }
  return { output: '', problems: `${problems}ka-native: ${printable(target)} cannot be written: ${failure}\n`, exitCode: EXIT_UNWRITTEN }
}

/** What a name says; absent when it is the name of another kind of file. */
function formatOf(output: string | undefined): ImportFormat | undefined {
  if (output === undefined || output === '-') return 'ts'
  const kind = kindOfFile(output)
  return kind === 'program' ? 'ts' : kind === 'conf' ? undefined : kind
}
