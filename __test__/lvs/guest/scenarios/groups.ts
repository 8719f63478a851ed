/** Firewall marks and groups of virtual servers. */
import { block, conf, method, servers, servers6, TCP_CHECK, type VirtualServerConf } from '../conf.ts'
import { all, nothing, pool, pools, type Place, type Scenario } from '../scenario.ts'
import { tcpServer, type RealServer } from '../servers.ts'
import { down, reload, stop, up } from '../steps.ts'

function tcpServers(place: Place): Record<number, RealServer> {
  return Object.fromEntries([1, 2, 3, 9].map((number) => [number, tcpServer(place.server(number), 80)]))
}

function withGroup(place: Place, lines: readonly string[], services: readonly VirtualServerConf[]): string {
  return `${block('virtual_server_group G', lines)}\n${conf(place, services)}`
}

function grouped(place: Place, lines: readonly string[] = method('rr', 'NAT')): VirtualServerConf {
  return { at: 'group G', lines, servers: servers(place, [1, 2], 80) }
}

const both = pool({ 1: 1, 2: 1 })

/** As many services as this. */
function count(number: number): (view: { services: readonly unknown[] }) => boolean {
  return ({ services }) => services.length === number
}

export const GROUPS: readonly Scenario[] = [
  {
    name: 'firewall marks of both families',
    servers: (place) => ({ ...tcpServers(place), 4: tcpServer(place.server6(4), 80) }),
    conf: (place) =>
      conf(place, [
        { at: 'fwmark 9', lines: [...method('rr', 'NAT'), 'persistence_timeout 30'], servers: servers(place, [1, 2], 80) },
        {
          at: 'fwmark 10',
          lines: ['lb_algo wlc', 'lb_kind DR'],
          servers: servers(place, [1, 2], 80, [`TCP_CHECK {\n  connect_port 80\n}`]),
        },
        { at: 'fwmark 11', lines: ['ip_family inet6', 'lb_algo wlc', 'lb_kind NAT'], servers: servers6(place, [4], 80) },
      ]),
    until: pools({ 'FWM 9': { 1: 1, 2: 1 }, 'FWM 10': { 1: 1, 2: 1 }, 'FWM 11': { 4: 1 } }),
    steps: [
      down(1, pools({ 'FWM 9': { 2: 1 }, 'FWM 10': { 2: 1 }, 'FWM 11': { 4: 1 } })),
      down(4, pools({ 'FWM 9': { 2: 1 }, 'FWM 10': { 2: 1 }, 'FWM 11': {} })),
      stop(nothing),
    ],
  },
  {
    name: 'a group with addresses, ranges and a firewall mark',
    servers: tcpServers,
    conf: (place) =>
      withGroup(
        place,
        [`${place.vip(1)} 80`, `${place.vip(10)}-12 8080`, `${place.vip(20)}-${place.vip(21)} 81`, 'fwmark 7'],
        [grouped(place)],
      ),
    until: all(both, count(7)),
    steps: [down(1, all(pool({ 2: 1 }), count(7))), up(1, all(both, count(7))), stop(nothing)],
  },
  {
    name: 'a group over IPv6 with DR',
    servers: (place) => ({ 1: tcpServer(place.server6(1), 80), 2: tcpServer(place.server6(2), 80) }),
    conf: (place) =>
      withGroup(
        place,
        [`${place.vip6(1)} 80`, `${place.vip6(10)}-12 80`],
        [{ at: 'group G', lines: method('rr', 'DR'), servers: servers6(place, [1, 2], 80) }],
      ),
    until: all(both, count(4)),
    steps: [down(2, all(pool({ 1: 1 }), count(4))), stop(nothing)],
  },
  {
    name: 'a group that a TCP and a UDP service share',
    servers: tcpServers,
    conf: (place) =>
      withGroup(place, [`${place.vip(1)} 80`, `${place.vip(2)} 80`], [grouped(place), grouped(place, method('wlc', 'NAT', 'UDP'))]),
    until: all(both, count(4)),
    steps: [down(1, pool({ 2: 1 })), up(1, both), stop(nothing)],
  },
  {
    name: 'a reload that changes the entries of a group',
    servers: tcpServers,
    allowances: [{ why: '2.2.7 leaves the services of entries that are gone, without real servers', emptyServices: true }],
    conf: (place) => withGroup(place, [`${place.vip(1)} 80`, `${place.vip(2)} 80`, 'fwmark 3'], [grouped(place)]),
    until: all(both, count(3)),
    steps: [
      reload(
        'takes entries and adds some',
        (place) => withGroup(place, [`${place.vip(1)} 80`, `${place.vip(5)}-7 90`], [grouped(place)]),
        all(both, count(4)),
      ),
      down(1, all(pool({ 2: 1 }), count(4))),
      up(1, all(both, count(4))),
      stop(nothing),
    ],
  },
  {
    name: 'a sorry server and a quorum of a group',
    servers: tcpServers,
    conf: (place) =>
      withGroup(
        place,
        [`${place.vip(1)} 80`, `${place.vip(2)} 80`],
        [grouped(place, [...method('rr', 'NAT'), 'quorum 2', `sorry_server ${place.server(9)} 80`])],
      ),
    until: all(both, count(2)),
    steps: [down(1, pool({ 9: 1 })), up(1, both), stop(nothing)],
  },
  {
    name: 'two services with the same real servers',
    servers: tcpServers,
    conf: (place) =>
      conf(place, [
        { at: `${place.vip(1)} 80`, lines: method('rr', 'NAT'), servers: servers(place, [1, 2], 80) },
        { at: `${place.vip(2)} 8080`, lines: method('wrr', 'NAT'), servers: servers(place, [1, 2, 3], 80, [TCP_CHECK, 'weight 5']) },
      ]),
    until: pools({ '1:80': { 1: 1, 2: 1 }, '2:8080': { 1: 5, 2: 5, 3: 5 } }),
    steps: [down(1, pools({ '1:80': { 2: 1 }, '2:8080': { 2: 5, 3: 5 } })), stop(nothing)],
  },
]
