/** What is told of real and virtual servers with scripts, FIFOs, mails and events (lvs.md §2). */
import type { VirtualServer } from '../config/model.ts'
import type { QuorumRules } from './quorum.ts'
import type { RealServerState } from './real-server.ts'
import type { Turn } from './turn.ts'

/** How a server changed. */
interface ServerNews {
  readonly isUp: boolean
  /** Why, for people. */
  readonly reason: string
  /** Body of the mail about it; absent: none. */
  readonly mail: string | undefined
}

/** Tells whether a server is in the pool. */
export function announceServer({ server, service, config }: RealServerState, { isUp, reason, mail }: ServerNews, turn: Turn): void {
  const script = isUp ? config.notifyUp : config.notifyDown
  turn.change({ kind: 'RS', service, server, isUp, script, toFifos: true, mail: config.smtpAlert ? mail : undefined })
  turn.event({ type: 'realServerChanged', service, server, isUp, reason, skipped: 0 })
}

/** Mails what a checker says that changes nothing about its server. */
export function mailOfChecker({ server, service, config, isServing }: RealServerState, mail: string, turn: Turn): void {
  if (config.smtpAlert) turn.change({ kind: 'RS', service, server, isUp: isServing, script: undefined, toFifos: false, mail })
}

/** How the quorum of a virtual server changed. */
interface QuorumNews {
  readonly isUp: boolean
  readonly mail: string
}

/** Whose quorum it is. */
interface Quorate {
  readonly name: string
  readonly config: VirtualServer
  readonly rules: QuorumRules
  readonly sum: number
}

/** Tells whether a virtual server has quorum. */
export function announceQuorum({ name, config, sum, rules }: Quorate, { isUp, mail }: QuorumNews, turn: Turn): void {
  const script = isUp ? config.quorumUp : config.quorumDown
  const { quorum, hysteresis } = rules
  turn.change({ kind: 'VS', service: name, server: undefined, isUp, script, toFifos: true, mail: config.smtpAlert ? mail : undefined })
  turn.event({ type: 'quorumChanged', service: name, isUp, sum, quorum, hysteresis, skipped: 0 })
}
