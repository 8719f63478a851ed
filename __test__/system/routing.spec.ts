/** Routes and rules of a daemon in the kernel: through failures, reloads and what others do, and those of others untouched. */
import { keepalivedConf } from '../lab/conf.ts'
import { releaseKaNative, startDaemon } from '../lab/daemon.ts'
import type { Host } from '../lab/host.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { V3_IPV4, V3_IPV6 } from '../lab/protocols.ts'
import { routingOf } from '../lab/routing.ts'
import { waitFor } from '../lab/wait-for.ts'

const MASTER = 200
const BACKUP = 100

const ROUTES = [
  '198.51.1.0/24 via 192.0.2.9 dev eth0',
  '198.51.2.0/24 dev eth0 table 100 metric 7',
  'unreachable 198.51.3.0/24',
  '2001:db8:1::/64 via 2001:db8::9 dev eth0',
]
const RULES = ['from 198.51.1.0/24 table 100 preference 500', 'from 2001:db8:1::/64 table 100 preference 501']

function block(name: string, lines: readonly string[]): string[] {
  return [`${name} {`, ...lines.map((line) => `  ${line}`), '}']
}

/** A virtual router with routes and rules. */
function conf(routes: readonly string[], rules: readonly string[], priority = MASTER): string {
  return keepalivedConf({ ...V3_IPV4.router, priority, extra: [...block('virtual_routes', routes), ...block('virtual_rules', rules)] })
}

/** What a neighbour on the same machine has that looks like ours: a keepalived, an administrator, a routing daemon. */
const OF_OTHERS = [
  'route add 198.51.1.0/24 via 192.0.2.9 dev eth0 proto 18 metric 5',
  'route add 198.51.1.0/24 via 192.0.2.9 dev eth0 proto 18 table 200',
  'route add 198.51.2.0/24 dev eth0 table 100 metric 8 proto static',
  'route add 198.51.9.0/24 dev eth0 proto 18',
  '-6 route add 2001:db8:1::/64 via 2001:db8::9 dev eth0 proto 18 metric 5',
  'rule add from 198.51.1.0/24 table 100 preference 502 protocol 18',
  'rule add from 198.51.2.0/24 table 100 preference 500',
]

async function addThoseOfOthers(host: Host): Promise<void> {
  for (const words of OF_OTHERS) await host.exec(['ip', ...words.split(' ')])
}

/** How many routes and rules there are that are not the kernel's. */
async function counts(host: Host): Promise<readonly [number, number]> {
  const { routes, rules } = await routingOf(host)
  return [routes.length, rules.length]
}

async function waitForCounts(host: Host, routes: number, rules: number): Promise<void> {
  const seen = async (): Promise<string> => (await counts(host)).join()
  await waitFor(`${host.name} has ${routes} routes and ${rules} rules`, async () => (await seen()) === `${routes},${rules}`, { seen })
}

serialLabTest(
  'after kill -9 routes and rules stay until `ka-native release`, which takes them and none of others',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    await addThoseOfOthers(a)
    const before = await routingOf(a)
    t.deepEqual([before.routes.length, before.rules.length], [5, 2])
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf(ROUTES, RULES))
    await waitForCounts(a, 9, 4)
    const during = await routingOf(a)

    await daemon.kill()
    t.deepEqual(await routingOf(a), during)
    await releaseKaNative(lab, 'a')
    t.deepEqual(await routingOf(a), before)
    await releaseKaNative(lab, 'a')
    t.deepEqual(await routingOf(a), before)
  }),
)

serialLabTest(
  'a start after kill -9 takes away what its configuration no longer wants, and a stop the rest',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    await addThoseOfOthers(a)
    const before = await routingOf(a)
    const first = await startDaemon(lab, 'a', 'ka-native', conf(ROUTES, RULES))
    await waitForCounts(a, 9, 4)
    await first.kill()

    const second = await startDaemon(lab, 'a', 'ka-native', conf(ROUTES.slice(1, 2), RULES.slice(1)))
    await waitForCounts(a, 6, 3)
    t.deepEqual(await second.terminate(), { code: 0, signal: null })
    t.deepEqual(await routingOf(a), before)
  }),
)

serialLabTest(
  'a reload takes and adds what differs, and an unchanged route is not touched',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf(ROUTES, RULES))
    await waitForCounts(a, 4, 2)
    const monitor = await a.spawn(['ip', '-o', 'monitor', 'route', 'rule'])
    const heard = (): string => monitor.output.map(({ text }) => text).join('\n')
    // What it says once it listens.
    await waitFor('the monitor listens', async () => {
      await a.exec(['ip', 'route', 'replace', '198.51.77.0/24', 'dev', 'eth0'])
      await a.exec(['ip', 'route', 'del', '198.51.77.0/24', 'dev', 'eth0'])
      return /Deleted 198\.51\.77\.0/.test(heard())
    })
    await daemon.reload(
      conf(
        ['198.51.4.0/24 via 192.0.2.9 dev eth0', ...ROUTES.slice(0, 3)],
        [...RULES.slice(1), 'from 198.51.4.0/24 table 100 preference 503'],
      ),
    )
    await waitFor('the change is there', async () => {
      const { routes, rules } = await routingOf(a)
      return routes.some(({ dst }) => dst === '198.51.4.0/24') && rules.some(({ priority }) => priority === 503)
    })
    await waitForCounts(a, 4, 2)
    await waitFor('the monitor saw it', () => Promise.resolve(/Deleted 2001:db8:1::/.test(heard()) && /198\.51\.4\.0/.test(heard())))
    for (const kept of ['198.51.1.0/24', '198.51.2.0/24', 'unreachable 198.51.3.0/24']) {
      t.false(heard().includes(`Deleted ${kept}`), kept)
    }
  }),
)

serialLabTest(
  'what others remove is there again, but not what nobody is to track',
  inLab(['a'], async (t, lab) => {
    const a = lab.host('a')
    const untracked = ['198.51.8.0/24 dev eth0 no_track', 'from 198.51.8.0/24 table 100 preference 508 no_track'] as const
    await startDaemon(lab, 'a', 'ka-native', conf([...ROUTES, untracked[0]], [...RULES, untracked[1]]))
    await waitForCounts(a, 5, 3)
    const before = await routingOf(a)
    await a.exec(['ip', 'route', 'del', '198.51.1.0/24'])
    await a.exec(['ip', 'route', 'del', '198.51.2.0/24', 'table', '100'])
    await a.exec(['ip', '-6', 'route', 'del', '2001:db8:1::/64'])
    await a.exec(['ip', 'rule', 'del', 'preference', '500'])
    await a.exec(['ip', '-6', 'rule', 'del', 'preference', '501'])
    await waitFor('all is there again', async () => JSON.stringify(await routingOf(a)) === JSON.stringify(before))

    await a.exec(['ip', 'route', 'del', '198.51.8.0/24'])
    await a.exec(['ip', 'rule', 'del', 'preference', '508'])
    // Behind this one, the daemon heard of those.
    await a.exec(['ip', 'route', 'del', '198.51.1.0/24'])
    await waitFor('the last one is there again', async () => (await routingOf(a)).routes.some(({ dst }) => dst === '198.51.1.0/24'))
    t.deepEqual(await counts(a), [4, 2])
  }),
)

serialLabTest(
  'routes and rules go with the Master to another host, IPv4 and IPv6',
  inLab(['a', 'b'], async (t, lab) => {
    const both = (priority: number): string =>
      keepalivedConf(
        {
          ...V3_IPV4.router,
          priority,
          extra: [...block('virtual_routes', ROUTES.slice(0, 3)), ...block('virtual_rules', RULES.slice(0, 1))],
        },
        { ...V3_IPV6.router, priority, extra: [...block('virtual_routes', ROUTES.slice(3)), ...block('virtual_rules', RULES.slice(1))] },
      )
    const [a, b] = [lab.host('a'), lab.host('b')]
    const first = await startDaemon(lab, 'a', 'ka-native', both(MASTER))
    await waitForCounts(a, 4, 2)
    const held = await routingOf(a)
    await startDaemon(lab, 'b', 'ka-native', both(BACKUP))
    await first.terminate()
    await waitForCounts(b, 4, 2)
    t.deepEqual(await routingOf(b), held)
    t.deepEqual(await counts(a), [0, 0])
    await startDaemon(lab, 'a', 'ka-native', both(MASTER))
    await waitForCounts(a, 4, 2)
    await waitForCounts(b, 0, 0)
  }),
)
