/** How servers go and come: alpha, omega, inhibited ones, quorum, sorry server, retries. */
import { conf, method, servers, TCP_CHECK } from '../conf.ts'
import { all, logged, nothing, noted, pool, type Condition, type Place, type Scenario } from '../scenario.ts'
import { tcpServer, type RealServer } from '../servers.ts'
import { act, down, stop, up } from '../steps.ts'

function tcpServers(place: Place): Record<number, RealServer> {
  return Object.fromEntries([1, 2, 3, 9].map((number) => [number, tcpServer(place.server(number), 80)]))
}

/** One service of this many servers with these lines of its own and of theirs. */
function one(
  name: string,
  numbers: readonly number[],
  lines: (place: Place) => readonly string[],
  serverLines: readonly string[],
  until: Condition,
  steps: Scenario['steps'],
  global: readonly string[] = [],
): Scenario {
  return {
    name,
    servers: tcpServers,
    conf: (place) =>
      conf(
        place,
        [{ at: `${place.vip()} 80`, lines: [...method('rr', 'NAT'), ...lines(place)], servers: servers(place, numbers, 80, serverLines) }],
        global,
      ),
    until,
    steps,
  }
}

const both = pool({ 1: 1, 2: 1 })

/** A checker of the first server fails. */
const FIRST_FAILED = /TCP_CHECK on service \[10\.8\.\d+\.1\]:tcp:80 failed/

const ALL: readonly Scenario[] = [
  one('alpha', [1, 2], () => ['alpha'], [TCP_CHECK], all(both, noted('VS', 'up')), [
    down(1, pool({ 2: 1 })),
    down(2, all(pool({}), noted('VS', 'down'))),
    up(1, all(pool({ 1: 1 }), noted('VS', 'up'))),
    up(2, both),
    stop(nothing),
  ]),
  {
    ...one(
      'alpha with servers that are down at the start',
      [1, 2, 3],
      () => [],
      [TCP_CHECK, 'alpha'],
      all(pool({ 1: 1, 2: 1, 3: 1 }), ({ scripts }) => scripts.some((line) => line.endsWith('.4_80 down'))),
      [down(3, pool({ 1: 1, 2: 1 })), stop(nothing)],
    ),
    conf: (place) =>
      conf(place, [
        {
          at: `${place.vip()} 80`,
          lines: [...method('rr', 'NAT'), 'alpha'],
          servers: [...servers(place, [1, 2, 3], 80), { at: `${place.server(4)} 80`, lines: [TCP_CHECK] }],
        },
      ]),
  },
  {
    ...one('omega', [1, 2], () => ['omega'], [TCP_CHECK], all(both, noted('VS', 'up')), [
      down(2, pool({ 1: 1 })),
      stop(all(nothing, noted('VS', 'down'))),
    ]),
    isAlone: true,
  },
  one('inhibit_on_failure', [1, 2], () => ['inhibit_on_failure'], [TCP_CHECK, 'weight 3'], pool({ 1: 3, 2: 3 }), [
    down(1, pool({ 1: 0, 2: 3 })),
    down(2, all(pool({ 1: 0, 2: 0 }), noted('VS', 'down'))),
    up(1, all(pool({ 1: 3, 2: 0 }), noted('VS', 'up'))),
    up(2, pool({ 1: 3, 2: 3 })),
    stop(nothing),
  ]),
  one(
    'quorum and hysteresis',
    [1, 2, 3],
    () => ['quorum 4', 'hysteresis 1'],
    [TCP_CHECK, 'weight 2'],
    all(pool({ 1: 2, 2: 2, 3: 2 }), noted('VS', 'up')),
    [
      // 4 of 6: not less than 4 - 1.
      down(1, all(pool({ 2: 2, 3: 2 }), noted('VS', 'up'))),
      down(2, all(pool({ 3: 2 }), noted('VS', 'down'))),
      // 4 again: less than 4 + 1.
      up(2, all(pool({ 2: 2, 3: 2 }), noted('VS', 'down'))),
      up(1, all(pool({ 1: 2, 2: 2, 3: 2 }), noted('VS', 'up'))),
      stop(nothing),
    ],
  ),
  one('a sorry server', [1, 2], (place) => [`sorry_server ${place.server(9)} 80`], [TCP_CHECK], all(both, noted('VS', 'up')), [
    down(1, pool({ 2: 1 })),
    down(2, all(pool({ 9: 1 }), noted('VS', 'down'))),
    up(1, all(pool({ 1: 1 }), noted('VS', 'up'))),
    up(2, both),
    stop(nothing),
  ]),
  one(
    'a sorry server and a quorum, while real servers go and come',
    [1, 2, 3],
    (place) => ['quorum 2', `sorry_server ${place.server(9)} 80`],
    [TCP_CHECK],
    pool({ 1: 1, 2: 1, 3: 1 }),
    [
      down(1, pool({ 2: 1, 3: 1 })),
      down(2, all(pool({ 9: 1 }), noted('VS', 'down'))),
      down(3, all(pool({ 9: 1 }), noted('.3_80', 'down'))),
      up(1, all(pool({ 9: 1 }), noted('.1_80', 'up'))),
      up(2, all(pool({ 1: 1, 2: 1 }), noted('VS', 'up'))),
      stop(nothing),
    ],
  ),
  one(
    'an inhibited sorry server and inhibited servers',
    [1, 2],
    (place) => ['inhibit_on_failure', `sorry_server ${place.server(9)} 80`, 'sorry_server_inhibit'],
    [TCP_CHECK],
    pool({ 1: 1, 2: 1, 9: 0 }),
    [
      down(1, pool({ 1: 0, 2: 1, 9: 0 })),
      down(2, all(pool({ 1: 0, 2: 0, 9: 1 }), noted('VS', 'down'))),
      up(1, all(pool({ 1: 1, 2: 0, 9: 0 }), noted('VS', 'up'))),
      up(2, pool({ 1: 1, 2: 1, 9: 0 })),
      stop(nothing),
    ],
  ),
  one(
    'an inhibited sorry server alone',
    [1, 2],
    (place) => [`sorry_server ${place.server(9)} 80`, 'sorry_server_inhibit'],
    [TCP_CHECK],
    pool({ 1: 1, 2: 1, 9: 0 }),
    [
      down(1, pool({ 2: 1, 9: 0 })),
      down(2, all(pool({ 9: 1 }), noted('VS', 'down'))),
      up(1, all(pool({ 1: 1, 9: 0 }), noted('VS', 'up'))),
      up(2, pool({ 1: 1, 2: 1, 9: 0 })),
      stop(nothing),
    ],
  ),
  one(
    'several checkers of a server',
    [1, 2],
    (place) => ['alpha', `sorry_server ${place.server(9)} 80`],
    [TCP_CHECK, 'TCP_CHECK {\n  connect_port 81\n}'],
    both,
    [
      act('the second port of 1 refuses', async (stage) => stage.become(11, 'refusing'), pool({ 2: 1 })),
      // While one of them does not know it yet, the second port that is good would bring it back.
      down(1, all(pool({ 2: 1 }), logged(FIRST_FAILED, 2))),
      act('the second port of 1 is good', async (stage) => stage.become(11, 'good'), pool({ 2: 1 })),
      up(1, both),
      stop(nothing),
    ],
  ),
  one(
    'notifies at the start',
    [1, 2],
    () => [],
    [TCP_CHECK],
    all(both, noted('VS', 'up'), noted('RS', 'up')),
    [down(1, pool({ 2: 1 })), stop(nothing)],
    ['rs_init_notifies'],
  ),
  one('many retries', [1, 2], () => [], ['TCP_CHECK {\n  retry 4\n  delay_before_retry 0.1\n}'], both, [
    down(1, pool({ 2: 1 })),
    up(1, both),
    stop(nothing),
  ]),
  one('a server that is cut off', [1, 2], () => [], ['TCP_CHECK {\n  connect_timeout 6\n}'], both, [
    act('1 is cut off', (stage) => stage.unplug(1), pool({ 2: 1 })),
    act('1 is connected', (stage) => stage.plug(1), both),
    stop(nothing),
  ]),
  one('weights of their own, of 0 and large', [1, 2], () => ['weight 4'], [TCP_CHECK], pool({ 1: 4, 2: 4 }), [
    down(1, pool({ 2: 4 })),
    stop(nothing),
  ]),
  one('servers without checks', [1, 2], () => [], [], all(both, noted('VS', 'up')), [stop(nothing)]),
]

/** Two ports of a server, for the scenario that needs them. */
function withSecondPorts(scenario: Scenario): Scenario {
  return {
    ...scenario,
    servers: (place) => ({ ...tcpServers(place), 11: tcpServer(place.server(1), 81), 12: tcpServer(place.server(2), 81) }),
  }
}

export const STATES: readonly Scenario[] = ALL.map((scenario) =>
  scenario.name.startsWith('several') ? withSecondPorts(scenario) : scenario,
)
