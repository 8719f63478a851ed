/** Virtual servers as plain data: what each is, and why. */
import type { Placeable } from './destinations.ts'
import type { IpvsConnections, IpvsSnapshot } from './ipvs-table.ts'
import type { ConnectionCounts, LvsStatus, RealServerStatus, SorryServerStatus, VirtualServerStatus } from './lvs-status.ts'
import type { RealServerState } from './real-server.ts'
import type { VirtualServerState } from './virtual-server.ts'

/** Time that is left of the drain of a server, by keys. */
type RemainingMs = (service: string, server: string) => number | undefined

/** Connections by service, then by address and port. Services that are still to go have no number. */
type Counts = ReadonlyMap<number | undefined, ReadonlyMap<string, IpvsConnections>>

/** All of it. @param snapshot what the kernel has; absent: it did not answer */
export function statusOf(
  virtualServers: Iterable<VirtualServerState>,
  snapshot: IpvsSnapshot | undefined,
  remainingMs: RemainingMs,
): LvsStatus {
  const counts: Counts | undefined =
    snapshot === undefined
      ? undefined
      : new Map(
          snapshot.services.map(({ id, destinations }) => [id, new Map(destinations.map((one) => [`${one.address} ${one.port}`, one]))]),
        )
  return { services: Array.from(virtualServers, (virtualServer) => virtualServerStatus(virtualServer, counts, remainingMs)) }
}

function virtualServerStatus(virtualServer: VirtualServerState, counts: Counts | undefined, remainingMs: RemainingMs): VirtualServerStatus {
  const { key, name, config, entries, isUp, sinceMs, rules, sum, isSuspended, servers } = virtualServer
  return {
    service: name,
    serves: entries.map((entry) => entry.name),
    scheduler: config.lvsSched,
    isUp,
    sinceMs: sinceMs === 0 ? undefined : sinceMs,
    quorum: rules.quorum,
    hysteresis: rules.hysteresis,
    weight: sum,
    isSuspended,
    sorryServer: sorryStatus(virtualServer, counts),
    servers: servers.map((server) => realServerStatus(server, virtualServer, counts, remainingMs(key, server.key))),
  }
}

function sorryStatus(virtualServer: VirtualServerState, counts: Counts | undefined): SorryServerStatus | undefined {
  const { sorry, isSorry } = virtualServer
  if (sorry === undefined) return undefined
  return { server: sorry.server, isActive: isSorry, connections: connectionsOf(sorry.placeable, virtualServer, counts) }
}

function realServerStatus(
  server: RealServerState,
  virtualServer: VirtualServerState,
  counts: Counts | undefined,
  drainMs: number | undefined,
): RealServerStatus {
  const { config, isServing, override, sinceMs, weight, placed, checkers } = server
  return {
    server: server.server,
    address: config.address,
    port: config.port,
    state: override.isMaintained ? 'maintenance' : isServing ? 'up' : 'down',
    sinceMs,
    configuredWeight: config.weight,
    weight,
    weightInKernel: placed,
    reasons: reasonsOf(server, virtualServer),
    checkers: checkers.map(({ kind, target, isUp, hasRun, isSuspended, weight, reason }) => ({
      kind,
      target,
      isUp,
      hasRun,
      isSuspended,
      weight,
      reason,
    })),
    drainMs,
    connections: connectionsOf(config, virtualServer, counts),
  }
}

function reasonsOf(server: RealServerState, { isSorry }: VirtualServerState): readonly string[] {
  const { override, failed, checkers, isServing } = server
  const reasons: string[] = []
  if (override.isMaintained) reasons.push(`in maintenance by operator since ${timeOf(override.sinceMs)}`)
  if (override.isDrained) reasons.push(`drained by operator since ${timeOf(override.sinceMs)}`)
  else if (override.weight !== undefined) reasons.push(`weight ${override.weight} set by operator since ${timeOf(override.sinceMs)}`)
  for (const [{ kind, reason }, sinceMs] of failed) reasons.push(`checker ${kind}: ${reason} since ${timeOf(sinceMs)}`)
  if (override.weight === undefined) {
    for (const { kind, weight, reason } of checkers) if (weight !== 0) reasons.push(`checker ${kind}: weight ${signed(weight)} (${reason})`)
  }
  if (isSorry && isServing) reasons.push('sorry server active')
  return reasons
}

function connectionsOf(placeable: Placeable, virtualServer: VirtualServerState, counts: Counts | undefined): ConnectionCounts | undefined {
  if (counts === undefined) return undefined
  const sum = { active: 0, inactive: 0, persistent: 0 }
  for (const { service, place } of virtualServer.placesOf(placeable)) {
    const found = counts.get(service.id)?.get(`${place.address} ${place.port}`)
    if (found === undefined) continue
    sum.active += found.active
    sum.inactive += found.inactive
    sum.persistent += found.persistent
  }
  return sum
}

function signed(weight: number): string {
  return weight > 0 ? `+${weight}` : String(weight)
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
