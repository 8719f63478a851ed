/** Whether the committed files that programs generate are what those programs generate now. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collect, ROOT } from './process.mjs'

/** Generated files and the command that writes them. @type {readonly { files: readonly string[], command: import('./process.mjs').Command }[]} */
const GENERATED = [
  { files: ['index.js', 'index.d.ts'], command: { argv: ['npm', 'run', '--silent', 'build:native'] } },
  {
    files: [
      'src/config/model.ts',
      'src/config/drafts.ts',
      'src/config/input.ts',
      'schema.json',
      'docs/keywords.md',
      'docs/diagnostic-codes.md',
      'docs/diagnostics.md',
    ],
    command: { argv: ['node', '--import=@oxc-node/core/register', 'scripts/generate-config.ts'] },
  },
]

/**
 * Generates everything anew and fails for each file that changed; the new content stays, to be committed.
 *
 * @type {import('./suites.mjs').Suite}
 */
export async function drift(_args, onOutput) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { files, command } of GENERATED) {
    const before = files.map(content)
    const { ok, output } = await collect(command, () => undefined)
    if (!ok) onOutput(output)
    for (const [index, file] of files.entries()) {
      const isUpToDate = ok && content(file) === before[index]
      counts[isUpToDate ? 'passed' : 'failed'] += 1
      if (!isUpToDate) onOutput(`${file} is not what '${command.argv.join(' ')}' makes: commit the new one\n`)
    }
  }
  return { ok: counts.failed === 0, counts }
}

/** @param {string} file */
function content(file) {
  const path = join(ROOT, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
