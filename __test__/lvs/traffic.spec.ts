/** Real traffic through IPVS in a guest kernel: see guest/traffic.ts. */
import { GuestReports, guestTest } from '../lab/guest.ts'

/** A limit for what is broken. */
const LIMIT_S = 1_500

const guest: { reports?: GuestReports } = {}

/** What the guest saw of one part. */
async function seen(name: string): Promise<unknown> {
  guest.reports ??= GuestReports.start('__test__/lvs/guest/traffic.ts', [process.env['KA_LVS_SUBJECT'] ?? 'ka-native'], LIMIT_S)
  return guest.reports.value(name)
}

const SERVICES = ['IPv4', 'IPv6'].flatMap((family) =>
  ['TCP', 'UDP'].flatMap((protocol) => ['NAT', 'DR', 'TUN'].map((method) => `${method} ${protocol} ${family}`)),
)

/** The same answers of every service whose name holds a text. */
function each(answers: Readonly<Record<string, number>>, part = ''): Record<string, Readonly<Record<string, number>>> {
  return Object.fromEntries(SERVICES.filter((name) => name.includes(part)).map((name) => [name, answers]))
}

guestTest('NAT, DR and TUN balance TCP and UDP over IPv4 and IPv6, to nginx, haproxy, dnsmasq and exim', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('balanced'), { ...each({ r1: 2, r2: 2, r3: 2 }), mail: { r1: 2, r2: 2 } })
})

guestTest('persistence keeps a client on one server', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(Object.values((await seen('persistence')) as Record<string, number>), [6])
})

guestTest('a server that is killed leaves, and nobody is sent to it', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('one killed'), { ...each({ r2: 2, r3: 2 }), mail: { r2: 2 } })
})

guestTest('the sorry server serves while all others are down', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('all killed'), each({ sorry: 2 }, 'TCP'))
})

guestTest('a server that recovers is back, and the sorry server goes', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('one back'), each({ r2: 2 }))
  t.deepEqual(await seen('all back'), each({ r1: 2, r2: 2, r3: 2 }))
})

guestTest('a service with a sorry server is never empty', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('never empty'), [])
})

guestTest('scripts of servers and quorum run in the order of what happened', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  const lines = (await seen('scripts')) as string[]
  t.deepEqual(
    lines.filter((line) => line.includes('_25 ')),
    MAIL_LINES,
  )
})

guestTest('a stop leaves nothing', async (t) => {
  t.timeout(LIMIT_S * 1_000)
  t.deepEqual(await seen('stop'), { code: 0, left: 0 })
})

/** The service of mail has two servers and no sorry server. */
const MAIL_LINES = [
  '10.0.1.100_25 VS up',
  '10.0.1.100_25 RS 10.0.2.11_25 down',
  '10.0.1.100_25 RS 10.0.2.12_25 down',
  '10.0.1.100_25 VS down',
  '10.0.1.100_25 RS 10.0.2.12_25 up',
  '10.0.1.100_25 VS up',
  '10.0.1.100_25 RS 10.0.2.11_25 up',
]
