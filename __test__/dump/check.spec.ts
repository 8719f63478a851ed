/** `keepalived_check.data`: beside the one of Debian's keepalived for the same configuration, line by line, and what states make of it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { localHost } from '../../src/config/host/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import { checkPieces } from '../../src/dump/check.ts'
import type { LvsStatus } from '../../src/lvs/lvs-status.ts'
import { guestTest, runInGuest } from '../lab/guest.ts'
import { Scratch } from '../process/scratch.ts'
import { lvsStatusOf } from './lvs-status.ts'
import { configOf, stateOf } from './state.ts'

const CONFIGURATIONS = ['addresses', 'tunnels'] as const

/** Boots, and two starts of keepalived. */
const GUEST_S = 300

/** What keepalived has in it that is of its own workings. */
const INTERNAL =
  /^ *(?:System is compiled with|previous effective_weight|reloaded|Reloaded|Retries iterations|Last (?:ran|status|errno)|Regex ref count|uid:gid|Failed URL)\b/

/** Runs keepalived with each configuration of a directory in turn, and prints its dumps. */
const PROGRAM = `
cd "$1" && shift
ip link set lo up
mkdir -p /run/keepalived
for name; do
  export TMPDIR="$PWD/$name"
  mkdir "$TMPDIR"
  keepalived -n -l -f "$PWD/$name.conf" > "$TMPDIR/log" 2>&1 &
  for second in $(seq 1 60); do
    sleep 1
    grep -q 'Activating BFD healthchecker' "$TMPDIR/log" && kill -USR1 $!
    [ -s "$TMPDIR/keepalived_check.data" ] && break
  done
  kill -TERM $!
  wait $!
  echo "DUMP $name"
  cat "$TMPDIR/keepalived_check.data" || cat "$TMPDIR/log"
done
`

/** Lines with what depends on the moment, on the way to name accounts or on a fault of 2.2.7 taken out. */
function comparable(dump: string): string[] {
  const first = dump.indexOf('------< SSL definitions')
  return dump
    .slice(first)
    .split('\n')
    .filter((line) => !INTERNAL.test(line))
    .map((line) =>
      line
        .replace(/, (?:uid:gid|user) .*/, '')
        .replace(/^( *(?:Password) :).*/, '$1')
        .replace(
          /^( *(?:Enabled|Up|Has run|Current weight|alive|quorum_state_up|num failed checkers|RS set|effective weight|Status) =).*/,
          '$1',
        )

        .replace(/WEIGHT = .*/, 'WEIGHT')
        .replace(/^( *Alive:).*/, '$1')
        .replace(/^( *Regex options:).*/, '$1')
        .replace(/'(?:\/usr)?\/bin\//g, "'/bin/"),
    )
}

guestTest('the dump has the sections, the lines and the order of keepalived’s', async (t) => {
  t.timeout((GUEST_S + 60) * 1_000)
  const scratch = await Scratch.make(t)
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', scratch.file('k.pem'), '-out', scratch.file('c.pem'), '-days', '2', '-subj', '/CN=x'], { stdio: 'ignore' }) // prettier-ignore
  writeFileSync(scratch.file('tf'), '1\n')
  const texts = new Map(CONFIGURATIONS.map((name) => [name, readFileSync(new URL(`checkers/${name}.conf`, import.meta.url), 'utf8').replaceAll('$DIR', scratch.path)])) // prettier-ignore
  for (const [name, text] of texts) writeFileSync(scratch.file(`${name}.conf`), text)
  const { stdout } = await runInGuest(['sh', '-c', PROGRAM, 'sh', scratch.path, ...CONFIGURATIONS], GUEST_S)
  const dumps = stdout.split(/^DUMP /m).slice(1)
  for (const name of CONFIGURATIONS) {
    const theirs = dumps.find((dump) => dump.startsWith(`${name}\n`)) ?? ''
    const { config } = loadConfig({
      file: 'keepalived.conf',
      text: texts.get(name) ?? '',
      host: { ...localHost(), hasInterface: () => true },
    })
    const ours = [...checkPieces({ ...stateOf(config), lvs: lvsStatusOf(config) })].join('')
    t.deepEqual(comparable(ours), comparable(theirs), name)
  }
})

const SERVICE = `virtual_server 10.0.1.1 80 {
  protocol TCP
  lvs_sched rr
  lvs_method NAT
  real_server 10.0.2.1 80 {
    TCP_CHECK {
    }
    TCP_CHECK {
      connect_port 81
    }
    UDP_CHECK {
    }
  }
}
`

function dumpOf(config: Config, lvs: LvsStatus | undefined): string {
  return [...checkPieces({ ...stateOf(config), lvs })].join('')
}

/** What stands behind each of these keys, in order. */
function values(dump: string, key: string): string[] {
  return [...dump.matchAll(new RegExp(`^ *${key} = (.*)$`, 'gm'))].map(([, value = '']) => value)
}

test('states of a virtual server, its real server and each of its checkers are told', (t) => {
  const config = configOf(SERVICE)
  const [service] = lvsStatusOf(config).services
  const [server] = service?.servers ?? []
  if (service === undefined || server === undefined) throw new Error('the virtual server was not read')
  const [first, second, third] = server.checkers
  if (first === undefined || second === undefined || third === undefined) throw new Error('the checkers were not read')
  const checkers = [first, { ...second, isUp: false }, { ...third, isSuspended: true, hasRun: false, weight: -3 }]
  const down = { ...server, state: 'down', weight: 7, weightInKernel: undefined, checkers } as const
  const dump = dumpOf(config, { services: [{ ...service, isUp: false, servers: [down] }] })
  t.deepEqual(values(dump, 'quorum_state_up'), ['0'])
  t.deepEqual(values(dump, 'alive'), ['1', '0'])
  t.deepEqual(values(dump, 'RS set'), ['0'])
  t.deepEqual(values(dump, 'num failed checkers'), ['1'])
  t.deepEqual(values(dump, 'initial weight'), ['1'])
  t.deepEqual(values(dump, 'effective weight'), ['7'])
  t.deepEqual(values(dump, 'Up'), ['yes', 'no', 'yes'])
  t.deepEqual(values(dump, 'Enabled'), ['yes', 'yes', 'no'])
  t.deepEqual(values(dump, 'Has run'), ['yes', 'yes', 'no'])
  t.deepEqual(values(dump, 'Current weight'), ['0', '0', '-3'])
})

test('what a reload is about to add has no state', (t) => {
  const config = configOf(SERVICE)
  const dump = dumpOf(config, undefined)
  t.deepEqual(values(dump, 'RIP'), ['10.0.2.1, RPORT = 80, WEIGHT = 1 EFF WEIGHT = 1'])
  t.deepEqual(values(dump, 'alive'), [])
  t.deepEqual(values(dump, 'Up'), [])
  t.is(values(dump, 'Keepalive method').length, 3)
})

test('a password is not shown, and without virtual servers there is nothing', (t) => {
  const ssl = 'SSL {\n  password topsecret\n}\n'
  const dump = dumpOf(configOf(`${ssl}${SERVICE.replace('UDP_CHECK {', 'SSL_GET {\nurl {\npath /\n}')}`), undefined)
  t.true(dump.includes('------< SSL definitions >------\n Password : ********\n'))
  t.false(dump.includes('topsecret'))
  t.false(dumpOf(configOf(''), { services: [] }).includes('LVS Topology'))
})
