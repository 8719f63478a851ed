import type { Logger } from 'pino'
import type { Config, GlobalDefs } from '../config/model.ts'
import type { Change, NotifyTarget, ToldServerChange } from './change.ts'
import { composeMail, serverTextOf, textOf } from './mail-message.ts'
import type { Mail, MailText } from './mail-message.ts'
import { Outbox } from './outbox.ts'
import type { Outcome, OutboxRules } from './outbox.ts'
import type { NameSource } from './resolve-name.ts'
import type * as Smtp from './smtp.ts'
import { subjectOf } from './told.ts'

/** keepalived tries once; a relay that is being restarted should not cost the alerts of a failover. */
const RULES: OutboxRules = {
  what: 'mail',
  // keepalived has one connection for each alert; relays allow a host so many.
  concurrency: 4,
  maxWaitingInLane: 16,
  maxWaiting: 1_024,
  maxAttempts: 10,
  maxAgeMs: 4 * 3_600_000,
  firstPauseMs: 5_000,
  maxPauseMs: 300_000,
  maxAskedPauseMs: 300_000,
}

type Settings = Pick<
  GlobalDefs,
  'smtpServer' | 'smtpHeloName' | 'smtpConnectTimeoutUs' | 'notificationEmail' | 'notificationEmailFrom' | 'routerId' | 'noEmailFaults'
>

/** An instance or a group that wants its changes mailed. */
interface Subject {
  /** What was mailed last: the same is not mailed twice running. */
  last: Change['state'] | undefined
}

/** What only tests say otherwise. */
export interface MailOptions {
  readonly security?: Smtp.SmtpSecurity
  readonly rules?: Partial<OutboxRules>
  readonly names?: NameSource
}

/** Mails changes of state: keepalived's SMTP alerts (process.md: SMTP alerts). */
export class MailTarget implements NotifyTarget {
  readonly #log: Logger
  readonly #options: MailOptions
  readonly #outbox: Outbox<Mail>
  readonly #subjects = new Map<string, Subject>()
  #settings: Settings | undefined
  /** Of the configuration that was applied last. */
  #relay: Settings['smtpServer']
  #smtp: Promise<typeof Smtp> | undefined

  constructor(log: Logger, options: MailOptions = {}) {
    this.#log = log
    this.#options = options
    this.#outbox = new Outbox({ ...RULES, ...options.rules }, async (mail, _, abort) => await this.#send(mail, abort), log)
  }

  /** Mails that wait or are on their way. */
  get size(): number {
    return this.#outbox.size
  }

  configure(config: Config): void {
    this.#settings = config.globalDefs
    for (const [key, smtpAlert] of wishes(config)) {
      if (!smtpAlert) this.#subjects.delete(key)
      else if (!this.#subjects.has(key)) this.#subjects.set(key, { last: undefined })
    }
  }

  retain(config: Config): void {
    const named = new Set(wishes(config).map(([key]) => key))
    for (const key of this.#subjects.keys()) if (!named.has(key)) this.#subjects.delete(key)
    const { smtpServer } = config.globalDefs
    // What waits is for people, whichever relay brings it to them.
    if (smtpServer === undefined) this.#outbox.clear()
    else if (smtpServer.host !== this.#relay?.host || smtpServer.port !== this.#relay.port) this.#outbox.retry()
    this.#relay = smtpServer
    // It takes a while, which the first alert shall not wait for; without mail nobody shall.
    if (smtpServer !== undefined) this.#load().catch(() => {}) // the first mail tells
  }

  tell(change: Change): void {
    const settings = this.#settings
    const key = subjectOf(change)
    const subject = this.#subjects.get(key)
    if (settings === undefined || subject === undefined || !wantsMail(settings)) return
    const text = textOf(change)
    if (text === undefined || subject.last === change.state) return
    if (change.state === 'FAULT' && settings.noEmailFaults) return
    subject.last = change.state
    this.#post(key, text, change.atMs, settings)
  }

  /** Mails what has a body: who wants which changes of servers mailed is decided where they are made. */
  tellServer(change: ToldServerChange): void {
    const settings = this.#settings
    const text = serverTextOf(change)
    if (settings === undefined || text === undefined || !wantsMail(settings)) return
    this.#post(`${subjectOf(change)} of ${change.service}`, text, change.atMs, settings)
  }

  async finish(limitMs: number): Promise<void> {
    await this.#outbox.finish(limitMs)
  }

  #post(lane: string, text: MailText, atMs: number, settings: Settings): void {
    const { routerId, notificationEmail: to, notificationEmailFrom: from = '' } = settings
    this.#outbox.push(lane, composeMail({ routerId, from, to }, text, atMs))
  }

  async #send(mail: Mail, abort: AbortSignal): Promise<Outcome> {
    const { smtpServer, smtpHeloName = 'localhost', smtpConnectTimeoutUs = 0 } = this.#settings ?? {}
    // A configuration without one is about to be applied, or to be refused.
    if (smtpServer === undefined) return { result: 'unreachable', reason: 'there is no smtp_server' }
    const { security = {}, names = {} } = this.#options
    const relay = { ...smtpServer, heloName: smtpHeloName, stepMs: smtpConnectTimeoutUs / 1_000, security, names }
    const { sendMail } = await this.#load()
    return await sendMail(mail, relay, this.#log, abort)
  }

  async #load(): Promise<typeof Smtp> {
    this.#smtp ??= import('./smtp.ts')
    return await this.#smtp
  }
}

/** Whether there is a way to somebody who reads mail. */
function wantsMail({ smtpServer, notificationEmail }: Settings): boolean {
  return smtpServer !== undefined && notificationEmail.length > 0
}

/** Who wants changes mailed, and who does not. */
function wishes({ vrrpInstances, vrrpSyncGroups }: Config): readonly (readonly [string, boolean])[] {
  return [
    ...vrrpInstances.map(({ name, smtpAlert }) => [subjectOf({ kind: 'INSTANCE', name }), smtpAlert] as const),
    ...vrrpSyncGroups.map(({ name, smtpAlert }) => [subjectOf({ kind: 'GROUP', name }), smtpAlert] as const),
  ]
}
