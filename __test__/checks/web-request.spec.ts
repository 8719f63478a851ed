import test from 'ava'
import { webExpectation, webRequest } from '../../src/checks/web-request.ts'
import { load, oneServer } from './harness.ts'

/** The request that a block makes. */
function request(lines: string, server = '192.0.2.1 8080', around = ''): string {
  const [service] = load(oneServer(server, `HTTP_GET {\n ${lines}\n }`, around)).virtualServers
  const get = service?.realServers[0]?.httpGets[0]
  const url = get?.urls[0]
  return get === undefined || url === undefined ? '' : webRequest(get, url).toString()
}

const URL_A = 'url {\n path /a?b=c\n }'

for (const [title, lines, server, around, expected] of [
  ['HTTP/1.0', URL_A, '192.0.2.1 8080', '', 'GET /a?b=c HTTP/1.0|User-Agent: KeepAliveClient|Host: 192.0.2.1:8080||'],
  [
    '1.0C',
    `http_protocol 1.0C\n ${URL_A}`,
    '192.0.2.1 8080',
    '',
    'GET /a?b=c HTTP/1.0|User-Agent: KeepAliveClient|Connection: close|Host: 192.0.2.1:8080||',
  ],
  [
    '1.1',
    `http_protocol 1.1\n ${URL_A}`,
    '192.0.2.1 8080',
    '',
    'GET /a?b=c HTTP/1.1|User-Agent: KeepAliveClient|Connection: close|Host: 192.0.2.1:8080||',
  ],
  ['the address that is connected to', `connect_ip 192.0.2.7\n connect_port 81\n ${URL_A}`, '192.0.2.1 80', '', '…|Host: 192.0.2.7:81||'],
  ['IPv6', `connect_ip 2001:db8::1\n ${URL_A}`, '192.0.2.1 80', '', '…|Host: [2001:db8::1]:80||'],
  ['the name of the virtual server', URL_A, '192.0.2.1 80', 'virtualhost v.example', '…|Host: v.example||'],
  ['that of the checker before', `virtualhost c.example\n ${URL_A}`, '192.0.2.1 80', 'virtualhost v.example', '…|Host: c.example||'],
  [
    'that of the URL first',
    'virtualhost c.example\n url {\n path /\n virtualhost u.example\n }',
    '192.0.2.1 80',
    'virtualhost v.example',
    '…|Host: u.example||',
  ],
] as const) {
  test(`a request: ${title}`, (t) => {
    const text = request(lines, server, around).replaceAll('\r\n', '|')
    t.true(expected.startsWith('…') ? text.endsWith(expected.slice(1)) : text === expected, text)
  })
}

test('what an answer is to be', (t) => {
  const url = `url {\n path /\n digest 0123456789ABCDEF0123456789abcdef\n status_code 200 301-399\n regex "o+k"\n regex_no_match\n regex_options caseless multiline\n regex_min_offset 3\n regex_max_offset 9\n }`
  const [service] = load(oneServer('192.0.2.1 80', `HTTP_GET {\n ${url}\n url {\n path /plain\n }\n }`)).virtualServers
  const urls = service?.realServers[0]?.httpGets[0]?.urls ?? []
  t.deepEqual(urls.map(webExpectation), [
    {
      status: [
        { from: 200, to: 200 },
        { from: 301, to: 399 },
      ],
      digest: '0123456789abcdef0123456789abcdef',
      regex: { pattern: 'o+k', noMatch: true, options: ['caseless', 'multiline'], minOffset: 3, maxOffset: 9 },
    },
    { status: [{ from: 200, to: 299 }] },
  ])
})
