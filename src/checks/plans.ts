/** The checkers that a real server has, as plans to make them or to find them again (lvs.md §3.2). */
import type {
  DnsCheck,
  FileCheck as FileSettings,
  HttpGet,
  MiscCheck as MiscSettings,
  PingCheck,
  RealServer,
  SmtpCheck as SmtpSettings,
  SslGet,
  TcpCheck,
  UdpCheck,
} from '../config/model.ts'
import { isSame } from '../config/same.ts'
import type { Check, Known } from './check.ts'
import type { CheckerKind } from './checker.ts'
import { authority, connectionIdentity, timesKey } from './connection.ts'
import type { Connection } from './connection.ts'
import { dnsExchange } from './dns-check.ts'
import { FileCheck } from './file-check.ts'
import { HttpCheck } from './http-check.ts'
import { MiscCheck } from './misc-check.ts'
import type { MiscTools } from './misc-check.ts'
import { pingExchange } from './ping-check.ts'
import { ProbeCheck } from './probe-check.ts'
import type { Exchange } from './probe-check.ts'
import { SmtpCheck } from './smtp-check.ts'
import { SslCheck } from './ssl-check.ts'
import type { TlsTools } from './ssl-check.ts'
import { tcpExchange } from './tcp-check.ts'
import { udpExchange } from './udp-check.ts'
import { WebCheck } from './web-check.ts'

/** What checks are made with. */
export interface CheckTools extends MiscTools, TlsTools {
  /** What a tracked file holds, where that is known. */
  readonly fileValue: (name: string) => number | undefined
}

/** What a check is made of, besides its settings. */
interface Making {
  readonly key: string
  readonly known: Known
  /** A check of the same target, which it follows. */
  readonly former: Check | undefined
  readonly tools: CheckTools
}

/** What is peculiar to a kind of checker. */
interface Rules<S> {
  readonly kind: CheckerKind
  /** What makes it the same at a reload. */
  readonly identityOf: (settings: S) => string
  /** What, besides that, makes two of them one check. */
  readonly timesOf: (settings: S) => string
  /** For people. */
  readonly targetOf: (settings: S) => string
  readonly isAlpha: (settings: S) => boolean
  readonly make: (settings: S, making: Making) => Check
}

/** A checker of a configuration. What it takes to find it among others is only made where it is needed. */
export class CheckPlan<S = unknown> {
  readonly settings: S
  readonly #rules: Rules<S>
  #identity: string | undefined
  #key: string | undefined

  constructor(rules: Rules<S>, settings: S) {
    this.#rules = rules
    this.settings = settings
  }

  get kind(): CheckerKind {
    return this.#rules.kind
  }

  get isAlpha(): boolean {
    return this.#rules.isAlpha(this.settings)
  }

  get target(): string {
    return this.#rules.targetOf(this.settings)
  }

  /** Equal for what is the same checker at a reload. */
  get identity(): string {
    this.#identity ??= `${this.kind} ${this.#rules.identityOf(this.settings)}`
    return this.#identity
  }

  /** Equal for what can be one check. */
  get key(): string {
    this.#key ??= `${this.identity} ${this.#rules.timesOf(this.settings)}`
    return this.#key
  }

  /** Whether another one says the same, word for word. */
  isEqual(other: CheckPlan): boolean {
    return this.kind === other.kind && isSame(this.settings, other.settings)
  }

  /** Makes the check. */
  make(known: Known, former: Check | undefined, tools: CheckTools): Check {
    return this.#rules.make(this.settings, { key: this.key, known, former, tools })
  }
}

/** A kind that connects to a server. */
function connecting<S extends Connection>(
  kind: CheckerKind,
  rest: Pick<Rules<S>, 'targetOf' | 'make'>,
  question?: (settings: S) => string,
): Rules<S> {
  return {
    kind,
    identityOf: (settings) =>
      question === undefined ? connectionIdentity(settings) : `${connectionIdentity(settings)} ${question(settings)}`,
    timesOf: timesKey,
    isAlpha: ({ alpha }) => alpha,
    ...rest,
  }
}

/** A kind that the probing thread carries out by itself. */
function probing<S extends Connection>(
  kind: CheckerKind,
  exchangeOf: (settings: S) => Exchange,
  question?: (settings: S) => string,
): Rules<S> {
  const make: Rules<S>['make'] = (settings, { key, known, tools }) =>
    new ProbeCheck(exchangeOf(settings), key, settings, known, tools.probes)
  return connecting(kind, { targetOf: addressOf, make }, question)
}

function addressOf({ connectIp, connectPort }: Connection): string {
  return authority(connectIp, connectPort)
}

const TCP: Rules<TcpCheck> = probing('TCP_CHECK', tcpExchange)

const DNS: Rules<DnsCheck> = probing('DNS_CHECK', dnsExchange, ({ type, name }) => `${type} ${name}`)

const UDP: Rules<UdpCheck> = probing('UDP_CHECK', udpExchange, ({ payload, requireReply, minReplyLength, maxReplyLength }) => {
  return `${payload ?? '-'} ${requireReply ?? '-'} ${minReplyLength} ${maxReplyLength}`
})

/** Echo requests have no port: those for all ports of a host are one. */
const PING: Rules<PingCheck> = {
  ...probing('PING_CHECK', pingExchange),
  identityOf: (settings) => connectionIdentity({ ...settings, connectPort: 0 }),
  targetOf: ({ connectIp }) => connectIp,
}

const SMTP: Rules<SmtpSettings> = connecting<SmtpSettings>(
  'SMTP_CHECK',
  { targetOf: addressOf, make: (settings, { key, known, tools }) => new SmtpCheck(settings, key, settings, known, tools.probes) },
  ({ heloName }) => heloName,
)

const HTTP: Rules<HttpGet> = connecting(
  'HTTP_GET',
  {
    targetOf: (get) => pageOf('http', get),
    make: (get, { key, known, former, tools }) =>
      new HttpCheck(get, key, get, known, former instanceof WebCheck ? former : undefined, tools),
  },
  webQuestion,
)

const SSL: Rules<SslGet> = connecting(
  'SSL_GET',
  {
    targetOf: (get) => pageOf('https', get),
    make: (get, { key, known, former, tools }) =>
      new SslCheck(get, key, get, known, former instanceof WebCheck ? former : undefined, tools),
  },
  (get) => `${webQuestion(get)} ${get.enableSni} ${get.sniName ?? '-'} ${get.tlsCompliant}`,
)

function webQuestion({ httpProtocol, fastRecovery, urls }: HttpGet): string {
  return `${httpProtocol} ${fastRecovery} ${JSON.stringify(urls)}`
}

function pageOf(scheme: string, get: HttpGet): string {
  const others = get.urls.length - 1
  return `${scheme}://${addressOf(get)}${get.urls[0]?.path ?? ''}${others === 0 ? '' : ` and ${others} more`}`
}

const MISC: Rules<MiscSettings> = {
  kind: 'MISC_CHECK',
  identityOf: ({ miscPath, miscDynamic }) => `${JSON.stringify(miscPath)} ${miscDynamic}`,
  timesOf: (settings) => `${settings.miscTimeoutUs} ${timesKey(settings)}`,
  targetOf: ({ miscPath }) => [miscPath.path, ...miscPath.args].join(' '),
  isAlpha: ({ alpha }) => alpha,
  make: (settings, { key, known, former, tools }) => {
    return new MiscCheck(settings, key, settings, known, former instanceof MiscCheck ? former : undefined, tools)
  },
}

const FILE: Rules<FileSettings> = {
  kind: 'FILE_CHECK',
  identityOf: ({ trackFile, weight, reverse }) => `${weight} ${reverse} ${trackFile}`,
  timesOf: () => '',
  targetOf: ({ trackFile }) => trackFile,
  isAlpha: () => false,
  make: (settings, { key, known, tools }) => new FileCheck(settings, key, known, tools.fileValue(settings.trackFile)),
}

/** The checkers of a real server, in the order of the model. */
export function plansOf(server: RealServer): readonly CheckPlan[] {
  const plans: CheckPlan[] = []
  add(plans, HTTP, server.httpGets)
  add(plans, SSL, server.sslGets)
  add(plans, TCP, server.tcpChecks)
  add(plans, SMTP, server.smtpChecks)
  add(plans, DNS, server.dnsChecks)
  add(plans, MISC, server.miscChecks)
  add(plans, UDP, server.udpChecks)
  add(plans, PING, server.pingChecks)
  add(plans, FILE, server.fileChecks)
  return plans
}

function add<S>(plans: CheckPlan[], rules: Rules<S>, all: readonly S[]): void {
  for (const settings of all) plans.push(new CheckPlan(rules, settings) as unknown as CheckPlan)
}

/** Of a checker that runs a script: which. */
export function scriptOf(plan: CheckPlan): MiscSettings['miscPath'] | undefined {
  return plan.kind === 'MISC_CHECK' ? (plan.settings as MiscSettings).miscPath : undefined
}
