/** Checkers, as keepalived's dump has them. */
import type { DnsCheck, HttpGet, HttpUrl, MiscCheck, RealServer, SmtpCheck, SslGet, TcpCheck, UdpCheck } from '../config/model.ts'
import { US_PER_S } from '../config/forms/numbers.ts'
import type { CheckerStatus } from '../lvs/lvs-status.ts'
import { scriptText } from './account-text.ts'
import { joined, secondsText, yesNo } from './check-servers.ts'
import type { DumpedServer, DumpedService } from './check-servers.ts'

type Lines = readonly (string | undefined)[]

/** What all checkers but FILE_CHECK have. */
type Common = Pick<MiscCheck, 'retry' | 'delayBeforeRetryUs' | 'warmupUs' | 'delayLoopUs' | 'alpha' | 'logAllFailures'>

/** A checker of a real server, and what it is called in its status. */
interface Entry {
  readonly kind: string
  readonly lines: (status: CheckerStatus | undefined) => Lines
}

/** keepalived's own pauses before a retry (lvs.md §1.3), in microseconds. */
const HTTP_PAUSE_US = 3 * US_PER_S
const OTHER_PAUSE_US = US_PER_S

/**
 * The checkers of a real server.
 *
 * @param isFile whether those that track files are meant, or the others
 */
export function* checkerTexts(service: DumpedService, server: DumpedServer, isFile: boolean): Generator<string, void, void> {
  const known = new Map<string, CheckerStatus[]>()
  for (const status of server.status?.checkers ?? []) {
    const same = known.get(status.kind)
    if (same === undefined) known.set(status.kind, [status])
    else same.push(status)
  }
  for (const { kind, lines } of isFile ? fileEntries(server.config) : entries(server.config)) {
    // Those of a kind have one order.
    yield joined([` ${service.name} -> ${server.name}`, ...lines(known.get(kind)?.shift())])
  }
}

function entries(server: RealServer): readonly Entry[] {
  return [
    ...server.httpGets.map((check) => connecting('HTTP_GET', check, webLines(check, server.virtualhost), HTTP_PAUSE_US)),
    ...server.sslGets.map((check) => connecting('SSL_GET', check, webLines(check, server.virtualhost), HTTP_PAUSE_US)),
    ...server.tcpChecks.map((check) => connecting('TCP_CHECK', check, [])),
    ...server.smtpChecks.flatMap(smtpEntries),
    ...server.dnsChecks.map((check) => connecting('DNS_CHECK', check, dnsLines(check), 0)),
    ...server.miscChecks.map((check) => entry('MISC_CHECK', check, [], miscLines(check))),
    ...server.udpChecks.map((check) => connecting('UDP_CHECK', check, udpLines(check))),
    ...server.pingChecks.map((check) => connecting('PING_CHECK', check, [])),
  ]
}

/** Each `host` is a checker of its own. */
function smtpEntries(check: SmtpCheck): readonly Entry[] {
  const hosts = check.hosts.length === 0 ? [check] : check.hosts
  return hosts.map((host) => connecting('SMTP_CHECK', host, [`   helo = ${check.heloName}`]))
}

function fileEntries({ fileChecks }: RealServer): readonly Entry[] {
  return fileChecks.map(({ trackFile }) => ({
    kind: 'FILE_CHECK',
    lines: (status) => [
      ...statusLines(status),
      '   Log all failures = no',
      '   Keepalive method = FILE_CHECK',
      `     Tracked file = ${trackFile}`,
    ],
  }))
}

function connecting(kind: string, check: TcpCheck, own: Lines, pauseUs: number = OTHER_PAUSE_US): Entry {
  const { bindto, bindPort, bindIf, fwmark } = check
  const bind = bindto === undefined ? undefined : `     Bind to = [${bindto}]:${bindPort ?? 0}`
  const connection: Lines = [
    '   Connection',
    `     Dest = [${check.connectIp}]:${check.connectPort}`,
    bind,
    bindIf === undefined ? undefined : `     Bind i/f = ${bindIf}`,
    fwmark === 0 ? undefined : `     Mark = ${fwmark}`,
    `     Timeout = ${secondsText(check.connectTimeoutUs)}`,
  ]
  return entry(kind, check, connection, own, pauseUs)
}

function entry(kind: string, check: Common, connection: Lines, [first, ...own]: Lines, pauseUs: number = OTHER_PAUSE_US): Entry {
  // The first line of a web checker belongs to its method.
  const method = kind.endsWith('_GET') ? `${kind}, ${first ?? ''}` : kind
  const rest = kind.endsWith('_GET') ? own : [first, ...own]
  return {
    kind,
    lines: (status) => [
      ...statusLines(status),
      `   Alpha = ${yesNo(check.alpha)}`,
      `   Delay loop = ${check.delayLoopUs} us`,
      `   Warmup = ${check.warmupUs} us`,
      `   Retries = ${check.retry}`,
      check.retry === 0 ? undefined : `   Delay before retry = ${check.delayBeforeRetryUs} us`,
      `   Default delay before retry = ${pauseUs} us`,
      `   Log all failures = ${yesNo(check.logAllFailures)}`,
      ...connection,
      `   Keepalive method = ${method}`,
      ...rest,
    ],
  }
}

function statusLines(status: CheckerStatus | undefined): Lines {
  if (status === undefined) return []
  return [
    `   Enabled = ${yesNo(!status.isSuspended)}`,
    `   Up = ${yesNo(status.isUp)}`,
    `   Has run = ${yesNo(status.hasRun)}`,
    `   Current weight = ${status.weight}`,
  ]
}

/** Names of hosts are where they are written, not where they are inherited. */
function webLines({ httpProtocol, virtualhost, enableSni, fastRecovery, urls }: HttpGet | SslGet, inherited: string | undefined): Lines {
  return [
    `http protocol ${httpProtocol}`,
    virtualhost === undefined || virtualhost === inherited ? undefined : `   Virtualhost = ${virtualhost}`,
    `   Enable SNI ${setOrNot(enableSni)}`,
    `   Fast recovery ${setOrNot(fastRecovery)}`,
    ...urls.flatMap((url) => urlLines(url, virtualhost)),
  ]
}

function urlLines(url: HttpUrl, inherited: string | undefined): Lines {
  const { path, digest, statusCode, virtualhost } = url
  return [
    `   Checked url = ${path}`,
    digest === undefined ? undefined : `     digest = ${digest}`,
    '     HTTP Status Code(s)',
    ...statusCode.map(({ from, to }) => `       ${from}${to === from ? '' : `-${to}`}`),
    virtualhost === undefined || virtualhost === inherited ? undefined : `     Virtual host = ${virtualhost}`,
    ...regexLines(url),
  ]
}

function regexLines({ regex, regexNoMatch, regexOptions, regexMinOffset, regexMaxOffset, regexStack }: HttpUrl): Lines {
  if (regex === undefined) return []
  const offsets = regexMinOffset !== 0 || regexMaxOffset !== undefined
  return [
    `     Regex = "${regex}"`,
    regexNoMatch ? '     Regex no match' : undefined,
    offsets ? `     Regex min offset = ${regexMinOffset}, max_offset = ${regexMaxOffset ?? 0}` : undefined,
    // 2.2.7 has all options there as soon as there is one.
    `     Regex options:${regexOptions.map((option) => ` ${option}`).join('')}`,
    regexStack === undefined ? undefined : `     Regex stack start ${regexStack.start}, max ${regexStack.max}`,
  ]
}

function dnsLines({ type, name }: DnsCheck): Lines {
  // The root has no name there.
  return [`   Type = ${type}`, `   Name = ${name === '.' ? '' : name}`]
}

function miscLines({ miscPath, miscTimeoutUs, miscDynamic, user }: MiscCheck): Lines {
  return [
    `   script = ${scriptText({ ...miscPath, account: user ?? miscPath.account })}`,
    `   timeout = ${miscTimeoutUs / US_PER_S}`,
    `   dynamic = ${miscDynamic ? 'YES' : 'NO'}`,
  ]
}

function udpLines({ payload, requireReply, minReplyLength, maxReplyLength }: UdpCheck): Lines {
  const reply: Lines =
    requireReply === undefined
      ? ['   Require reply = no']
      : [
          '   Require reply = yes',
          `     Min reply length = ${minReplyLength}`,
          `     Max reply length = ${maxReplyLength}`,
          `     Reply data len = ${Math.ceil(requireReply.length / 2)}`,
          /x/i.test(requireReply) ? '     Reply data mask = yes' : undefined,
        ]
  return [payload === undefined ? '   Payload specified = no' : `   Payload len = ${Math.ceil(payload.length / 2)}`, ...reply]
}

function setOrNot(value: boolean): string {
  return value ? 'set' : 'unset'
}
