/** Checkers of every kind, with servers that fail in the ways they look for. */
import { createHash } from 'node:crypto'
import { block, conf, method, servers } from '../conf.ts'
import { all, nothing, noted, pool, type Condition, type Place, type Scenario } from '../scenario.ts'
import { echoServer, mailServer, nameServer, tcpServer, webServer, WEB_BODY, type RealServer } from '../servers.ts'
import { act, become, down, reload, stop, up, write } from '../steps.ts'
import { certificate } from '../certificate.ts'

const DIGEST = createHash('md5').update(WEB_BODY).digest('hex')

type Make = (address: string, port: number) => RealServer

/** One service of two servers with these checkers. */
function checked(
  name: string,
  make: Make,
  port: number,
  checkers: (place: Place) => readonly string[],
  steps: Scenario['steps'],
  protocol = 'TCP',
): Scenario {
  return {
    name,
    servers: (place) => Object.fromEntries([1, 2, 9].map((number) => [number, make(place.server(number), port)])),
    conf: (place) =>
      conf(place, [
        {
          at: `${place.vip()} ${port}`,
          lines: [...method('rr', 'NAT', protocol), 'alpha'],
          servers: servers(place, [1, 2], port, checkers(place)),
        },
      ]),
    until: all(both, noted('VS', 'up')),
    steps,
  }
}

const both = pool({ 1: 1, 2: 1 })
const second = pool({ 2: 1 })

/** Goes down in each of these ways and comes back. */
function moods(...names: readonly ('refusing' | 'silent' | 'failing')[]): Scenario['steps'] {
  return [
    ...names.flatMap((mood) => [become(mood, [1], all(second, noted('.1_', 'down'))), up(1, all(both, noted('.1_', 'up')))]),
    stop(nothing),
  ]
}

function misc(path: string, ...lines: readonly string[]): string {
  return block('MISC_CHECK', [`misc_path "${path}"`, 'misc_timeout 20', ...lines])
}

/** Ends with the status in a file of the shared directory. */
function exitWith(place: Place, file: string): string {
  return `/run/lvs-exit-with ${place.shared}/${file}`
}

/** A scenario whose first server has a checker of files, and whose second has none. */
function filed(
  name: string,
  lines: (place: Place) => { top: string; first: string; global?: readonly string[] },
  until: Condition,
  steps: Scenario['steps'],
  files: Readonly<Record<string, string>>,
): Scenario {
  return {
    name,
    servers: (place) => ({ 1: tcpServer(place.server(1), 80), 2: tcpServer(place.server(2), 80) }),
    files,
    conf: (place) => {
      const { top, first } = lines(place)
      const text = conf(place, [
        {
          at: `${place.vip()} 80`,
          lines: method('wrr', 'NAT'),
          servers: [
            { at: `${place.server(1)} 80`, lines: ['weight 10', first] },
            { at: `${place.server(2)} 80`, lines: ['weight 10'] },
          ],
        },
      ])
      return `${top}\n${text}`
    },
    until,
    steps,
  }
}

export const CHECKERS: readonly Scenario[] = [
  checked(
    'HTTP_GET with status and digest',
    (address, port) => webServer(address, port),
    80,
    () => [block('HTTP_GET', [block('url', ['path /', 'status_code 200']), block('url', ['path /second', `digest ${DIGEST}`])])],
    moods('refusing', 'silent', 'failing'),
  ),
  checked(
    'HTTP_GET that wants an error, with a virtual host',
    (address, port) => webServer(address, port),
    80,
    () => [block('HTTP_GET', ['virtualhost lab.example', 'http_protocol 1.1', block('url', ['path /', 'status_code 200-299 404'])])],
    moods('failing'),
  ),
  checked(
    'SSL_GET',
    (address, port) => webServer(address, port, certificate()),
    443,
    () => [block('SSL_GET', [block('url', ['path /', 'status_code 200'])])],
    moods('refusing', 'failing'),
  ),
  checked('SMTP_CHECK', mailServer, 25, () => [block('SMTP_CHECK', ['helo_name lab.example'])], moods('refusing', 'failing', 'silent')),
  checked(
    'DNS_CHECK',
    nameServer,
    53,
    () => [block('DNS_CHECK', ['type A', 'name lab.example', 'retry 1'])],
    moods('refusing', 'failing', 'silent'),
    'UDP',
  ),
  checked(
    'UDP_CHECK',
    echoServer,
    5000,
    () => [block('UDP_CHECK', ['payload 6b61', 'require_reply 6b61'])],
    moods('refusing', 'failing', 'silent'),
    'UDP',
  ),
  checked('UDP_CHECK without a reply', echoServer, 5000, () => [block('UDP_CHECK', ['connect_timeout 1.5'])], moods('refusing'), 'UDP'),
  checked('PING_CHECK', tcpServer, 80, () => [block('PING_CHECK', ['connect_timeout 6'])], [
    act('1 is cut off', (stage) => stage.unplug(1), second),
    act('1 is connected', (stage) => stage.plug(1), both),
    stop(nothing),
  ]),
  {
    ...filed(
      'MISC_CHECK',
      (place) => ({ top: '', first: misc(exitWith(place, 'status')) }),
      pool({ 1: 10, 2: 10 }),
      [
        write('status', '1', all(pool({ 2: 10 }), noted('.1_80', 'down'))),
        write('status', '0', all(pool({ 1: 10, 2: 10 }), noted('.1_80', 'up'))),
        stop(nothing),
      ],
      { status: '0' },
    ),
  },
  filed(
    'MISC_CHECK with weights',
    (place) => ({ top: '', first: misc(exitWith(place, 'status'), 'misc_dynamic') }),
    pool({ 1: 10, 2: 10 }),
    [
      write('status', '42', pool({ 1: 40, 2: 10 })),
      write('status', '2', pool({ 1: 0, 2: 10 })),
      write('status', '7', pool({ 1: 5, 2: 10 })),
      write('status', '1', pool({ 2: 10 })),
      write('status', '22', pool({ 1: 20, 2: 10 })),
      write('status', '0', pool({ 1: 10, 2: 10 })),
      stop(nothing),
    ],
    { status: '0' },
  ),
  filed(
    'FILE_CHECK with a weight',
    (place) => ({
      top: block('track_file load', [`file ${place.shared}/load`, 'weight 2']),
      first: block('FILE_CHECK', ['track_file load']),
    }),
    pool({ 1: 14, 2: 10 }),
    [
      write('load', '5', pool({ 1: 20, 2: 10 })),
      write('load', '-3', pool({ 1: 4, 2: 10 })),
      write('load', '-30', pool({ 1: 0, 2: 10 })),
      write('load', '0', pool({ 1: 10, 2: 10 })),
      stop(nothing),
    ],
    { load: '2' },
  ),
  filed(
    'FILE_CHECK without a weight',
    (place) => ({
      top: block('track_file load', [`file ${place.shared}/load`, 'weight 0']),
      first: block('FILE_CHECK', ['track_file load']),
    }),
    pool({ 1: 10, 2: 10 }),
    [
      write('load', '1', all(pool({ 2: 10 }), noted('.1_80', 'down'))),
      write('load', '0', all(pool({ 1: 10, 2: 10 }), noted('.1_80', 'up'))),
      stop(nothing),
    ],
    { load: '0' },
  ),
  {
    ...checked(
      'a reload that changes a checker',
      (address, port) => webServer(address, port),
      80,
      () => ['TCP_CHECK {\n}'],
      [
        reload(
          'asks for a page',
          (place) =>
            conf(place, [
              {
                at: `${place.vip()} 80`,
                lines: method('rr', 'NAT'),
                servers: servers(place, [1, 2], 80, [block('HTTP_GET', [block('url', ['path /', 'status_code 200'])])]),
              },
            ]),
          both,
        ),
        become('failing', [1], second),
        up(1, both),
        down(2, pool({ 1: 1 })),
        stop(nothing),
      ],
    ),
    // Without alpha: keepalived tells once more that servers are up.
    conf: (place) => conf(place, [{ at: `${place.vip()} 80`, lines: method('rr', 'NAT'), servers: servers(place, [1, 2], 80) }]),
  },
]
