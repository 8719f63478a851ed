/** The mails of ka-native beside those of keepalived: the same configuration, the same events. */
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { Child } from '../lab/child.ts'
import { startDaemon } from '../lab/daemon.ts'
import type { Daemon, Implementation } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import type { SinkSession } from '../notify/smtp-sink.ts'

const SINK = fileURLToPath(new URL('../notify/smtp-sink-program.ts', import.meta.url))
const LOADER = import.meta.resolve('@oxc-node/core/register')

const GLOBALS = `global_defs {
  router_id R1
  smtp_server 127.0.0.1
  smtp_helo_name helo.example.org
  notification_email {
    ops@example.org
    two@example.org
  }
  notification_email_from ka@example.org
  smtp_alert_vrrp
}
`

function instance(name: string, vrid: number, ...lines: readonly string[]): string {
  const rest = ['interface eth0', `virtual_router_id ${vrid}`, 'advert_int 1', 'priority 100', ...lines]
  return `vrrp_instance ${name} {\n${rest.join('\n')}\nvirtual_ipaddress {\n192.0.2.${200 + vrid}/24\n}\n}\n`
}

/** One that is mailed of, one that is not, and two that a reload removes. */
const FIRST = GLOBALS + instance('A', 1) + instance('B', 2, 'smtp_alert off') + instance('C', 3) + instance('D', 4, 'notify_deleted')
const SECOND = GLOBALS + instance('A', 1) + instance('B', 2, 'smtp_alert off')

/** A group that is mailed of, with a member that is not and one that is. */
const GROUPED = `${GLOBALS}vrrp_sync_group G {
  group {
    A
    B
  }
}
${instance('A', 1)}${instance('B', 2, 'smtp_alert off')}`

interface Side {
  readonly host: 'a' | 'b'
  readonly daemon: Daemon
  readonly relay: Child
}

async function start(lab: Lab<'a' | 'b'>, host: 'a' | 'b', implementation: Implementation, conf = FIRST): Promise<Side> {
  const relay = await lab.host(host).spawn([process.execPath, `--import=${LOADER}`, SINK])
  await relay.waitForLine(/^ready$/)
  return { host, relay, daemon: await startDaemon(lab, host, implementation, conf) }
}

/** The dialogues in which a mail was sent. */
function sessions({ relay }: Side): SinkSession[] {
  const all = relay.lines('stdout').filter((line) => line.startsWith('{'))
  return all.map((line) => JSON.parse(line) as SinkSession).filter(({ messages }) => messages.length > 0)
}

/** The mails of an instance or a group in order, as 2.4.3 folds the recipients (2.2.7 does not), without their dates. */
function mailsOf(side: Side, name: string, kind: 'Instance' | 'Group' = 'Instance'): string[] {
  const messages = sessions(side).flatMap(({ messages }) => messages)
  return messages
    .filter((message) => message.includes(` ${kind} ${name} - `))
    .map((message) => message.replace(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\r\n/, 'DATE\r\n').replaceAll(',\r\n ', ', '))
}

/** Waits until both were mailed so often of an instance or a group. */
async function mailed(sides: readonly Side[], name: string, count: number, kind: 'Instance' | 'Group' = 'Instance'): Promise<void> {
  await waitFor(`${count} mails of ${name}`, () => sides.every((side) => mailsOf(side, name, kind).length >= count), {
    seen: () => sides.map((side) => mailsOf(side, name, kind)),
  })
}

async function compare(t: ExecutionContext, lab: Lab<'a' | 'b'>): Promise<void> {
  // Each is alone, so that both become Master.
  await lab.partition(['a'], ['b'])
  const sides = [await start(lab, 'a', 'keepalived'), await start(lab, 'b', 'ka-native')] as const
  const [theirs, ours] = sides
  for (const name of ['A', 'C', 'D']) await mailed(sides, name, 2) // BACKUP, MASTER
  for (const { host } of sides) await lab.unplug(host)
  for (const name of ['A', 'C', 'D']) await mailed(sides, name, 3) // FAULT
  for (const { host } of sides) await lab.plug(host)
  for (const name of ['A', 'C', 'D']) await mailed(sides, name, 5) // BACKUP, MASTER
  for (const { daemon } of sides) await daemon.reload(SECOND)
  for (const name of ['C', 'D']) await mailed(sides, name, 6) // FAULT, Deleted

  for (const name of ['A', 'C', 'D']) t.deepEqual(mailsOf(ours, name), mailsOf(theirs, name), name)
  t.deepEqual(mailsOf(ours, 'B'), [])
  t.regex(mailsOf(ours, 'D').at(-1) ?? '', /^DATE\r\nFrom: ka@example\.org\r\nSubject: \[R1\] VRRP Instance D - Deleted\r\n/)

  const said = (side: Side): string[] => sessions(side)[0]?.lines.filter((line) => !line.startsWith('EHLO')) ?? []
  t.deepEqual(said(ours), said(theirs))
  for (const { daemon } of sides) {
    await daemon.process.waitForLine(/Remote SMTP server \[127\.0\.0\.1\]:25 connected\./)
    await daemon.process.waitForLine(/SMTP alert successfully sent\./)
  }

  // keepalived ends before it has said a word of it.
  await ours.daemon.terminate()
  await mailed([ours], 'A', 6)
  t.regex(mailsOf(ours, 'A').at(-1) ?? '', /\[R1\] VRRP Instance A - Stopping\r\n[^]*\r\n=> VRRP Instance stopping <=\r\n\r\n\.\r\n$/)
}

async function compareGroups(t: ExecutionContext, lab: Lab<'a' | 'b'>): Promise<void> {
  await lab.partition(['a'], ['b'])
  const sides = [await start(lab, 'a', 'keepalived', GROUPED), await start(lab, 'b', 'ka-native', GROUPED)] as const
  const [theirs, ours] = sides
  const both = async (count: number): Promise<void> => {
    await mailed(sides, 'G', count, 'Group')
    await mailed(sides, 'A', count)
  }
  await both(2) // BACKUP, MASTER
  for (const { host } of sides) await lab.unplug(host)
  await both(3) // FAULT
  for (const { host } of sides) await lab.plug(host)
  await both(5) // BACKUP, MASTER
  for (const { daemon } of sides) await daemon.reload(GROUPED)
  for (const { daemon } of sides) await daemon.process.waitForLine(/Reload complete/)
  t.deepEqual(mailsOf(ours, 'G', 'Group'), mailsOf(theirs, 'G', 'Group'))
  t.deepEqual(mailsOf(ours, 'A'), mailsOf(theirs, 'A'))
  t.deepEqual(mailsOf(ours, 'B'), [])
  const mail =
    /^DATE\r\nFrom: .*\r\nSubject: \[R1\] VRRP Group G - Entering MASTER state\r\n[^]*\r\n=> All VRRP group instances are now in MASTER state <=\r\n/
  t.regex(mailsOf(ours, 'G', 'Group').at(-1) ?? '', mail)

  // keepalived ends before it has said a word of it.
  await ours.daemon.terminate()
  await mailed([ours], 'G', 6, 'Group')
  const last = mailsOf(ours, 'G', 'Group').at(-1) ?? ''
  t.regex(last, /\[R1\] VRRP Group G - Stopping\r\n[^]*\r\n=> All VRRP group instances are now stopping <=\r\n\r\n\.\r\n$/)
}

serialLabTest('mails of a sync group and its members are the same', inLab(['a', 'b'], compareGroups))

serialLabTest('mails of the same events are the same, octet for octet but for the date', inLab(['a', 'b'], compare))
