import test from 'ava'
import type { ToldServerChange } from '../../src/notify/change.ts'
import { composeMail, mailDate, serverTextOf, textOf } from '../../src/notify/mail-message.ts'
import { serverChange } from './changes.ts'

const AT = new Date(2026, 10, 22, 23, 12, 50).getTime()

test('a message is, octet for octet, the one that keepalived 2.4.3 was seen to send', (t) => {
  const text = textOf({ kind: 'INSTANCE', name: 'B', state: 'BACKUP' })
  t.truthy(text)
  if (text === undefined) return
  const { message } = composeMail({ routerId: 'R1', from: 'ka@example.org', to: ['ops@example.org', 'two@example.org'] }, text, AT)
  const [date, ...rest] = message.split('\r\n')
  t.is(date, `Date: ${mailDate(new Date(AT))}`)
  t.deepEqual(rest, [
    'From: ka@example.org',
    'Subject: [R1] VRRP Instance B - Entering BACKUP state',
    'X-Mailer: Keepalived',
    'To: ops@example.org,',
    ' two@example.org',
    '',
    '=> VRRP Instance is no longer owning VRRP VIPs <=',
    '',
    '',
  ])
})

test('each state has its subject and its body', (t) => {
  const told = (kind: 'INSTANCE' | 'GROUP', state: Parameters<typeof textOf>[0]['state']): string => {
    const text = textOf({ kind, name: 'X', state })
    return text === undefined ? 'nothing' : `${text.subject} | ${text.body}`
  }
  t.is(told('INSTANCE', 'MASTER'), 'VRRP Instance X - Entering MASTER state | VRRP Instance is now owning VRRP VIPs')
  t.is(told('INSTANCE', 'FAULT'), 'VRRP Instance X - Entering FAULT state | VRRP Instance is no longer owning VRRP VIPs')
  t.is(told('INSTANCE', 'STOP'), 'VRRP Instance X - Stopping | VRRP Instance stopping')
  t.is(told('INSTANCE', 'DELETED'), 'VRRP Instance X - Deleted | VRRP Deleted at reload')
  t.is(told('GROUP', 'MASTER'), 'VRRP Group X - Entering MASTER state | All VRRP group instances are now in MASTER state')
  t.is(told('GROUP', 'STOP'), 'VRRP Group X - Stopping | All VRRP group instances are now stopping')
  for (const state of ['MASTER_RX_LOWER_PRI', 'MASTER_PRIORITY', 'BACKUP_PRIORITY'] as const) t.is(told('INSTANCE', state), 'nothing')
})

test('a date names the distance of local time from UTC', (t) => {
  const shifted = (minutes: number): Date => Object.assign(new Date(2026, 0, 4, 3, 4, 5), { getTimezoneOffset: () => minutes })
  t.is(mailDate(shifted(0)), 'Sun, 04 Jan 2026 03:04:05 +0000')
  t.is(mailDate(shifted(-330)), 'Sun, 04 Jan 2026 03:04:05 +0530')
  t.is(mailDate(shifted(210)), 'Sun, 04 Jan 2026 03:04:05 -0330')
})

test('of a display name the envelope takes the address alone', (t) => {
  const header = { routerId: 'R', from: 'Ka <ka@example.org>', to: ['Two Ops <two@example.org>', 'three@example.org'] }
  const mail = composeMail(header, { subject: 's', body: 'b' }, AT)
  t.is(mail.from, 'ka@example.org')
  t.deepEqual(mail.recipients, ['two@example.org', 'three@example.org'])
  t.true(mail.message.includes('\r\nFrom: Ka <ka@example.org>\r\n'))
  t.true(mail.message.includes('\r\nTo: Two Ops <two@example.org>,\r\n three@example.org\r\n'))
})

test('a line break in a name begins no header line', (t) => {
  const header = { routerId: 'R\r\nBcc: all@example.org', from: 'a@example.org\nX: y', to: ['b@example.org\r\n\r\nbody'] }
  const { message } = composeMail(header, { subject: 's\r\nS: t', body: 'b' }, AT)
  const lines = message.split('\r\n').map((line) => line.replace(/^(\S+:|=>).*/, '$1'))
  t.deepEqual(lines, ['Date:', 'From:', 'Subject:', 'X-Mailer:', 'To:', '', '=>', '', ''])
})

test('a change of a server has keepalived’s subject, and the body that it brings', (t) => {
  const text = (change: ToldServerChange): string => {
    const { subject, body } = serverTextOf(change) ?? { subject: 'nothing', body: '' }
    return `${subject} | ${body}`
  }
  const names = { name: '[10.0.2.1]:tcp:80', service: '[10.0.1.1]:tcp:80' }
  t.is(
    text({ ...serverChange('R', 'UP', { mail: '=> TCP CHECK succeed on service <=' }), ...names }),
    'Realserver [10.0.2.1]:tcp:80 of virtual server [10.0.1.1]:tcp:80 - UP | TCP CHECK succeed on service',
  )
  t.is(
    text({ ...serverChange('V', 'DOWN', { mail: '=> Lost quorum 2+0=2 <= 1 <=' }), ...names }),
    'Virtualserver [10.0.1.1]:tcp:80 - DOWN | Lost quorum 2+0=2 <= 1',
  )
  t.is(text(serverChange('R', 'UP', { mail: '=> one\r\n.\r\ntwo <=' })), 'Realserver R of virtual server V - UP | one . two')
  t.is(text(serverChange('R', 'UP')), 'nothing | ')
})
