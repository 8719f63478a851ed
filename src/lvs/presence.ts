import type { Checkers } from '../checks/checker.ts'
import type { Turn } from './turn.ts'
import type { VirtualServerState } from './virtual-server.ts'

/** `ha_suspend`: which addresses this machine has, and whose checkers wait for them (lvs.md §2). */
export class Presence {
  readonly #present = new Set<string>()
  /** Virtual servers by the addresses that they wait for. */
  #waiting = new Map<string, VirtualServerState[]>()

  /** Addresses that somebody waits for. */
  get watched(): readonly string[] {
    return [...this.#waiting.keys()]
  }

  /** These virtual servers count from now on. Their checkers, which are about to begin, wait or go on. */
  configure(virtualServers: Iterable<VirtualServerState>, checkers: Checkers): void {
    this.#waiting = new Map()
    for (const virtualServer of virtualServers) {
      for (const address of addressesOf(virtualServer)) {
        const others = this.#waiting.get(address)
        if (others === undefined) this.#waiting.set(address, [virtualServer])
        else others.push(virtualServer)
      }
      const wasSuspended = virtualServer.isSuspended
      virtualServer.isSuspended = this.#isAbsent(virtualServer)
      // New ones are not suspended, those of before may be.
      if (wasSuspended || virtualServer.isSuspended) suspendOrResume(virtualServer, checkers)
    }
  }

  /** An address is there, or gone. */
  tell(address: string, isPresent: boolean, checkers: Checkers | undefined, turn: Turn): void {
    if (this.#present.has(address) === isPresent) return
    if (isPresent) this.#present.add(address)
    else this.#present.delete(address)
    const concerned = this.#waiting.get(address)
    if (concerned === undefined || checkers === undefined) return
    turn.line(`Netlink reflector reports IP ${address} ${isPresent ? 'added' : 'removed'}`, 'debug')
    for (const virtualServer of concerned) this.#follow(virtualServer, checkers, turn)
  }

  #follow(virtualServer: VirtualServerState, checkers: Checkers, turn: Turn): void {
    const isSuspended = this.#isAbsent(virtualServer)
    if (isSuspended === virtualServer.isSuspended) return
    virtualServer.isSuspended = isSuspended
    suspendOrResume(virtualServer, checkers)
    turn.event({ type: isSuspended ? 'checkersSuspended' : 'checkersResumed', service: virtualServer.name })
  }

  /** Whether checkers have to wait: not one of the addresses is there. */
  #isAbsent(virtualServer: VirtualServerState): boolean {
    return virtualServer.config.haSuspend && !addressesOf(virtualServer).some((address) => this.#present.has(address))
  }
}

/** Checkers log it themselves. */
function suspendOrResume({ servers, isSuspended }: VirtualServerState, checkers: Checkers): void {
  for (const { checkers: own } of servers) {
    for (const checker of own) {
      if (isSuspended) checkers.suspend(checker)
      else checkers.resume(checker)
    }
  }
}

/** Addresses that a virtual server waits for, each once: members of a group may differ by their ports alone. */
export function addressesOf({ config, entries }: VirtualServerState): readonly string[] {
  if (!config.haSuspend) return []
  return [...new Set(entries.flatMap(({ key }) => (key.address === undefined ? [] : [key.address])))]
}
