/** How virtual servers begin, go on over a reload, and end (lvs.md §3). */
import { announceQuorum, announceServer } from './announcements.ts'
import { quorumMail } from './quorum.ts'
import type { RealServerState } from './real-server.ts'
import type { Turn } from './turn.ts'
import { leavingSentence } from './virtual-server.ts'
import type { VirtualServerState } from './virtual-server.ts'

/** Bodies of mails about servers that a reload removes, and about those of a daemon that stops. */
const REMOVED = '=> Removing <='
const STOPPED = '=> Shutting down <='

/** A virtual server that was not there before. @param initNotifies `rs_init_notifies` */
export function begin(virtualServer: VirtualServerState, initNotifies: boolean, turn: Turn): void {
  for (const server of virtualServer.servers) beginServer(virtualServer, server, initNotifies, turn)
  virtualServer.review('beginning', turn, false)
}

/** Without a failed checker it is in the pool at once, and nobody is told unless they want to be. */
function beginServer(virtualServer: VirtualServerState, server: RealServerState, initNotifies: boolean, turn: Turn): void {
  reportThresholds(server, turn)
  server.adopt(turn.nowMs)
  server.weight = server.wantedWeight
  server.isServing = server.shallServe
  server.sinceMs = turn.nowMs
  if (server.isServing) {
    virtualServer.sum += server.weight
    server.told = true
    if (initNotifies) announceServer(server, { isUp: true, reason: 'assumed up until a check fails', mail: undefined }, turn)
  } else if (server.override.isMaintained) server.told = false
}

/** A virtual server that goes on as it was, but for what its configuration changes. */
export function resume(virtualServer: VirtualServerState, former: VirtualServerState, initNotifies: boolean, turn: Turn): void {
  virtualServer.isUp = former.isUp
  virtualServer.sinceMs = former.sinceMs
  virtualServer.isSuspended = former.isSuspended
  endMissing(virtualServer, former, turn)
  for (const server of virtualServer.servers) {
    if (server.former !== undefined) resumeServer(virtualServer, server, server.former, turn)
    else beginServer(virtualServer, server, initNotifies, turn)
  }
  tellMembers(virtualServer, former, turn)
  const { sorry } = virtualServer
  const hasKept = sorry !== undefined && sorry.isLike(former.sorry)
  if (former.isSorry && !hasKept && former.sorry !== undefined) turn.line(leavingSentence(former.sorry, virtualServer.name))
  virtualServer.review('reload', turn, former.isSorry && hasKept)
  if (former.isSorry && sorry === undefined && !virtualServer.isUp)
    turn.line(`Adding alive servers to the pool for VS ${virtualServer.name}`)
}

function endMissing(virtualServer: VirtualServerState, former: VirtualServerState, turn: Turn): void {
  const kept = new Set(virtualServer.servers.map((server) => server.former))
  for (const server of former.servers) {
    if (kept.has(server)) continue
    turn.line(`service ${server.server} no longer exist`)
    removeServer(server, turn)
  }
}

/** As it was; a verdict of a checker that is gone does not count any more, and a weight is told when it changes. */
function resumeServer(virtualServer: VirtualServerState, server: RealServerState, former: RealServerState, turn: Turn): void {
  const { uthreshold, lthreshold } = server.config
  if (uthreshold !== former.config.uthreshold || lthreshold !== former.config.lthreshold) reportThresholds(server, turn)
  server.adopt(turn.nowMs)
  server.isServing = former.isServing
  server.sinceMs = former.sinceMs
  server.told = former.told
  server.weight = former.weight
  if (server.isServing) virtualServer.sum += server.weight
  virtualServer.reweigh(server, turn)
  virtualServer.settle(server, 'reload', undefined, turn)
}

/** Members that a group has no more, then those that are new. */
function tellMembers({ members, config }: VirtualServerState, former: VirtualServerState, turn: Turn): void {
  if (config.group === undefined) return
  const before = new Set(former.members)
  const now = new Set(members)
  for (const member of before) if (!now.has(member)) turn.line(`VS [${member}] in group ${config.group} no longer exists`)
  for (const member of now) if (!before.has(member)) turn.line(`VS [${member}] added into group ${config.group}`)
}

/** A virtual server that a reload leaves out. */
export function end(virtualServer: VirtualServerState, turn: Turn): void {
  const { group } = virtualServer.config
  turn.line(`Removing Virtual Server ${group === undefined ? virtualServer.name : `Group [${group}]`}`)
  for (const server of virtualServer.servers) removeServer(server, turn)
  // As keepalived's: the weight of no server is left.
  endQuorum(virtualServer, quorumMail('lost', virtualServer.rules, 0), turn)
}

function removeServer(server: RealServerState, turn: Turn): void {
  if (server.isServing) turn.line(`Removing service ${server.server} from VS ${server.service}`)
  endServer(server, REMOVED, turn)
}

/**
 * A virtual server of a daemon that stops. With `omega` that is told.
 *
 * @param isFlushed `lvs_flush_on_stop`: as in keepalived nothing is said of real servers then
 */
export function shutDown(virtualServer: VirtualServerState, isFlushed: boolean, turn: Turn): void {
  const { config, servers, name } = virtualServer
  for (const server of isFlushed ? [] : servers) {
    const inhibited = !server.isServing && server.config.inhibitOnFailure ? '(inhibited) ' : ''
    turn.line(`Shutting down ${inhibited}service ${server.server} from VS ${name}`)
    if (config.omega) endServer(server, STOPPED, turn)
  }
  if (config.omega) endQuorum(virtualServer, STOPPED, turn)
}

/** One that is out of the pool has nothing more to tell. */
function endServer(server: RealServerState, mail: string, turn: Turn): void {
  if (!server.isServing) return
  announceServer(server, { isUp: false, reason: mail === REMOVED ? 'removed by a reload' : 'the daemon stops', mail }, turn)
}

function endQuorum(virtualServer: VirtualServerState, mail: string, turn: Turn): void {
  if (virtualServer.isUp) announceQuorum(virtualServer, { isUp: false, mail }, turn)
}

/** The kernel would refuse such a server, which keepalived then believes to be there. */
function reportThresholds({ config, server, service }: RealServerState, turn: Turn): void {
  const { uthreshold, lthreshold } = config
  if (lthreshold > uthreshold) {
    turn.line(`lthreshold ${lthreshold} of service ${server} of VS ${service} is above its uthreshold: ${uthreshold} is used`, 'warn')
  }
}
