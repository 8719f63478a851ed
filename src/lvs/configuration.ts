/** The virtual servers of a configuration, each beside the one that it was in the configuration before (lvs.md §3.2). */
import type { Checker, Checkers } from '../checks/checker.ts'
import type { Config, VirtualServer, VirtualServerGroup } from '../config/model.ts'
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

/** What virtual servers are made with. */
export interface Making {
  /** In effect now, by their keys. */
  readonly former: ReadonlyMap<string, VirtualServerState>
  readonly checkers: Checkers
  readonly listening: Listening
  /** Something about the configuration has to be said. */
  readonly warn: (line: string) => void
}

/** Virtual servers by their keys, in the order of the configuration. Nothing is decided about them yet. */
export function makeVirtualServers(config: Config, making: Making): Map<string, VirtualServerState> {
  const groups = new Map(config.virtualServerGroups.map((group) => [group.name, groupOf(group, making.warn)]))
  const counts = new Map<string, number>()
  const made = new Map<string, VirtualServerState>()
  const state = { order: 0 }
  for (const virtualServer of config.virtualServers) {
    const { key, name } = identify(virtualServer, counts)
    const group = virtualServer.group === undefined ? undefined : groups.get(virtualServer.group)
    const served = group?.served ?? servedAlone(virtualServer)
    const entries = distinct(served.map((one) => servedEntry(one, virtualServer)))
    const members = group?.members.map((member) => memberName(member, virtualServer)) ?? []
    const sorryOrder = state.order + virtualServer.realServers.length
    const { noCheckerEmails } = config.globalDefs
    const one = new VirtualServerState({ key, name, sorryOrder }, virtualServer, { entries, members }, noCheckerEmails)
    one.servers = makeRealServers(one, state.order, making)
    state.order = sorryOrder + 1
    made.set(key, one)
  }
  return made
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
  const formerOnes = new Map(making.former.get(key)?.servers.map((server) => [server.key, server]))
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
