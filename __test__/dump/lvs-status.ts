/** The state of virtual servers as nobody has touched them, for tests of what is made of it. */
import type { Config, RealServer, VirtualServer } from '../../src/config/model.ts'
import type { CheckerStatus, LvsStatus, RealServerStatus, VirtualServerStatus } from '../../src/lvs/lvs-status.ts'
import { realServerName, virtualServerName } from '../../src/lvs/names.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5)

/** All servers are up, and have some connections. */
export function lvsStatusOf({ virtualServers }: Config): LvsStatus {
  return { services: virtualServers.map((virtualServer) => serviceOf(virtualServer)) }
}

function serviceOf(config: VirtualServer): VirtualServerStatus {
  const service = virtualServerName(config, 0)
  const { sorryServer } = config
  return {
    service,
    serves: [service],
    scheduler: config.lvsSched,
    isUp: true,
    sinceMs: AT,
    quorum: config.quorum,
    hysteresis: config.hysteresis,
    weight: config.realServers.reduce((sum, { weight }) => sum + weight, 0),
    isSuspended: false,
    sorryServer: sorryServer && { server: realServerName(sorryServer, config), isActive: false, connections: undefined },
    servers: config.realServers.map((server) => serverOf(server, config)),
  }
}

function serverOf(config: RealServer, service: VirtualServer): RealServerStatus {
  return {
    server: realServerName(config, service),
    address: config.address,
    port: config.port,
    state: 'up',
    sinceMs: AT,
    configuredWeight: config.weight,
    weight: config.weight,
    weightInKernel: config.weight,
    reasons: [],
    checkers: checkersOf(config),
    drainMs: undefined,
    connections: { active: 3, inactive: 2, persistent: 1 },
  }
}

function checkersOf(config: RealServer): CheckerStatus[] {
  const kinds = [
    ...config.httpGets.map(() => 'HTTP_GET'),
    ...config.sslGets.map(() => 'SSL_GET'),
    ...config.tcpChecks.map(() => 'TCP_CHECK'),
    ...config.smtpChecks.map(() => 'SMTP_CHECK'),
    ...config.dnsChecks.map(() => 'DNS_CHECK'),
    ...config.miscChecks.map(() => 'MISC_CHECK'),
    ...config.udpChecks.map(() => 'UDP_CHECK'),
    ...config.pingChecks.map(() => 'PING_CHECK'),
    ...config.fileChecks.map(() => 'FILE_CHECK'),
  ]
  return kinds.map((kind) => ({ kind, target: config.address, isUp: true, hasRun: true, isSuspended: false, weight: 0, reason: 'well' }))
}
