/** Which servers an operator means. */
import { isIPv6 } from 'node:net'
import { canonicalAddress } from '../config/forms/addresses.ts'
import { KaError } from '../errors.ts'
import { protocolName } from './names.ts'
import type { RealServerState } from './real-server.ts'
import type { VirtualServerState } from './virtual-server.ts'

/** A real server, in one virtual server or in all that have it. */
export interface LvsTarget {
  /** Its address, with or without port: `10.0.2.11`, `10.0.2.11:80`, `[fd00::11]:80`; or its name in the log, `[10.0.2.11]:tcp:80`. */
  readonly server: string
  /** A virtual server: its name in the log, its address with or without port, its group, or `fwmark N`. Absent: all that have the server. */
  readonly service?: string | undefined
}

/** A server of a virtual server. */
export interface Target {
  readonly virtualServer: VirtualServerState
  readonly server: RealServerState
}

/** Names of a server that an operator means. */
export interface NamedTarget {
  readonly service: string
  readonly server: string
}

export function nameTarget({ virtualServer, server }: Target): NamedTarget {
  return { service: virtualServer.name, server: server.server }
}

/**
 * The servers that are meant, in the order of the configuration.
 *
 * @throws {KaError} `KA_ERR_USAGE` where there is none, or where several could be meant
 */
export function targetsOf({ server, service }: LvsTarget, virtualServers: Iterable<VirtualServerState>): readonly Target[] {
  const candidates = [...virtualServers]
  const within = service === undefined ? candidates : [virtualServerOf(service, candidates)]
  const place = placeOf(server)
  const targets = within.flatMap((virtualServer) => targetIn(virtualServer, server, place))
  if (targets.length > 0) return targets
  const where = service === undefined ? 'no virtual server has' : `VS ${within[0]?.name ?? service} does not have`
  throw new KaError('KA_ERR_USAGE', `${where} a real server ${server}`)
}

function virtualServerOf(service: string, candidates: readonly VirtualServerState[]): VirtualServerState {
  const wanted = service.toLowerCase()
  const found = candidates.filter((one) => one.name.toLowerCase() === wanted)
  const matching = found.length > 0 ? found : candidates.filter((one) => wordsFor(one).includes(wanted))
  const [first, ...others] = matching
  if (first === undefined) throw new KaError('KA_ERR_USAGE', `there is no virtual server ${service}`)
  if (others.length === 0) return first
  throw new KaError('KA_ERR_USAGE', `${service} can be ${matching.map(({ name }) => `VS ${name}`).join(' or ')}`)
}

/** What else a virtual server may be called. */
function wordsFor({ config }: VirtualServerState): readonly string[] {
  const { group, fwmark, address = '', port, protocol } = config
  if (group !== undefined) return [group.toLowerCase()]
  if (fwmark !== undefined) return [`fwmark ${fwmark}`]
  const bracketed = `[${address}]`
  const plain = isIPv6(address) ? [] : [`${address}:${port}`, `${address}:${protocolName(protocol)}:${port}`]
  return [address, bracketed, `${bracketed}:${port}`, ...plain]
}

/** An address with or without port. */
interface Place {
  readonly address: string
  readonly port: number | undefined
}

function placeOf(text: string): Place | undefined {
  const whole = canonicalAddress(text)
  if (whole !== undefined) return { address: whole, port: undefined }
  const parts = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups
  const address = canonicalAddress(parts?.['bracketed'] ?? parts?.['plain'] ?? '')
  const port = parts?.['port']
  return address === undefined ? undefined : { address, port: port === undefined ? undefined : Number(port) }
}

function targetIn(virtualServer: VirtualServerState, text: string, place: Place | undefined): readonly Target[] {
  const named = virtualServer.servers.filter(({ server }) => server === text)
  const found = named.length > 0 ? named : virtualServer.servers.filter(({ config }) => isAt(config, place))
  if (found.length > 1) {
    const names = found.map(({ server }) => server).join(' or ')
    throw new KaError('KA_ERR_USAGE', `${text} of VS ${virtualServer.name} can be ${names}: name its port`)
  }
  return found.map((server) => ({ virtualServer, server }))
}

function isAt(server: { readonly address: string; readonly port: number }, place: Place | undefined): boolean {
  return place !== undefined && server.address === place.address && (place.port === undefined || server.port === place.port)
}
