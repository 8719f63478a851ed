import type { Change, ToldServerChange } from './change.ts'

/** What a mail says: the end of its subject, and its body. */
export interface MailText {
  readonly subject: string
  readonly body: string
}

/** What stands in the header besides. */
export interface MailHeader {
  /** In brackets before each subject. */
  readonly routerId: string
  readonly from: string
  /** As they are written, also with display names. */
  readonly to: readonly string[]
}

/** A mail on its way. */
export interface Mail {
  /** Its octets from the first header line to the last empty line, the closing dot apart. */
  readonly message: string
  readonly from: string
  /** Those that have yet to get it. */
  recipients: readonly string[]
}

/**
 * What keepalived mails of a change of state (process.md: SMTP alerts), word for word: filters of operators know it.
 *
 * @returns `undefined` for what is not mailed
 */
export function textOf({ kind, name, state }: Pick<Change, 'kind' | 'name' | 'state'>): MailText | undefined {
  const who = kind === 'GROUP' ? `VRRP Group ${name}` : `VRRP Instance ${name}`
  switch (state) {
    case 'MASTER':
    case 'BACKUP':
    case 'FAULT':
      return { subject: `${who} - Entering ${state} state`, body: kind === 'GROUP' ? groupBody(`in ${state} state`) : instanceBody(state) }
    case 'STOP':
      return { subject: `${who} - Stopping`, body: kind === 'GROUP' ? groupBody('stopping') : 'VRRP Instance stopping' }
    case 'DELETED':
      return kind === 'GROUP' ? undefined : { subject: `${who} - Deleted`, body: 'VRRP Deleted at reload' }
    case 'MASTER_RX_LOWER_PRI':
    case 'MASTER_PRIORITY':
    case 'BACKUP_PRIORITY':
      return undefined
  }
}

function instanceBody(state: 'MASTER' | 'BACKUP' | 'FAULT'): string {
  return state === 'MASTER' ? 'VRRP Instance is now owning VRRP VIPs' : 'VRRP Instance is no longer owning VRRP VIPs'
}

function groupBody(now: string): string {
  return `All VRRP group instances are now ${now}`
}

/**
 * What keepalived mails of a change of a server. The body is the checker's or the quorum's, with or without its arrows.
 *
 * @returns `undefined` where the change is not mailed
 */
export function serverTextOf({ kind, name, service, state, mail }: Omit<ToldServerChange, 'script'>): MailText | undefined {
  if (mail === undefined) return undefined
  const who = kind === 'VS' ? `Virtualserver ${service}` : `Realserver ${name} of virtual server ${service}`
  return { subject: `${who} - ${state}`, body: oneLine(/^=> (.*) <=$/s.exec(mail)?.[1] ?? mail) }
}

/** Makes a mail as keepalived 2.4 writes it, down to its header lines; `atMs` is when it happened. */
export function composeMail({ routerId, from, to }: MailHeader, { subject, body }: MailText, atMs: number): Mail {
  const header = [
    `Date: ${mailDate(new Date(atMs))}`,
    `From: ${oneLine(from)}`,
    `Subject: [${oneLine(routerId)}] ${oneLine(subject)}`,
    'X-Mailer: Keepalived',
    `To: ${to.map(oneLine).join(',\r\n ')}`,
  ]
  const message = [...header, '', `=> ${body} <=`, ''].map((line) => `${line}\r\n`).join('')
  return { message, from: addressOf(from), recipients: to.map((recipient) => addressOf(recipient)) }
}

/** A configuration that is data may hold any character: none of them begins a new header line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]+/g, ' ')
}

/** The address in `Display Name <address>`. */
function addressOf(mailbox: string): string {
  return /<([^<>]*)>\s*$/.exec(mailbox)?.[1] ?? mailbox
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Local time with its distance from UTC (RFC 5322 §3.3): `Sun, 22 Nov 2026 23:12:50 +0000`. */
export function mailDate(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const zone = `${minutes < 0 ? '-' : '+'}${twoDigits(hours)}${twoDigits(rest)}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
  return `${DAYS[date.getDay()]}, ${twoDigits(date.getDate())} ${MONTHS[date.getMonth()]} ${date.getFullYear()} ${time} ${zone}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
