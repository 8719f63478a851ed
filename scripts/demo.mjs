/**
 * `npm run demo`: sets the machine up as far as it is not, and shows a failover. Arguments go to `ka-native demo`.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './process.mjs'
import { setUp } from './setup.mjs'

try {
  setUp('demo')
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

const child = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'demo', ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
child.once('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
})
