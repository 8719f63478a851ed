/** Web servers, good and bad, and the verdict on each: the same over HTTP and in TLS. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ExecutionContext } from 'ava'
import { ChecksUnderTest } from './harness.ts'
import { answering, GOOD_PAGE, onRequest, reset, withoutEnd } from './servers.ts'

/** One server, and what is thought of it. */
export interface WebCase {
  readonly title: string
  readonly serve: (socket: Socket) => void
  /** Of the URL. */
  readonly lines?: string
  readonly isUp: boolean
  readonly reason: string | RegExp
  /** keepalived's words for the failure. */
  readonly phrase?: string
  /** It is the time that runs out. */
  readonly isSilent?: true
  /** It says more than may be kept. */
  readonly isEndless?: true
  /** keepalived closes without saying so in TLS: only over HTTP. */
  readonly isPlainOnly?: true
}

const HEAD = 'HTTP/1.1 200 OK\r\n\r\n'
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

const NO_DATA = 'Read, no data received from '

export const WEB_CASES: readonly WebCase[] = [
  { title: 'a page', serve: answering(GOOD_PAGE), isUp: true, reason: 'status 200' },
  { title: 'a page without a length', serve: answering(`${HEAD}hello`), isUp: true, reason: 'status 200' },
  { title: 'a page without content', serve: answering('HTTP/1.0 204 No Content\r\n\r\n'), isUp: true, reason: 'status 204' },
  {
    title: 'another status that is good',
    lines: 'status_code 300-399 503',
    serve: answering('HTTP/1.0 503 no\r\n\r\n'),
    isUp: true,
    reason: 'status 503',
  },
  {
    title: 'a wrong status',
    serve: answering('HTTP/1.0 503 no\r\n\r\n'),
    isUp: false,
    reason: 'status 503',
    phrase: 'HTTP status code error to',
  },
  {
    title: 'a redirection',
    serve: answering('HTTP/1.0 302 no\r\nLocation: /b\r\n\r\n'),
    isUp: false,
    reason: 'status 302',
    phrase: 'HTTP status code error to',
  },
  {
    title: 'an interim answer before the page',
    serve: answering(`HTTP/1.1 100 Continue\r\n\r\n${HEAD}`),
    isUp: true,
    reason: 'status 200',
  },
  { title: 'the digest', lines: `digest ${md5('hello')}`, serve: answering(`${HEAD}hello`), isUp: true, reason: 'status 200' },
  {
    title: 'another digest',
    lines: `digest ${md5('hello')}`,
    serve: answering(`${HEAD}hellO`),
    isUp: false,
    reason: `digest ${md5('hellO')}`,
    phrase: 'MD5 digest error to',
  },
  { title: 'a pattern that matches', lines: 'regex "l+o"', serve: answering(`${HEAD}hello`), isUp: true, reason: 'status 200' },
  {
    title: 'a pattern that does not',
    lines: 'regex "l+u"',
    serve: answering(`${HEAD}hello`),
    isUp: false,
    reason: 'the content does not fit the pattern',
    phrase: 'Regex match failed',
  },
  {
    title: 'a pattern that must not match',
    lines: 'regex "l+o"\n regex_no_match',
    serve: answering(`${HEAD}hello`),
    isUp: false,
    reason: 'the content does not fit the pattern',
    phrase: 'Regex match failed',
  },
  { title: 'in small pieces', serve: onRequest((socket) => void drip(socket, GOOD_PAGE)), isUp: true, reason: 'status 200' },
  { title: 'silence', isSilent: true, serve: () => {}, isUp: false, reason: /^no answer within/, phrase: 'Timeout WEB read' },
  {
    title: 'silence after the header',
    isSilent: true,
    serve: onRequest((socket) => void socket.write(`${HEAD}he`)),
    isUp: false,
    reason: /^no answer within/,
    phrase: 'Timeout HTTP read',
  },
  {
    title: 'the end instead of an answer',
    serve: onRequest((socket) => void socket.end()),
    isUp: false,
    reason: 'no data',
    phrase: NO_DATA,
  },
  {
    title: 'the end in the header',
    serve: answering('HTTP/1.1 200 OK\r\nServer: x\r\n'),
    isUp: false,
    reason: 'ended within the header',
    phrase: NO_DATA,
  },
  { title: 'a reset', serve: onRequest(reset), isUp: false, reason: /./, phrase: 'Read error with', isPlainOnly: true },
  {
    title: 'a header without end',
    isEndless: true,
    serve: onRequest((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      withoutEnd(socket, 'X: y\r\n')
    }),
    isUp: false,
    reason: 'endless header',
    phrase: NO_DATA,
  },
  {
    title: 'a line without end',
    isEndless: true,
    serve: onRequest((socket) => {
      withoutEnd(socket, 'x')
    }),
    isUp: false,
    reason: 'endless header',
    phrase: NO_DATA,
  },
  {
    title: 'a content without end',
    isEndless: true,
    lines: `digest ${md5('')}`,
    serve: onRequest((socket) => {
      socket.write(HEAD)
      withoutEnd(socket, 'x')
    }),
    isUp: false,
    reason: /./,
  },
]

async function drip(socket: Socket, text: string): Promise<void> {
  for (const letter of text) {
    socket.write(letter)
    await sleep(2)
  }
  socket.end()
}

/** Seconds for each step: ample, unless they are to run out; then more, where a busy machine did not come so far. */
function timeoutsOf({ isSilent }: WebCase): readonly number[] {
  return isSilent === true ? [2, 10, 40] : [30]
}

/**
 * Checks a server until there is a verdict.
 *
 * @param textFor a configuration with so many seconds for each step
 */
export async function judge(t: ExecutionContext, one: WebCase, textFor: (timeout: number) => string): Promise<ChecksUnderTest> {
  const [first = 30, ...more] = timeoutsOf(one)
  const check = async (timeout: number): Promise<ChecksUnderTest> => {
    const checks = await ChecksUnderTest.open(t)
    await checks.apply(textFor(timeout))
    await checks.waitForTold(1)
    return checks
  }
  let checks = await check(first)
  for (const timeout of more) {
    if (one.phrase === undefined || checks.lines[1]?.startsWith(`${one.phrase} server `) === true) break
    await checks.checks.stop()
    checks = await check(timeout)
  }
  return checks
}

/** More than that, in octets, no server may make this process keep. */
export const MOST_KEPT: number = 32 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' | 'major' }) => void
/** In this time little is received. */
const COLLECT_EVERY_MS = 10

/**
 * How much more memory this process keeps than at the beginning.
 *
 * Garbage is collected all the while: how much of it there is depends on how busy the machine is.
 */
export class MemoryKept {
  readonly #timer: NodeJS.Timeout
  readonly #before: number

  constructor() {
    collect({ type: 'major' })
    this.#before = process.memoryUsage().rss
    this.#timer = setInterval(collect, COLLECT_EVERY_MS, { type: 'minor' }).unref()
  }

  /** Octets, and the end of it. */
  end(): number {
    clearInterval(this.#timer)
    return process.memoryUsage().rss - this.#before
  }
}
