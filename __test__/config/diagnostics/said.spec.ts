/** One mistake is one diagnostic. */
import test from 'ava'
import { testExitCode } from '../../../src/config/diagnostics/exit-code.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { LoadedConfig } from '../../../src/config/load.ts'
import { testHost } from '../fixtures.ts'

function load(text: string): LoadedConfig {
  return loadConfig({ file: 'x.conf', text, host: testHost() })
}

function messages({ diagnostics }: LoadedConfig): readonly string[] {
  return [...diagnostics].map(({ line, message, help = '' }) => `${line}: ${message}; ${help}`)
}

test('a mistake that a sequence repeats is one, and counts as one', (t) => {
  const loaded = load('~SEQ(N,1,5) bogus ${N}\n~SEQ(N,1,5) other\n')
  t.deepEqual(
    [...loaded.diagnostics].map(({ line, column, message }) => [line, column, message]),
    [
      [1, 13, "unknown keyword 'bogus' at the top level"],
      [2, 13, "unknown keyword 'other' at the top level"],
    ],
  )
  t.is(loaded.diagnostics.count('error'), 2)
})

test('what differs from one value of a sequence to the next is said of each', (t) => {
  t.is(load('~SEQ(N,1,3) bogus_${N}\n').diagnostics.count('error'), 3)
})

test('the same mistake in two lines of a definition is two, each with its line', (t) => {
  const { diagnostics } = load('$A=bogus \\\n  bogus \\\n  fine\n$A\n$A\n')
  t.deepEqual(
    [...diagnostics].filter(({ message }) => message.includes('bogus')).map(({ line, expandedFrom }) => [line, expandedFrom[0]?.line]),
    [
      [4, 1],
      [4, 2],
      [5, 1],
      [5, 2],
    ],
  )
})

test('what is lost behind an open quote is not said to be missing, and the status is that of a missing word', (t) => {
  const loaded = load('vrrp_instance A {\n  interface "eth0\n  virtual_router_id 1\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n')
  t.deepEqual(
    [...loaded.diagnostics].map(({ code }) => code),
    ['unterminated-quote', 'missing-interface'],
  )
  t.is(testExitCode(loaded.diagnostics), 2)
})

test('a reference without definition says so, whatever else it says', (t) => {
  const [priority, keyword, unended] = messages(
    load('$A=x\n@other $PRIO=1\nvrrp_instance A {\n  priority $PRIO\n  $BLOCK\n  bogus_$A-1\n}\n'),
  )
  t.regex(priority ?? '', /^4: '\$PRIO' .*; no definition of `\$PRIO` is read above this line; expected a whole number from 1 to 255/)
  t.regex(keyword ?? '', /^5: unknown keyword '\$BLOCK' .*; no definition of `\$BLOCK` is read above this line$/)
  t.regex(unended ?? '', /^6: .*; a name that other characters follow is written `\$\{A\}`/)
})

test('a typographic quote in what is wrong is named in front of all else', (t) => {
  const [found] = messages(load('vrrp_instance A {\n  state “MASTER”\n}\n'))
  t.regex(found ?? '', /; the word holds a typographic quote, which quotes nothing: type a plain one$/)
})

test('a keyword in the line of another one, and an equals sign, are not passed over', (t) => {
  const loaded = load(
    'vrrp_instance A {\n  interface eth0 priority 100\n  virtual_router_id 1\n  nopreempt state\n  virtual_ipaddress {\n    10.0.0.1\n  }\n  authentication { auth_type PASS auth_pass x }\n}\nglobal_defs {\n  router_id = a\n  process_names\n}\n',
  )
  t.deepEqual(
    [...loaded.diagnostics]
      .filter(({ code }) => code === 'keyword-inside-line' || code === 'unusual-mark')
      .map(({ line, column }) => [line, column]),
    [
      [2, 18],
      [4, 13],
      [8, 35],
      [11, 13],
    ],
  )
})

test('what is written and does not count is not said to be missing', (t) => {
  const found = messages(
    load(
      'vrrp_script chk {\n  interval 2\n}\nvrrp_instance A {\n  interface\n  virtual_router_id 300\n  track_script {\n    chk\n  }\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n',
    ),
  )
  t.true(found.includes("4: instance 'A' has no interface that counts: see x.conf:5; name it with `interface`"), found.join('\n'))
  t.true(found.some((one) => one.startsWith("4: instance 'A' has no virtual_router_id that counts: see x.conf:6; ")))
  t.true(found.includes("8: instance 'A' tracks the script 'chk', which cannot be used; the line is ignored; it is defined at x.conf:1"))
})

test('a script that a line names in vain is not said to be tracked by nothing', (t) => {
  const script = 'vrrp_script chk {\n  script "/usr/bin/true"\n  weight -5\n}\n'
  const instance =
    'vrrp_instance A {\n  interface eth0\n  virtual_router_id 1\n  priority 255\n  track_script {\n    chk\n  }\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n'
  const codes = (text: string): readonly string[] => [...load(text).diagnostics].map(({ code }) => code)
  t.true(codes(script + instance).includes('conflicting-setting'))
  t.false(codes(script + instance).includes('unused-block'))
  t.false(codes(instance + script).includes('unused-block'))
  t.true(codes(script).includes('unused-block'))
})

test('marks from elsewhere that keepalived takes for a part of the value are not passed over', (t) => {
  const found = messages(
    load(
      'global_defs {\n  router_id “a”\n  process_name a;\n  net_namespace "a;"\n}\nvrrp_instance A {\n  interface eth0;\n  state MASTER;\n}\n',
    ),
  )
  t.true(
    found.includes(
      "2: this word is taken for the value of 'router_id' as it is written; the word holds a typographic quote, which quotes nothing: type a plain one",
    ),
    found.join('\n'),
  )
  t.true(found.some((one) => /^3: this word .*; the word holds a semicolon, which ends no line here: leave it out$/.test(one)))
  t.false(found.some((one) => /^4: .*semicolon/.test(one)))
  t.true(found.some((one) => /^7: interface 'eth0;' .* a semicolon/.test(one)))
  t.true(found.some((one) => /^8: unknown word 'MASTER;' .* a semicolon/.test(one)))
})

test('a password with such a mark is not shown', (t) => {
  const { diagnostics } = load('vrrp_instance A {\n  authentication {\n    auth_type PASS\n    auth_pass hunter2;\n  }\n}\n')
  t.true([...diagnostics].some(({ code }) => code === 'unusual-mark'))
  t.notRegex(JSON.stringify([...diagnostics]), /hunter/)
})
