/** Forwarding methods, schedulers and their flags, persistence, thresholds: what a service and a real server are in the kernel. */
import { conf, method, servers, servers6, TCP_CHECK, type VirtualServerConf } from '../conf.ts'
import { all, nothing, pool, pools, settings, type Place, type Scenario } from '../scenario.ts'
import { nameServer, tcpServer, type RealServer } from '../servers.ts'
import { become, down, reload, stop, up } from '../steps.ts'

/** Three TCP servers and a sorry server. */
function tcpServers(place: Place): Record<number, RealServer> {
  return Object.fromEntries([1, 2, 3, 9].map((number) => [number, tcpServer(place.server(number), 80)]))
}

function tcpServers6(place: Place): Record<number, RealServer> {
  return Object.fromEntries([1, 2, 3, 9].map((number) => [number, tcpServer(place.server6(number), 80)]))
}

/** A scenario in which a server goes and comes back, and the daemon stops. */
function basic(name: string, services: (place: Place) => readonly VirtualServerConf[], more: Partial<Scenario> = {}): Scenario {
  return {
    name,
    servers: tcpServers,
    conf: (place) => conf(place, services(place)),
    until: pool({ 1: 1, 2: 1 }),
    steps: [down(1, pool({ 2: 1 })), up(1, pool({ 1: 1, 2: 1 })), stop(nothing)],
    ...more,
  }
}

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'sh', 'mh', 'dh', 'fo', 'ovf', 'sed', 'nq'] as const

export const METHODS: readonly Scenario[] = [
  basic('NAT over IPv4', (place) => [{ at: `${place.vip()} 80`, lines: method('rr', 'NAT'), servers: servers(place, [1, 2], 80) }]),
  basic('NAT over IPv6', (place) => [{ at: `${place.vip6()} 80`, lines: method('wrr', 'NAT'), servers: servers6(place, [1, 2], 80) }], {
    servers: tcpServers6,
  }),
  basic(
    'DR over IPv4 and IPv6',
    (place) => [
      { at: `${place.vip()} 80`, lines: method('wlc', 'DR'), servers: servers(place, [1, 2], 80) },
      { at: `${place.vip6()} 80`, lines: method('wlc', 'DR'), servers: servers6(place, [1, 2], 80) },
    ],
    {
      servers: (place) => ({ ...tcpServers(place), 11: tcpServer(place.server6(1), 80), 12: tcpServer(place.server6(2), 80) }),
      steps: [
        down(1, pools({ '10.7': { 2: 1 }, fd07: { 1: 1, 2: 1 } })),
        down(12, pools({ '10.7': { 2: 1 }, fd07: { 1: 1 } })),
        up(1, pools({ '10.7': { 1: 1, 2: 1 }, fd07: { 1: 1 } })),
        stop(nothing),
      ],
    },
  ),
  basic('TUN of every type', (place) => [
    { at: `${place.vip(1)} 80`, lines: method('wlc', 'TUN'), servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(2)} 80`, lines: method('wlc', 'TUN type ipip nocsum'), servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(3)} 80`, lines: method('wlc', 'TUN type gue port 6080 remcsum'), servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(4)} 80`, lines: method('wlc', 'TUN type gue port 6081'), servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(5)} 80`, lines: method('wlc', 'TUN type gre csum'), servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(6)} 80`, lines: method('wlc', 'TUN type gre'), servers: servers(place, [1, 2], 80) },
  ]),
  basic('a tunnel to servers of the other family, and a method of one server', (place) => [
    {
      at: `${place.vip()} 80`,
      lines: method('wlc', 'TUN'),
      servers: [
        { at: `${place.server(1)} 80`, lines: [TCP_CHECK, 'lvs_method TUN type gre csum'] },
        { at: `${place.server6(2)} 80`, lines: [`TCP_CHECK {\n  connect_ip ${place.server(2)}\n}`] },
      ],
    },
  ]),
  basic('every scheduler', (place) =>
    SCHEDULERS.map((scheduler, index) => ({
      at: `${place.vip(index + 1)} 80`,
      lines: method(scheduler, 'NAT'),
      servers: servers(place, [1, 2], 80),
    })),
  ),
  basic('flags of schedulers', (place) => [
    { at: `${place.vip(1)} 80`, lines: [...method('sh', 'DR'), 'sh-port', 'sh-fallback'], servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(2)} 80`, lines: [...method('mh', 'DR'), 'mh-fallback'], servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(3)} 80`, lines: [...method('mh', 'DR'), 'mh-port'], servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(4)} 80`, lines: [...method('rr', 'DR'), 'flag-1', 'flag-3'], servers: servers(place, [1, 2], 80) },
  ]),
  basic('persistence', (place) => [
    { at: `${place.vip(1)} 80`, lines: [...method('rr', 'NAT'), 'persistence_timeout 50'], servers: servers(place, [1, 2], 80) },
    { at: `${place.vip(2)} 80`, lines: [...method('rr', 'NAT'), 'persistence_timeout'], servers: servers(place, [1, 2], 80) },
    {
      at: `${place.vip(3)} 80`,
      lines: [...method('rr', 'NAT'), 'persistence_timeout 100', 'persistence_granularity 255.255.255.0'],
      servers: servers(place, [1, 2], 80),
    },
  ]),
  basic(
    'persistence over IPv6 by prefix',
    (place) => [
      {
        at: `${place.vip6()} 80`,
        lines: [...method('rr', 'NAT'), 'persistence_timeout 100', 'persistence_granularity 64'],
        servers: servers6(place, [1, 2], 80),
      },
    ],
    { servers: tcpServers6 },
  ),
  {
    name: 'UDP with one-packet scheduling, and SIP persistence',
    servers: (place) => ({ 1: nameServer(place.server(1), 5060), 2: nameServer(place.server(2), 5060) }),
    conf: (place) =>
      conf(place, [
        {
          at: `${place.vip(1)} 5060`,
          lines: [...method('rr', 'NAT', 'UDP'), 'ops'],
          servers: servers(place, [1, 2], 5060, ['DNS_CHECK {\n}']),
        },
        {
          at: `${place.vip(2)} 5060`,
          lines: [...method('rr', 'NAT', 'UDP'), 'persistence_timeout 60', 'persistence_engine sip'],
          servers: servers(place, [1, 2], 5060, ['DNS_CHECK {\n  retry 1\n}']),
        },
      ]),
    until: pool({ 1: 1, 2: 1 }),
    steps: [become('failing', [2], pool({ 1: 1 })), up(2, pool({ 1: 1, 2: 1 })), stop(nothing)],
  },
  basic(
    'thresholds',
    (place) => [
      {
        at: `${place.vip()} 80`,
        lines: method('wlc', 'NAT'),
        servers: servers(place, [1, 2], 80, [TCP_CHECK, 'uthreshold 100', 'lthreshold 10']),
      },
    ],
    { lists: ['--thresholds'] },
  ),
  {
    name: 'a reload that changes scheduler, flags and persistence',
    servers: tcpServers,
    conf: (place) => conf(place, [{ at: `${place.vip()} 80`, lines: method('rr', 'NAT'), servers: servers(place, [1, 2], 80) }]),
    until: pool({ 1: 1, 2: 1 }),
    steps: [
      reload(
        'changes the scheduler',
        (place) =>
          conf(place, [{ at: `${place.vip()} 80`, lines: [...method('sh', 'NAT'), 'sh-port'], servers: servers(place, [1, 2], 80) }]),
        all(settings('sh'), pool({ 1: 1, 2: 1 })),
      ),
      down(1, pool({ 2: 1 })),
      reload(
        'makes it persistent',
        (place) =>
          conf(place, [
            { at: `${place.vip()} 80`, lines: [...method('wlc', 'NAT'), 'persistence_timeout 77'], servers: servers(place, [1, 2], 80) },
          ]),
        all(settings('persistent'), pool({ 2: 1 })),
      ),
      up(1, pool({ 1: 1, 2: 1 })),
      reload(
        'makes it what it was',
        (place) => conf(place, [{ at: `${place.vip()} 80`, lines: method('rr', 'NAT'), servers: servers(place, [1, 2], 80) }]),
        all(settings('rr'), ({ services }) => services.every((service) => !service.settings.includes('persistent'))),
      ),
      stop(nothing),
    ],
  },
]
