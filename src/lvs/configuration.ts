/** The virtual servers of a configuration, each beside the one that it was in the configuration before (lvs.md §3.2). */
import type { Checker, Checkers } from '../checks/checker.ts'
import type { Config, VirtualServer, VirtualServerGroup } from '../config/model.ts'
import { isSame } from '../config/same.ts'
import { MOST_SERVED, servedByGroup } from './group-members.ts'
import type { Served } from './group-members.ts'
import { memberName, realServerName, virtualServerName } from './names.ts'
import { RealServerState } from './real-server.ts'
import type { Verdicts } from './real-server.ts'
import { servedEntry } from './service-settings.ts'
import type { ServedEntry } from './service-settings.ts'
import { VirtualServerState } from './virtual-server.ts'

/** Who hears the checkers of a virtual server. */
export type Listening = (virtualServer: VirtualServerState) => Verdicts

/** Virtual servers in effect, and the configuration that they are of. */
export interface FormerLvs {
  readonly config: Config
  /** By their keys. */
  readonly virtualServers: ReadonlyMap<string, VirtualServerState>
}

/** What virtual servers are made with. */
export interface Making {
  /** In effect now; absent: none. */
  readonly former: FormerLvs | undefined
  readonly checkers: Checkers
  readonly listening: Listening
  /** Something about the configuration has to be said. */
  readonly warn: (line: string) => void
}

/** A virtual server of a configuration, before it is made. */
interface Place {
  readonly key: string
  readonly name: string
  readonly config: VirtualServer
  readonly entries: readonly ServedEntry[]
  readonly members: readonly string[]
  /** Of its first server among all servers. */
  readonly order: number
  /** What it is now, where nothing is configured otherwise. */
  readonly unchanged: VirtualServerState | undefined
}

/**
 * Virtual servers by their keys, in the order of the configuration. Nothing is decided about them yet.
 *
 * One that is configured as before, and shares its services in the kernel with no other one, is that very object: thousands of them cost
 * a reload no more than the comparison.
 */
export function makeVirtualServers(config: Config, making: Making): Map<string, VirtualServerState> {
  const places = placesIn(config, making)
  const uses = new Map<string, number>()
  for (const { entries } of places) for (const { word } of entries) countUp(uses, word)
  const made = new Map<string, VirtualServerState>()
  for (const place of places) {
    const { key, unchanged } = place
    const isKept = unchanged !== undefined && place.entries.every(({ word }) => uses.get(word) === 1)
    made.set(key, isKept ? unchanged : makeOne(place, config.globalDefs.noCheckerEmails, making))
  }
  dropMissing(made, making)
  return made
}

function placesIn(config: Config, making: Making): readonly Place[] {
  const groups = new Map(config.virtualServerGroups.map((group) => [group.name, groupOf(group, making.warn)]))
  const unchanged = unchangedOnes(config, making)
  const counts = new Map<string, number>()
  const state = { order: 0 }
  return config.virtualServers.map((virtualServer): Place => {
    const { key, name } = identify(virtualServer, counts)
    const { order } = state
    state.order += virtualServer.realServers.length + 1
    const former = unchanged(key, virtualServer)
    if (former !== undefined) {
      const { entries, members } = former
      return { key, name, config: virtualServer, entries, members, order, unchanged: former }
    }
    const group = virtualServer.group === undefined ? undefined : groups.get(virtualServer.group)
    const served = group?.served ?? servedAlone(virtualServer)
    const entries = distinct(served.map((one) => servedEntry(one, virtualServer)))
    const members = group?.members.map((member) => memberName(member, virtualServer)) ?? []
    return { key, name, config: virtualServer, entries, members, order, unchanged: undefined }
  })
}

/** Finds of a virtual server what it is now, where nothing is configured otherwise. */
function unchangedOnes(
  config: Config,
  { former, checkers }: Making,
): (key: string, virtualServer: VirtualServer) => VirtualServerState | undefined {
  if (former === undefined || former.config.globalDefs.noCheckerEmails !== config.globalDefs.noCheckerEmails) return () => undefined
  const formerGroups = new Map(former.config.virtualServerGroups.map((group) => [group.name, group]))
  const sameGroups = new Set(
    config.virtualServerGroups.filter((group) => isSame(group, formerGroups.get(group.name))).map(({ name }) => name),
  )
  return (key, virtualServer) => {
    const one = former.virtualServers.get(key)
    const { group } = virtualServer
    if (one === undefined || (group !== undefined && !sameGroups.has(group))) return undefined
    const isAlone = one.services.every(({ owners }) => owners.length === 1)
    return isAlone && isSame(one.config, virtualServer) && checkers.canKeep(virtualServer) ? one : undefined
  }
}

function makeOne({ key, name, config, entries, members, order }: Place, noCheckerEmails: boolean, making: Making): VirtualServerState {
  const sorryOrder = order + config.realServers.length
  const one = new VirtualServerState({ key, name, sorryOrder }, config, { entries, members }, noCheckerEmails)
  one.servers = makeRealServers(one, order, making)
  return one
}

/** Checkers of servers that are gone are gone as well. */
function dropMissing(made: ReadonlyMap<string, VirtualServerState>, { former, checkers }: Making): void {
  for (const [key, before] of former?.virtualServers ?? []) {
    const now = made.get(key)
    if (now === before) continue
    const kept = new Set(now?.servers.map((server) => server.former))
    for (const server of before.servers) if (!kept.has(server)) checkers.drop(server.checkers)
  }
}

/** A group, and what it stands for. */
interface Group extends VirtualServerGroup {
  readonly served: readonly Served[]
}

function groupOf(group: VirtualServerGroup, warn: Making['warn']): Group {
  const served = servedByGroup(group, () => {
    warn(`virtual_server_group ${group.name} has more than ${MOST_SERVED} addresses: the rest is left out`)
  })
  return { ...group, served }
}

/** What a virtual server is known by over reloads, and what messages call it. */
function identify(virtualServer: VirtualServer, counts: Map<string, number>): { readonly key: string; readonly name: string } {
  const { group, fwmark, ipFamily } = virtualServer
  if (group !== undefined) {
    const index = countUp(counts, `group ${group}`)
    return { key: numbered(`group ${group}`, index), name: virtualServerName(virtualServer, index) }
  }
  const name = virtualServerName(virtualServer, 0)
  // A mark is another one in each family.
  const identity = fwmark === undefined ? name : `${name} ${ipFamily}`
  return { key: numbered(identity, countUp(counts, identity)), name }
}

function servedAlone({ address, port, fwmark }: VirtualServer): readonly Served[] {
  if (fwmark !== undefined) return [{ mark: fwmark, family: undefined }]
  return address === undefined ? [] : [{ address, port }]
}

/** Members of a group may overlap. */
function distinct(entries: readonly ServedEntry[]): readonly ServedEntry[] {
  if (entries.length < 2) return entries
  return [...new Map(entries.map((entry) => [entry.word, entry])).values()]
}

function makeRealServers(virtualServer: VirtualServerState, firstOrder: number, making: Making): readonly RealServerState[] {
  const { config, name: service, key } = virtualServer
  const formerOnes = new Map(making.former?.virtualServers.get(key)?.servers.map((server) => [server.key, server]))
  const verdicts = making.listening(virtualServer)
  const counts = new Map<string, number>()
  return config.realServers.map((realServer, index) => {
    const identity = `${realServer.address} ${realServer.port}`
    const key = numbered(identity, countUp(counts, identity))
    const former = formerOnes.get(key)
    const named = { key, server: realServerName(realServer, config), service, order: firstOrder + index }
    const server = new RealServerState(named, realServer, former, verdicts)
    server.checkers = making.checkers.attach(realServer, config, server, formerCheckers(former))
    return server
  })
}

function formerCheckers(former: RealServerState | undefined): readonly Checker[] | undefined {
  return former?.checkers
}

/** @returns how many there were before */
function countUp(counts: Map<string, number>, word: string): number {
  const count = counts.get(word) ?? 0
  counts.set(word, count + 1)
  return count
}

/** Of several that look the same the second one is `#2`. */
function numbered(identity: string, before: number): string {
  return before === 0 ? identity : `${identity}#${before + 1}`
}
