import { execFileSync } from 'node:child_process'
import test from 'ava'
import { announcement, farewell } from '../../src/log/announcement.ts'

test('what it is, what it runs on and how it was called', (t) => {
  const [starting, running, ...commandLine] = announcement('1.2.3', ['ka-native', 'start', '-f', "it's"])
  t.is(starting, 'Starting ka-native v1.2.3')
  t.is(running, `Running on Linux ${execFileSync('uname', ['-rv'], { encoding: 'utf8' }).trim()} (Node.js ${process.versions.node})`)
  t.deepEqual(commandLine, [`Command line: 'ka-native' 'start' '-f' 'it's'`])
  t.is(farewell('1.2.3'), 'Stopped ka-native v1.2.3')
})

// Where keepalived 2.2.7 breaks its lines.
test('a long command line is continued, no line longer than 102 columns', (t) => {
  const command = (file: string): string[] => [
    'keepalived',
    '-n',
    '-l',
    '-G',
    '-f',
    file,
    '-p',
    '/run/keepalived0.pid',
    '-i',
    'y'.repeat(30),
  ]
  t.deepEqual(announcement('1', command(`/nonexistent/${'x'.repeat(7)}`)).slice(2), [
    "Command line: 'keepalived' '-n' '-l' '-G' '-f' '/nonexistent/xxxxxxx' '-p' '/run/keepalived0.pid' '-i'",
    `              '${'y'.repeat(30)}'`,
  ])
  t.deepEqual(announcement('1', command(`/nonexistent/${'x'.repeat(8)}`)).slice(2), [
    "Command line: 'keepalived' '-n' '-l' '-G' '-f' '/nonexistent/xxxxxxxx' '-p' '/run/keepalived0.pid'",
    `              '-i' '${'y'.repeat(30)}'`,
  ])
  const [first, second] = announcement('1', ['z'.repeat(200), 'a']).slice(2)
  t.is(first, `Command line: '${'z'.repeat(200)}'`, 'a word stays whole')
  t.is(second, "              'a'")
})

test('of a URL only the host is told: what follows may be a secret', (t) => {
  const [, , commandLine] = announcement('1', [
    'ka-native',
    '--webhook',
    'https://hooks.example.org/T0/secret?x=1',
    '--webhook=http://h:8/k',
  ])
  t.is(commandLine, "Command line: 'ka-native' '--webhook' 'https://hooks.example.org/...' '--webhook=http://h:8/...'")
})
