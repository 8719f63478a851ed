import type { Acts } from './acts.ts'
import type { RealServerState, Verdicts } from './real-server.ts'
import type { Turn } from './turn.ts'
import type { VirtualServerState } from './virtual-server.ts'

/** What is to be done about a server in effect. */
type Consequence = (virtualServer: VirtualServerState, server: RealServerState, turn: Turn) => void

/**
 * Who hears the checkers of a virtual server. What they say counts for the server that is in effect when its turn comes, and for none where a
 * reload has left it out meanwhile.
 *
 * @param virtualServer the one in effect
 */
export function listen(virtualServer: () => VirtualServerState | undefined, acts: Acts): Verdicts {
  const about = (server: RealServerState, consequence: Consequence): void => {
    acts.act((turn) => {
      const [inEffect, live] = [virtualServer(), server.live]
      if (inEffect !== undefined && live !== undefined) consequence(inEffect, live, turn)
    })
  }
  return {
    checked(server, checker, isUp, mail) {
      about(server, (inEffect, live, turn) => {
        if (live.checkers.includes(checker)) inEffect.checked(live, checker, isUp, mail, turn)
      })
    },
    weighed(server) {
      about(server, (inEffect, live, turn) => {
        inEffect.weighed(live, turn)
      })
    },
  }
}
