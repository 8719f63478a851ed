/**
 * Makes one file of the many modules behind each command that reads or explains configurations, in `dist/cli`:
 * loading two hundred modules one by one takes longer than most files take to be read. What runs the daemon stays as
 * the compiler wrote it.
 */
import { build } from 'esbuild'
import { ROOT } from './process.mjs'

const COMMANDS = ['check', 'completion', 'explain', 'fmt', 'import-config', 'keepalived/config-test', 'print-config']

await build({
  absWorkingDir: ROOT,
  entryPoints: COMMANDS.map((command) => `src/cli/${command}.ts`),
  outdir: 'dist/cli',
  bundle: true,
  // What commands share is in files beside theirs: paths relative to them stay right.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  plugins: [
    {
      name: 'worker',
      setup(bundler) {
        // Its file is the program of a thread.
        bundler.onResolve({ filter: /\/evaluate\.ts$/ }, () => ({ path: '../config/document/evaluate.js', external: true }))
      },
    },
  ],
  logLevel: 'warning',
})
