import { checkerTexts } from './check-checkers.ts'
import { groupTexts } from './check-groups.ts'
import { serviceText } from './check-servers.ts'
import type { DumpedService } from './check-servers.ts'
import { globalPieces } from './data-globals.ts'
import { trackFileText } from './data-trackers.ts'
import type { Config } from '../config/model.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import { realServerName, virtualServerName } from '../lvs/names.ts'
import type { DumpState } from './state.ts'

/**
 * `keepalived_check.data`: virtual servers, real servers and their checkers for people, in pieces. Sections, lines and their order are those
 * of keepalived 2.2.7 as its binary writes them; lines about what is not known here are left out.
 */
export function* checkPieces(state: DumpState): Generator<string, void, void> {
  const { config } = state
  yield* globalPieces(config)
  const services = servicesOf(config, state.lvs)
  if (services.length === 0) return
  const usesTls = services.some(({ servers }) => servers.some((server) => server.config.sslGets.length > 0))
  if (usesTls) yield `------< SSL definitions >------\n${sslText(config)}`
  yield '------< LVS Topology >------\n'
  yield* groupTexts(config.virtualServerGroups, services)
  for (const service of services) yield ` ------< Virtual server >------\n${serviceText(service)}`
  yield '------< Health checkers >------\n'
  for (const service of services) for (const server of service.servers) yield* checkerTexts(service, server, false)
  // As there, they are the last.
  for (const service of services) for (const server of service.servers) yield* checkerTexts(service, server, true)
  yield* trackFileTexts(state, services)
}

/** What is configured beside what is there by now: a reload may just change it. */
function servicesOf(config: Config, lvs: LvsStatus | undefined): readonly DumpedService[] {
  const known = new Map(lvs?.services.map((service) => [service.service, service]))
  const counts = new Map<string, number>()
  return config.virtualServers.map((virtualServer) => {
    const { group = '' } = virtualServer
    const index = counts.get(group) ?? 0
    counts.set(group, index + 1)
    const name = virtualServerName(virtualServer, index)
    const status = known.get(name)
    const statuses = new Map(status?.servers.map((server) => [server.server, server]))
    const servers = virtualServer.realServers.map((server) => {
      const serverName = realServerName(server, virtualServer)
      return { config: server, name: serverName, status: statuses.get(serverName) }
    })
    return { config: virtualServer, name, status, servers }
  })
}

function sslText({ ssl }: Config): string {
  const lines = [
    ssl?.password === undefined ? undefined : ` Password : ${String(ssl.password)}`,
    ssl?.ca === undefined ? undefined : ` CA-file : ${ssl.ca}`,
    ssl?.certificate === undefined ? undefined : ` Certificate file : ${ssl.certificate}`,
    ssl?.key === undefined ? undefined : ` Key file : ${ssl.key}`,
  ].filter((line) => line !== undefined)
  return `${(lines.length === 0 ? [' Using autogen SSL context'] : lines).join('\n')}\n`
}

/** Files that checkers track. */
function* trackFileTexts({ config, trackers }: DumpState, services: readonly DumpedService[]): Generator<string, void, void> {
  const users = new Map<string, string[]>()
  for (const { name, servers } of services) {
    for (const server of servers) {
      for (const { trackFile, weight, reverse } of server.config.fileChecks) {
        const lines = users.get(trackFile) ?? []
        lines.push(`     ${name} -> ${server.name}, weight ${weight}${reverse ? ' reverse' : ''}\n`)
        users.set(trackFile, lines)
      }
    }
  }
  if (users.size === 0) return
  yield '------< Checker track files >------\n'
  for (const file of config.trackFiles) {
    const lines = users.get(file.name)
    if (lines === undefined) continue
    const known = trackers.find(({ kind, name }) => kind === 'file' && name === file.name)
    yield `${trackFileText(file, known)}   Tracking instances :\n${lines.join('')}`
  }
}
