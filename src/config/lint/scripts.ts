/** `script-writable-by-others`: a script that runs as root, and that somebody else can change. */
import type { LintInput } from '../lint.ts'
import { printable, shown } from '../diagnostics/printable.ts'

export function lintScripts({ rootScripts, context }: LintInput): void {
  const { diagnostics, host } = context
  for (const { path, place } of rootScripts) {
    const part = host.alterablePart(path)
    if (part === undefined) continue
    const message = `the script ${shown(path)} runs as root, and ${printable(part.path)} ${part.reason}`
    diagnostics.warning(
      'script-writable-by-others',
      place(),
      message,
      'whoever can change it can do anything: `chown root:root` and `chmod go-w`',
    )
  }
}
