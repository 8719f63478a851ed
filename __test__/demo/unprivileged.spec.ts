import { spawnSync } from 'node:child_process'
import test from 'ava'
import { Installation } from '../package/installation.ts'

/** The user `nobody` of every distribution. */
const NOBODY = '65534'

/** Turns root into an ordinary user; for an ordinary user it is nothing. */
const unprivileged = process.getuid?.() === 0 ? ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--'] : []

const reason = whyNot()
if (reason !== undefined) console.warn(`the demo as an unprivileged user is skipped: ${reason}`)
const demoTest = reason === undefined ? test : test.skip

demoTest('the demo runs as an unprivileged user and the address moves each time', async (t) => {
  const installation = await Installation.make()
  t.teardown(async () => installation.remove())
  const main = installation.path('node_modules/ka-native/dist/cli/main.js')
  const [program, ...args] = [...unprivileged, process.execPath, main, 'demo', '--json']
  const { stdout } = await installation.run(program, ...args)
  const { events } = JSON.parse(stdout) as { events: { kind: string; from: string; to: string }[] }
  t.deepEqual(
    events.map(({ kind, from, to }) => [kind, from, to]),
    [
      ['link-cut', 'router-a', 'router-b'],
      ['link-restored', 'router-b', 'router-a'],
      ['master-stopped', 'router-a', 'router-b'],
    ],
  )
})

function whyNot(): string | undefined {
  const [program, ...args] = [...unprivileged, 'unshare', '--user', '--map-root-user', '--net', 'true']
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}
