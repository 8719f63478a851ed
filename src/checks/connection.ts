/** Where a check connects to. */
import { optional } from '../engine/optional.ts'
import type { TcpCheck } from '../config/model.ts'
import type { CheckTimes } from './check.ts'
import type { Probe } from './prober.ts'
import type { Target } from './probes.ts'

/** What checkers that connect to a server say about that. */
export type Connection = Pick<
  TcpCheck,
  'connectIp' | 'connectPort' | 'bindto' | 'bindPort' | 'bindIf' | 'connectTimeoutUs' | 'fwmark' | keyof CheckTimes | 'alpha'
>

/** The probe of a connection. */
export function targetOf(connection: Connection, action: Probe['action']): Target {
  const { connectIp, connectPort, bindto, bindPort, bindIf, connectTimeoutUs, fwmark } = connection
  return {
    address: connectIp,
    port: connectPort,
    ...optional('bindAddress', bindto),
    ...optional('bindPort', bindPort),
    ...optional('bindInterface', bindIf),
    ...(fwmark === 0 ? {} : { mark: fwmark }),
    timeoutUs: connectTimeoutUs,
    action,
  }
}

/** What makes a connection the same at a reload (lvs.md §3.2). */
export function connectionIdentity(connection: Connection): string {
  const { connectIp, connectPort, bindto, bindPort, bindIf, connectTimeoutUs, fwmark } = connection
  return `${connectIp} ${connectPort} ${bindto ?? ''} ${bindPort ?? ''} ${bindIf ?? ''} ${connectTimeoutUs} ${fwmark}`
}

/** What, besides its target, makes checks one. */
export function timesKey({ retry, delayBeforeRetryUs, warmupUs, delayLoopUs, logAllFailures }: CheckTimes): string {
  return `${retry} ${delayBeforeRetryUs} ${warmupUs} ${delayLoopUs} ${logAllFailures}`
}

/** As in messages of keepalived: `[10.0.2.11]:25`. */
export function bracketed(address: string, port: number): string {
  return `[${address}]:${port}`
}

/** As in a URL: `10.0.2.11:80`, `[2001:db8::1]:80`. */
export function authority(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Words for why a connection did not come about, or ended. */
export function reasonOf(reason: string, timeoutUs: number): string {
  switch (reason) {
    case 'refused':
      return 'connection refused'
    case 'timeout':
      return `no answer within ${timeoutUs / 1_000_000} s`
    case 'closed':
      return 'connection closed'
    case 'reset':
      return 'connection reset'
    case 'unreachable':
      return 'unreachable'
    default:
      return reason
  }
}
