/** Requests of HTTP_GET and SSL_GET, and what their answers are to be (lvs.md §5). */
import { Buffer } from 'node:buffer'
import type { HttpGet, HttpUrl } from '../config/model.ts'
import { optional } from '../engine/optional.ts'
import { authority } from './connection.ts'
import type { HttpExpectation } from './prober.ts'

/** The octets of a request. */
export function webRequest(
  { connectIp, connectPort, httpProtocol }: Pick<HttpGet, 'connectIp' | 'connectPort' | 'httpProtocol'>,
  { path, virtualhost }: Pick<HttpUrl, 'path' | 'virtualhost'>,
): Buffer {
  const version = httpProtocol === '1.1' ? '1.1' : '1.0'
  const lines = [
    `GET ${path} HTTP/${version}`,
    'User-Agent: KeepAliveClient',
    ...(httpProtocol === '1.0' ? [] : ['Connection: close']),
    `Host: ${virtualhost ?? authority(connectIp, connectPort)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** What the answer to a request is to be. */
export function webExpectation(url: HttpUrl): HttpExpectation {
  const { statusCode, digest, regex, regexNoMatch, regexOptions, regexMinOffset, regexMaxOffset } = url
  const pattern = regex === undefined ? undefined : { pattern: regex, noMatch: regexNoMatch, options: [...regexOptions] }
  const bounded = pattern && { ...pattern, minOffset: regexMinOffset, ...optional('maxOffset', regexMaxOffset) }
  return { status: statusCode.map(({ from, to }) => ({ from, to })), ...optional('digest', digest), ...optional('regex', bounded) }
}
