/** `HttpResponse`: what JavaScript gives and gets. How answers are judged is tested in Rust (`crates/probe/src/http`). */
import { HttpResponse } from '#native'
import type { HttpExpectation, HttpRegex } from '#native'
import test from 'ava'

const GOOD: HttpExpectation = { status: [{ from: 200, to: 299 }] }
const HELLO = '6f5902ac237024bdd0c176cb93063dc4'
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n')

test('the verdict comes once the answer is complete, and stays', (t) => {
  const response = new HttpResponse({ ...GOOD, digest: HELLO.toUpperCase() })
  t.is(response.feed(ANSWER.subarray(0, 45)), null)
  const good = { type: 'success' as const, http: { status: 200, length: 12, contentLength: 12, digest: HELLO } }
  t.deepEqual(response.feed(ANSWER.subarray(45)), good)
  t.deepEqual(response.feed(ANSWER), good)
  t.deepEqual(response.end(), good)
  t.is(response.headerLength, ANSWER.length - 12)
})

test('without an expected digest there is none', (t) => {
  t.deepEqual(new HttpResponse(GOOD).feed(ANSWER), { type: 'success', http: { status: 200, length: 12, contentLength: 12 } })
})

test('a failure says in what, why, and for people', (t) => {
  const judged = (text: string, more: Partial<HttpExpectation> = {}) => {
    const response = new HttpResponse({ ...GOOD, ...more })
    response.feed(Buffer.from(text))
    const verdict = response.end()
    return verdict.type === 'failed' ? [verdict.stage, verdict.reason, verdict.detail, verdict.http?.status] : verdict
  }
  t.deepEqual(judged(''), ['reply', 'noData', 'no data', undefined])
  t.deepEqual(judged('HTTP/1.1 200 OK\r\n'), ['header', 'closed', 'ended within the header', undefined])
  t.deepEqual(judged('garbage\r\n\r\n'), ['status', 'malformed', 'no status', undefined])
  t.deepEqual(judged('x'.repeat(100_000)), ['header', 'tooLong', 'endless header', undefined])
  t.deepEqual(judged('HTTP/1.1 503 Busy\r\n\r\n'), ['status', 'mismatch', 'status 503', 503])
  t.deepEqual(judged(ANSWER.toString(), { digest: '0'.repeat(32) }), ['digest', 'mismatch', `digest ${HELLO}`, 200])
  t.deepEqual(judged(ANSWER.toString(), { regex: regex('bye') }), ['regex', 'mismatch', 'regex', 200])
})

function regex(pattern: string, more: Partial<HttpRegex> = {}): HttpRegex {
  return { pattern, noMatch: false, options: [], ...more }
}

test('a pattern has options and offsets', (t) => {
  const matches = (value: HttpRegex): boolean => new HttpResponse({ ...GOOD, regex: value }).feed(ANSWER)?.type === 'success'
  t.true(matches(regex('WORLD', { options: ['caseless', 'dotall'] })))
  t.false(matches(regex('WORLD')))
  t.true(matches(regex('WORLD', { noMatch: true })))
  t.true(matches(regex('o', { minOffset: 5 })))
  t.false(matches(regex('o', { minOffset: 5, maxOffset: 6 })))
  t.false(matches(regex('o', { minOffset: Number.MAX_SAFE_INTEGER })))
})

test('a pattern that PCRE2 does not take is refused with its place', (t) => {
  t.throws(() => new HttpResponse({ ...GOOD, regex: regex('a(b') }), {
    code: 'KA_ERR_CONFIG_UNUSABLE',
    message: 'regex: octet 3 of the pattern: missing closing parenthesis',
  })
})

test('what makes no sense is refused', (t) => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^expectation is not an object$/],
    [{}, /^expectation: .*status/],
    [{ status: [{ from: 200, to: 1000 }] }, /^to 1000 is not an integer from 0 to 999$/],
    [{ status: [null] }, /^status\[0\] is not an object$/],
    [{ ...GOOD, digest: 'abc' }, /^digest 'abc' is not 32 hexadecimal digits$/],
    [{ ...GOOD, digest: `+${'0'.repeat(31)}` }, /is not 32 hexadecimal digits$/],
    [{ ...GOOD, regex: regex('a', { options: ['jit'] }) }, /^'jit' is no option of a pattern$/],
    [{ ...GOOD, regex: regex('a', { minOffset: -1 }) }, /^minOffset -1 is not an integer/],
  ]
  for (const [value, message] of refused) {
    t.throws(() => new HttpResponse(value as HttpExpectation), { code: 'KA_ERR_USAGE', message })
  }
  t.throws(() => new HttpResponse(GOOD).feed('text' as unknown as Buffer), { code: 'KA_ERR_USAGE' })
})
