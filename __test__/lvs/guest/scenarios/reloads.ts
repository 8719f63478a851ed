/** Reloads that change each kind of thing, the kernel's own settings, and the ways to stop. */
import { conf, method, servers, TCP_CHECK, type VirtualServerConf } from '../conf.ts'
import { all, logged, nothing, noted, pool, pools, type Place, type Scenario, type Step } from '../scenario.ts'
import { tcpServer, type RealServer } from '../servers.ts'
import { act, down, reload, stop, up } from '../steps.ts'

function tcpServers(place: Place): Record<number, RealServer> {
  return Object.fromEntries([1, 2, 3, 8, 9].map((number) => [number, tcpServer(place.server(number), 80)]))
}

interface Shape {
  readonly kind?: string
  readonly numbers?: readonly number[]
  readonly lines?: readonly string[]
  readonly serverLines?: readonly string[]
  readonly vip?: number
}

function service(
  place: Place,
  { kind = 'NAT', numbers = [1, 2], lines = [], serverLines = [TCP_CHECK], vip = 1 }: Shape,
): VirtualServerConf {
  return { at: `${place.vip(vip)} 80`, lines: [...method('wrr', kind), ...lines], servers: servers(place, numbers, 80, serverLines) }
}

function with_(shape: (place: Place) => Shape): (place: Place) => string {
  return (place) => conf(place, [service(place, shape(place))])
}

function scenario(name: string, steps: readonly Step[], shape: (place: Place) => Shape = () => ({}), until = both): Scenario {
  return {
    name,
    servers: tcpServers,
    conf: with_(shape),
    until,
    steps: steps.at(-1)?.name === 'the stop' ? steps : [...steps, stop(nothing)],
  }
}

const both = pool({ 1: 1, 2: 1 })

export const RELOADS: readonly Scenario[] = [
  scenario('a reload without a change', [
    down(1, pool({ 2: 1 })),
    reload(
      'changes nothing',
      with_(() => ({})),
      pool({ 2: 1 }),
    ),
    up(1, both),
    reload(
      'changes nothing',
      with_(() => ({})),
      both,
    ),
  ]),
  scenario('a reload that adds and removes servers', [
    reload(
      'adds 3 and takes 1',
      with_(() => ({ numbers: [2, 3] })),
      all(pool({ 2: 1, 3: 1 }), noted('.1_80', 'down')),
    ),
    down(2, pool({ 3: 1 })),
    up(2, pool({ 2: 1, 3: 1 })),
    reload(
      'takes 3',
      with_(() => ({ numbers: [2] })),
      all(pool({ 2: 1 }), noted('.3_80', 'down')),
    ),
  ]),
  scenario('a reload that changes weights', [
    reload(
      'makes it 7',
      with_(() => ({ serverLines: [TCP_CHECK, 'weight 7'] })),
      pool({ 1: 7, 2: 7 }),
    ),
    down(1, pool({ 2: 7 })),
    reload(
      'makes it 3',
      with_(() => ({ serverLines: [TCP_CHECK, 'weight 3'] })),
      pool({ 2: 3 }),
    ),
    up(1, pool({ 1: 3, 2: 3 })),
  ]),
  scenario('a reload that changes the forwarding method', [
    reload(
      'makes it DR',
      with_(() => ({ kind: 'DR' })),
      ({ services }) => services.every(({ destinations }) => destinations.every(({ forwarding }) => forwarding === 'Route')),
    ),
    // Not while one is down: 2.2.7 would put it in.
    reload(
      'makes it a tunnel',
      with_(() => ({ kind: 'TUN type gre' })),
      ({ services }) => services.every(({ destinations }) => destinations.every(({ forwarding }) => forwarding === 'Tunnel')),
    ),
    down(1, pool({ 2: 1 })),
    up(1, both),
  ]),
  scenario('a reload that changes the quorum', [
    reload(
      'wants 2 servers',
      with_(() => ({ lines: ['quorum 2'] })),
      both,
    ),
    down(1, all(pool({ 2: 1 }), noted('VS', 'down'))),
    reload(
      'wants 1 server',
      with_(() => ({ lines: ['quorum 1'] })),
      all(pool({ 2: 1 }), noted('VS', 'up')),
    ),
  ]),
  scenario(
    'a reload that changes the sorry server',
    [
      down(1, pool({ 2: 1 })),
      down(2, all(pool({ 9: 1 }), noted('VS', 'down'))),
      reload(
        'has another one',
        with_((place) => ({ lines: [`sorry_server ${place.server(8)} 80`] })),
        pool({ 8: 1 }),
      ),
      up(1, pool({ 1: 1 })),
      reload(
        'has none',
        with_(() => ({})),
        pool({ 1: 1 }),
      ),
      down(1, pool({})),
    ],
    (place) => ({ lines: [`sorry_server ${place.server(9)} 80`] }),
  ),
  scenario('a reload that inhibits', [
    down(1, pool({ 2: 1 })),
    reload(
      'inhibits',
      with_(() => ({ lines: ['inhibit_on_failure'] })),
      pool({ 1: 0, 2: 1 }),
    ),
    reload(
      'inhibits no more',
      with_(() => ({})),
      pool({ 2: 1 }),
    ),
    up(1, both),
  ]),
  {
    ...scenario('a reload that adds and removes services', [
      reload(
        'adds one',
        (place) => conf(place, [service(place, {}), service(place, { vip: 2, numbers: [2, 3] })]),
        pools({ '.1:80': { 1: 1, 2: 1 }, '.2:80': { 2: 1, 3: 1 } }),
      ),
      down(2, pools({ '.1:80': { 1: 1 }, '.2:80': { 3: 1 } })),
      reload('takes the first', (place) => conf(place, [service(place, { vip: 2, numbers: [2, 3] })]), pools({ '.2:80': { 3: 1 } })),
      up(2, pool({ 2: 1, 3: 1 })),
    ]),
  },
  {
    ...scenario('a reload that changes thresholds', [
      reload(
        'changes them and the weight',
        with_(() => ({ serverLines: [TCP_CHECK, 'uthreshold 50', 'lthreshold 5', 'weight 2'] })),
        pool({ 1: 2, 2: 2 }),
      ),
    ]),
    lists: ['--thresholds'],
  },
  {
    ...scenario('lvs_timeouts', [reload('has none', (place) => conf(place, [service(place, {})]), both)]),
    conf: (place) => conf(place, [service(place, {})], ['lvs_timeouts tcp 111 tcpfin 22 udp 33']),
    lists: ['--timeout'],
  },
  {
    ...scenario('a sync daemon of its own', []),
    conf: (place) => conf(place, [service(place, {})], ['lvs_sync_daemon eth0 id 7 maxlen 1400 port 8849 ttl 3 group 224.0.0.99']),
    lists: ['--daemon'],
  },
  {
    ...scenario('lvs_flush', []),
    before: (place) => [`-A -t ${place.vip(7)}:80 -s rr`, `-a -t ${place.vip(7)}:80 -r ${place.server(3)}:80 -m -w 5`],
    conf: (place) => conf(place, [service(place, {})], ['lvs_flush']),
  },
  {
    ...scenario('lvs_flush_on_stop VS, and a service of somebody else', [stop(pools({ '.7:80': { 3: 5 } }))]),
    before: (place) => [`-A -t ${place.vip(7)}:80 -s rr`, `-a -t ${place.vip(7)}:80 -r ${place.server(3)}:80 -m -w 5`],
    conf: (place) => conf(place, [service(place, {})], ['lvs_flush_on_stop VS']),
    until: pools({ '.1:80': { 1: 1, 2: 1 }, '.7:80': { 3: 5 } }),
  },
  {
    ...scenario('lvs_flush_on_stop, and a service of somebody else', [stop(nothing)]),
    before: (place) => [`-A -t ${place.vip(7)}:80 -s rr`, `-a -t ${place.vip(7)}:80 -r ${place.server(3)}:80 -m -w 5`],
    conf: (place) => conf(place, [service(place, { lines: ['omega'] })], ['lvs_flush_on_stop']),
    until: pools({ '.1:80': { 1: 1, 2: 1 }, '.7:80': { 3: 5 } }),
    isAlone: true,
  },
  {
    ...scenario('an address that has to be there: ha_suspend', [
      act('the address comes', (stage) => stage.addAddress(1), both),
      down(1, pool({ 2: 1 })),
      // Until its checkers are suspended, it would see that 1 is back.
      act('the address goes', (stage) => stage.removeAddress(1), all(pool({ 2: 1 }), logged(/Suspending healthchecker for service/, 2))),
      up(1, pool({ 2: 1 })),
      act('the address is back', (stage) => stage.addAddress(1), both),
    ]),
    conf: (place) => conf(place, [service(place, { lines: ['ha_suspend'] })]),
  },
]
