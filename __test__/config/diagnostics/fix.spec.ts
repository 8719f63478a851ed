import test from 'ava'
import { Diagnostics } from '../../../src/config/diagnostics/diagnostic.ts'
import type { Diagnostic } from '../../../src/config/diagnostics/diagnostic.ts'
import { applyFixes, insert, quoteWords, remove, respell, secondsText } from '../../../src/config/diagnostics/fix.ts'
import type { Fix, ProposedFix } from '../../../src/config/diagnostics/fix.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { renderText } from '../../../src/config/diagnostics/render.ts'
import { Source, encodeText } from '../../../src/config/text/source.ts'
import type { Span } from '../../../src/config/text/source.ts'
import { testHost } from '../fixtures.ts'

/** The fixes of a text, and the text after them. */
function fixed(text: string): { text: string; titles: readonly string[] } {
  const { diagnostics } = loadConfig({ file: 'x.conf', text, host: testHost() })
  const fixable = [...diagnostics].filter((diagnostic): diagnostic is Diagnostic & { readonly fix: Fix } => diagnostic.fix !== undefined)
  const { text: after, applied } = applyFixes(encodeText(text), fixable)
  return { text: Buffer.from(after, 'latin1').toString(), titles: applied.map(({ fix }) => fix.title) }
}

function instance(lines: string): string {
  return `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n${lines}\n  virtual_ipaddress {\n    10.0.0.1/24\n  }\n}\n`
}

interface Case {
  readonly title: string
  readonly before: string
  readonly after: string
  readonly titles: readonly string[]
}

const CASES: readonly Case[] = [
  {
    title: 'half seconds with version 2',
    before: instance('  advert_int 1.5'),
    after: instance('  advert_int 2'),
    titles: ['write `2`'],
  },
  {
    title: 'steps of version 3',
    before: instance('  version 3\n  advert_int "0.025"  # fast'),
    after: instance('  version 3\n  advert_int "0.03"  # fast'),
    titles: ['write `0.03`'],
  },
  {
    title: 'too many decimals',
    before: instance('  preempt_delay 0.00000149'),
    after: instance('  preempt_delay 0.000001'),
    titles: ['write `0.000001`'],
  },
  {
    title: 'a quote around the last word',
    before: instance('  notify "/usr/bin/true   '),
    after: instance('  notify "/usr/bin/true"   '),
    titles: ['close the quote'],
  },
  {
    title: 'arguments that are taken for an account',
    before: instance('  notify_master /usr/bin/true MASTER -i eth0 # up'),
    after: instance('  notify_master "/usr/bin/true MASTER -i eth0" # up'),
    titles: ['put quotes around the script and its arguments'],
  },
  {
    title: 'a byte order mark',
    before: '\ufeffinstance a\n',
    after: 'instance a\n',
    titles: ['take the byte order mark away'],
  },
  {
    title: "words of keepalived's manual that it does not read",
    before: 'global_defs {\n  state_file_location /tmp/s\n  include_check readable match\n}\n',
    after: 'global_defs {\n  state_dump_file /tmp/s\n  include_check read match\n}\n',
    titles: ['write `state_dump_file`', 'write `read`'],
  },
  {
    title: 'several mistakes at once, behind characters of several octets',
    before: `\ufeff# ä €\n${instance('  advert_int 1.5 # ü\n  notify_master "/usr/bin/false')}`,
    after: `# ä €\n${instance('  advert_int 2 # ü\n  notify_master "/usr/bin/false"')}`,
    titles: ['take the byte order mark away', 'close the quote', 'write `2`'],
  },
]

for (const { title, before, after, titles } of CASES) {
  test(`${title} can be fixed`, (t) => {
    t.deepEqual(fixed(before), { text: after, titles })
  })
}

const UNCERTAIN: Readonly<Record<string, string>> = {
  'several words after a quote': instance('  notify "/usr/bin/true root'),
  'a quote in front of a brace': 'vrrp_instance "VI_1 {\n}\n',
  'a quote with a comment in it': instance('  notify "/usr/bin/true#x'),
  'a quote after a word': instance('  notify /usr/bin/true"x'),
  'a user that may be misspelt': instance('  notify_master /usr/bin/true nobdy nogroup'),
  'a group that does not exist': instance('  notify_master /usr/bin/true root no_such_group'),
  'a quote with nothing after it': instance('  notify "'),
  'a quote of an include pattern': 'include "a.conf\n',
  'a quote in a definition': '$A="b\n',
  'an old word whose place another takes':
    'virtual_server 10.0.0.1 25 {\n  protocol TCP\n  lvs_sched rr\n  lvs_method NAT\n  real_server 10.0.0.2 25 {\n    SMTP_CHECK {\n      host {\n        connect_port 25\n      }\n    }\n  }\n}\n',
  'a quote at the end of the longest line': `instance "${'x'.repeat(1013)}\n`,
}

for (const [title, text] of Object.entries(UNCERTAIN)) {
  test(`${title}: nothing is certain`, (t) => {
    t.deepEqual(fixed(text), { text, titles: [] })
  })
}

/** The fix of one diagnostic at a span. */
function resolved(span: Span, fix: ProposedFix | undefined): Fix | undefined {
  const diagnostics = new Diagnostics()
  diagnostics.warning('deprecated-spelling', span, 'm', 'h', fix)
  return [...diagnostics][0]?.fix
}

test('a fix says where it changes a file in octets, and as people count', (t) => {
  const source = new Source('a.conf', encodeText('ä\n ö old x\n'))
  const span = { source, offset: 7, length: 3 }
  t.deepEqual(resolved(span, respell(span, 'new')), {
    title: 'write `new`',
    edits: [{ file: 'a.conf', offset: 7, length: 3, text: 'new', start: { line: 2, column: 4 }, end: { line: 2, column: 7 } }],
  })
})

test('text that stands in no file is not fixed', (t) => {
  const span = { source: new Source('a.conf', 'old', undefined, undefined, false), offset: 0, length: 3 }
  t.is(resolved(span, respell(span, 'new')), undefined)
})

test('no fix shows a secret', (t) => {
  const source = new Source('a.conf', 'auth_pass hunter2')
  const password = { source, offset: 10, length: 7 }
  t.is(resolved(password, respell(password, 'hunter3')), undefined)
  const keyword = { source, offset: 0, length: 9 }
  t.is(resolved(keyword, respell(keyword, 'auth_key'))?.edits[0]?.text, 'auth_key')
  t.is(resolved(keyword, insert(source, 17, '"', 'close the quote'))?.edits[0]?.offset, 17)
})

test('the quote of a password is closed without its text', (t) => {
  const text = instance('  authentication {\n    auth_type PASS\n    auth_pass "hunter2\n  }')
  const { diagnostics } = loadConfig({ file: 'x.conf', text, host: testHost() })
  t.notRegex(JSON.stringify([...diagnostics]) + renderText(diagnostics), /unter2/)
  t.true(fixed(text).text.includes('auth_pass "hunter2"\n'))
})

test('the text report says what would be done', (t) => {
  const { diagnostics } = loadConfig({ file: 'x.conf', text: instance('  advert_int 1.5'), host: testHost() })
  t.regex(renderText(diagnostics), /\n {4}= fix: write `2` \(check --fix\)\n/)
})

/** A fix of a text that says where it is by a mark. */
function fixOf(...edits: (readonly [offset: number, length: number, text: string])[]): { readonly fix: Fix } {
  const place = { line: 1, column: 1 }
  return {
    fix: { title: 't', edits: edits.map(([offset, length, text]) => ({ file: 'f', offset, length, text, start: place, end: place })) },
  }
}

test('of fixes that touch each other the first is made, and none by halves', (t) => {
  const first = fixOf([2, 2, 'XY'])
  const overlapping = fixOf([0, 1, '-'], [3, 2, 'Z'])
  const beside = fixOf([4, 0, '"'])
  const apart = fixOf([6, 0, 'ä'])
  t.deepEqual(applyFixes('abcdefgh', [first, overlapping, beside, apart]), { text: `abXYef${encodeText('ä')}gh`, applied: [first, apart] })
})

test('the same fix, found twice, is made once', (t) => {
  const [one, other] = [fixOf([1, 0, '"'], [3, 0, '"']), fixOf([1, 0, '"'], [3, 0, '"'])]
  t.deepEqual(applyFixes('a b c', [one, other]), { text: 'a" b" c', applied: [one, other] })
})

test('seconds are written without exponent and without zeros at the end', (t) => {
  t.deepEqual([0, 1, 10_000, 1_500_000, 10_000_000, 255_000_000].map(secondsText), ['0', '0.000001', '0.01', '1.5', '10', '255'])
})

test('a script and its arguments get quotes where that is certain', (t) => {
  const quoted = (line: string, first: string, last: string): string | undefined => {
    const source = new Source('a.conf', line)
    const spanOf = (word: string): Span => ({ source, offset: line.indexOf(word), length: word.length })
    const fix = resolved(spanOf(first), quoteWords(spanOf(first), spanOf(last)))
    return fix && applyFixes(line, [{ fix }]).text
  }
  t.is(quoted('notify /x a  -b\n', '/x', '-b'), 'notify "/x a  -b"\n')
  t.is(quoted('notify /x', '/x', '/x'), 'notify "/x"')
  t.is(quoted('notify /x "a b"', '/x', 'a b'), undefined)
  t.is(quoted("notify /x 'a b'", '/x', "b'"), undefined)
  t.is(quoted('notify /x a\\ b', '/x', 'b'), undefined)
  t.is(quoted('notify /x ${A}', '/x', '${A}'), undefined)
  t.is(quoted('notify /x a#b', '/x', 'a'), undefined)
  t.is(quoted('notify /x a\nnotify b', '/x', 'b'), undefined)
})

test('text can be taken away', (t) => {
  const span = { source: new Source('a.conf', 'abc'), offset: 1, length: 1 }
  t.deepEqual(resolved(span, remove(span, 'the b'))?.title, 'take the b away')
})
