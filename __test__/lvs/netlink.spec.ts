/** IPVS over generic netlink, in Rust (`crates/netlink/tests/ipvs.rs`), against a kernel that has it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { guestTest, runInGuest } from '../lab/guest.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a slow machine needs to compile the crate and its tests, where the `rust` suite has not done so. */
const BUILD_MS = 15 * 60_000

/** A limit for what is broken. */
const GUEST_LIMIT_S = 900

/** A line of `cargo --message-format json`. */
interface CargoMessage {
  readonly reason: string
  readonly executable?: string | null
  readonly target?: { readonly name: string }
}

guestTest('services, destinations, daemons and timeouts of IPVS are changed, dumped and refused as Rust says', async (t) => {
  t.timeout(BUILD_MS + GUEST_LIMIT_S * 1_000 + 60_000)
  const program = await build()
  // The lab has loaded IPVS; without it the kernel must load it itself, for the tests, and on its own behalf what they then ask for.
  // That it did shows that they ran.
  const script = 'busybox rmmod $1 && ! grep "^ip_vs" /proc/modules && "$0" && grep -q "^ip_vs_pe_sip " /proc/modules'
  const modules = [...['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh'].map((name) => `ip_vs_${name}`), 'ip_vs'].join(' ')
  const { code, stdout, stderr } = await runInGuest(['env', 'KA_IPVS_LAB=1', 'sh', '-c', script, program, modules], GUEST_LIMIT_S)
  t.is(code, 0, `${stdout}\n${stderr}`)
  t.regex(stdout, /^test result: ok\. [1-9]\d* passed; 0 failed; 0 ignored;/m)
})

/** Compiles the tests and returns the path of their program. */
async function build(): Promise<string> {
  // Of the whole workspace, as the other tests are built: else all it stands on is compiled once more.
  const args = ['test', '--workspace', '--test', 'ipvs', '--no-run', '--message-format', 'json']
  const { stdout } = await promisify(execFile)('cargo', args, { cwd: ROOT, timeout: BUILD_MS, maxBuffer: 64 << 20 })
  const messages = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as CargoMessage)
  const program = messages.find(({ reason, target }) => reason === 'compiler-artifact' && target?.name === 'ipvs')?.executable
  if (typeof program !== 'string') throw new Error(`cargo built no program:\n${stdout}`)
  return program
}
