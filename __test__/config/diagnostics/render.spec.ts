import test from 'ava'
import { Diagnostics, KEPT_PER_SEVERITY } from '../../../src/config/diagnostics/diagnostic.ts'
import { renderJson, renderText, summarize } from '../../../src/config/diagnostics/render.ts'
import { Source } from '../../../src/config/text/source.ts'

const source = new Source('a.conf', 'one\n\ttwo three\n')

test('nothing reported is nothing rendered', (t) => {
  t.is(renderText(new Diagnostics()), '')
  t.is(summarize(new Diagnostics()), '')
})

test('a diagnostic has its place, excerpt, mark and help', (t) => {
  const diagnostics = new Diagnostics()
  diagnostics.warning('byte-order-mark', { source, offset: 9, length: 5 }, 'text', 'advice')
  t.is(renderText(diagnostics), 'a.conf:2:6: warning: text [byte-order-mark]\n  2 | \ttwo three\n    | \t    ^^^^^\n    = help: advice\n')
})

test('beyond the limit, errors are shown before warnings and notes, and the rest counted', (t) => {
  const diagnostics = new Diagnostics()
  const span = { source, offset: 0, length: 3 }
  for (let index = 0; index < 5; index++) diagnostics.info('no-effect', span, `note ${index}`)
  for (let index = 0; index < 2; index++) diagnostics.warning('no-authentication', span, `warning ${index}`)
  diagnostics.error('unknown-keyword', span, 'the error')
  const text = renderText(diagnostics, { limit: 3 })
  t.deepEqual(
    [...text.matchAll(/^a\.conf:1:1: (\w+)/gm)].map(([, severity]) => severity),
    ['warning', 'warning', 'error'],
  )
  t.true(text.endsWith('\nand 5 notes more\n'), text)
  t.is(summarize(diagnostics), '1 error, 2 warnings, 5 notes')
})

test('what refuses a start is shown whatever its severity', (t) => {
  const diagnostics = new Diagnostics()
  const span = { source, offset: 0, length: 3 }
  for (let index = 0; index < 5; index++) diagnostics.error('unknown-keyword', span, `error ${index}`)
  diagnostics.warning('cannot-run-without', span, 'the reason')
  t.regex(renderText(diagnostics, { limit: 2 }), /: error 0 .*: the reason /s)
})

test('diagnostics beyond what is kept still count, and still decide', (t) => {
  const diagnostics = new Diagnostics()
  for (let index = 0; index < KEPT_PER_SEVERITY; index++) diagnostics.error('unknown-keyword', 'a.conf', 'first')
  t.false(diagnostics.refusesStart)
  diagnostics.error('missing-vrid', 'a.conf', 'last')
  t.true(diagnostics.refusesStart)
  t.is(diagnostics.highestClass, 'general')
  t.is([...diagnostics].length, KEPT_PER_SEVERITY)
  t.like(renderJson(diagnostics), { errors: KEPT_PER_SEVERITY + 1 })
})

test('control and direction characters reach no terminal', (t) => {
  const hostile = new Source('a\u001b[31m.conf', 'x\u001b[2J\u0007\u00e2\u0080\u00aey')
  const diagnostics = new Diagnostics()
  diagnostics.error('unknown-keyword', { source: hostile, offset: 0, length: hostile.text.length }, 'unknown \u001b]0;title\u0007')
  // oxlint-disable-next-line no-control-regex -- exactly these are meant
  t.notRegex(renderText(diagnostics), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
})

test('columns count characters, offsets octets', (t) => {
  const utf8 = new Source('a.conf', Buffer.from('Zürich ist\n').toString('latin1'))
  t.deepEqual(utf8.position(utf8.text.indexOf('ist')), { line: 1, column: 8 })
})
