/** Virtual and real servers, as keepalived's dump of its checkers has them. */
import type { ForwardingMethod, RealServer, VirtualServer } from '../config/model.ts'
import { US_PER_S } from '../config/forms/numbers.ts'
import type { RealServerStatus, VirtualServerStatus } from '../lvs/lvs-status.ts'
import { realServerName } from '../lvs/names.ts'
import { scriptText } from './account-text.ts'

/** A real server as it is configured and, where it is there by now, as it is. */
export interface DumpedServer {
  readonly config: RealServer
  readonly name: string
  readonly status: RealServerStatus | undefined
}

/** A virtual server likewise. */
export interface DumpedService {
  readonly config: VirtualServer
  readonly name: string
  readonly status: VirtualServerStatus | undefined
  readonly servers: readonly DumpedServer[]
}

type Lines = readonly (string | undefined)[]

/** A virtual server with its real servers. */
export function serviceText({ config, name, status, servers }: DumpedService): string {
  const lines: Lines = [
    ` ${whatOf(config, name)}`,
    config.virtualhost === undefined ? undefined : `   VirtualHost = ${config.virtualhost}`,
    config.snmpName === undefined ? undefined : `   SNMP name = '${config.snmpName}'`,
    `   Address family = ${config.ipFamily}`,
    `   connection timeout = ${secondsText(config.connectTimeoutUs)}`,
    `   delay_loop = ${secondsText(config.delayLoopUs)}`,
    ...schedulerLines(config),
    ...persistenceLines(config),
    `   protocol = ${config.protocol ?? 'none'}`,
    `   alpha is ${onOff(config.alpha)}`,
    `   omega is ${onOff(config.omega)}`,
    ...retryLines(config),
    `   Inhibit on failure is ${onOff(config.inhibitOnFailure)}`,
    `   quorum = ${config.quorum}, hysteresis = ${config.hysteresis}`,
    config.quorumUp === undefined ? undefined : `   Quorum up notify script = ${scriptText(config.quorumUp)}`,
    config.quorumDown === undefined ? undefined : `   Quorum down notify script = ${scriptText(config.quorumDown)}`,
    config.haSuspend ? '   Using HA suspend' : undefined,
    `   Using smtp notification = ${yesNo(config.smtpAlert)}`,
    `   ${config.lvsMethod.method === 'TUN' ? '' : 'default '}${forwardingText(config.lvsMethod)}`,
    ...sorryLines(config),
    ...(status === undefined ? [] : ['   alive = 1', `   quorum_state_up = ${Number(status.isUp)}`]),
  ]
  return `${joined(lines)}${servers.map((server) => serverText(server, config)).join('')}`
}

function whatOf({ address, port, fwmark }: VirtualServer, name: string): string {
  if (fwmark !== undefined) return `VS FWMARK = ${fwmark}`
  return address === undefined ? `VS GROUP = ${name}` : `VS VIP = ${address}, VPORT = ${port}`
}

function schedulerLines({ lvsSched, hashed, ops, protocol, flag1, flag2, flag3 }: VirtualServer): Lines {
  const named = lvsSched === 'sh' || lvsSched === 'mh'
  const flags = named
    ? [`   ${lvsSched}-port = ${enabled(flag2)}`, `   ${lvsSched}-fallback = ${enabled(flag1)}`]
    : [`   flag-1 = ${enabled(flag1)}`, `   flag-2 = ${enabled(flag2)}`, `   flag-3 = ${enabled(flag3)}`]
  const isIdle = ops && protocol !== 'UDP'
  return [
    `   lvs_sched = ${lvsSched}`,
    `   Hashed = ${enabled(hashed)}`,
    ...flags,
    `   One packet scheduling = ${enabled(ops)}${isIdle ? ' (inactive due to not UDP)' : ''}`,
  ]
}

function persistenceLines({ persistenceTimeoutUs, persistenceGranularity }: VirtualServer): Lines {
  if (persistenceTimeoutUs === undefined) return []
  return [
    `   persistence timeout = ${Math.round(persistenceTimeoutUs / US_PER_S)}`,
    persistenceGranularity === undefined ? undefined : `   persistence granularity = ${persistenceGranularity}`,
  ]
}

function retryLines({ retry, delayBeforeRetryUs, warmupUs }: Pick<VirtualServer, 'retry' | 'delayBeforeRetryUs' | 'warmupUs'>): Lines {
  return [
    retry === undefined ? undefined : `   Retry count = ${retry}`,
    delayBeforeRetryUs === undefined ? undefined : `   Retry delay = ${secondsText(delayBeforeRetryUs)}`,
    warmupUs === undefined ? undefined : `   Warmup = ${secondsText(warmupUs)}`,
  ]
}

function sorryLines(config: VirtualServer): Lines {
  const { sorryServer, sorryServerLvsMethod = config.lvsMethod, sorryServerInhibit } = config
  if (sorryServer === undefined) return []
  // The lack of two blanks is keepalived's.
  const indent = sorryServerLvsMethod.method === 'TUN' ? '   ' : '     '
  return [
    `   sorry server = ${realServerName(sorryServer, config)}`,
    `${indent}${forwardingText(sorryServerLvsMethod)}`,
    `     Inhibit on failure is ${onOff(sorryServerInhibit)}`,
  ]
}

function serverText({ config, status }: DumpedServer, service: VirtualServer): string {
  const { notifyUp, notifyDown, virtualhost, fileChecks } = config
  const weight = status?.weight ?? config.weight
  const lines: Lines = [
    '   ------< Real server >------',
    `   RIP = ${config.address}, RPORT = ${config.port}, WEIGHT = ${weight} EFF WEIGHT = ${weight}`,
    `   ${forwardingText(config.lvsMethod)}`,
    `   Alpha is ${onOff(config.alpha)}`,
    `   connection timeout = ${secondsText(config.connectTimeoutUs)}`,
    `   connection limit range = ${config.lthreshold} -> ${config.uthreshold}`,
    `   Delay loop = ${secondsText(config.delayLoopUs)}`,
    ...retryLines(config),
    `   Inhibit on failure is ${onOff(config.inhibitOnFailure)}`,
    notifyUp === undefined ? undefined : `     RS up notify script = ${scriptText(notifyUp)}`,
    notifyDown === undefined ? undefined : `     RS down notify script = ${scriptText(notifyDown)}`,
    virtualhost === undefined || virtualhost === service.virtualhost ? undefined : `    VirtualHost = '${virtualhost}'`,
    config.snmpName === undefined ? undefined : `   SNMP name = ${config.snmpName}`,
    `   Using smtp notification = ${yesNo(config.smtpAlert)}`,
    `   initial weight = ${config.weight}`,
    ...stateLines(status),
    ...(fileChecks.length === 0 ? [] : ['   Tracked Files']),
    ...fileChecks.map(({ trackFile, weight, reverse }) => `     ${trackFile}, weight ${weight}${reverse ? ' reverse' : ''}`),
  ]
  return joined(lines)
}

function stateLines(status: RealServerStatus | undefined): Lines {
  if (status === undefined) return []
  return [
    `   effective weight = ${status.weight}`,
    `   alive = ${Number(status.state === 'up')}`,
    `   num failed checkers = ${status.checkers.filter(({ isUp }) => !isUp).length}`,
    `   RS set = ${Number(status.weightInKernel !== undefined)}`,
  ]
}

const CHECKSUMS = { nocsum: ', no checksum', csum: ', checksum', remcsum: ', remote checksum' } as const

function forwardingText({ method, type, port, checksum }: ForwardingMethod): string {
  if (method !== 'TUN') return `forwarding method = ${method}`
  if (type === 'ipip') return 'forwarding method = TUN, type = IPIP'
  return `forwarding method = TUN, type = ${type.toUpperCase()}${port === undefined ? '' : `, port = ${port}`}${CHECKSUMS[checksum]}`
}

/** Microseconds as seconds with six decimals. */
export function secondsText(us: number): string {
  return (us / US_PER_S).toFixed(6)
}

/** Lines that are there. */
export function joined(lines: Lines): string {
  return lines.flatMap((line) => (line === undefined ? [] : [`${line}\n`])).join('')
}

function onOff(value: boolean): string {
  return value ? 'ON' : 'OFF'
}

function enabled(value: boolean): string {
  return value ? 'enabled' : 'disabled'
}

/** As the lines about checkers and alerts say it. */
export function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
