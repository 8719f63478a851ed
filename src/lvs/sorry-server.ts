import type { ForwardingMethod, VirtualServer } from '../config/model.ts'
import type { Placeable } from './destinations.ts'
import { realServerName } from './names.ts'
import type { User } from './wanted-service.ts'

/** The weight of a sorry server. */
export const SORRY_WEIGHT = 1

/** A sorry server of a configuration. */
export class SorryState implements User {
  readonly server: string
  readonly placeable: Placeable
  readonly isInhibited: boolean
  readonly order: number
  /** The weight with which it is in the kernel; absent: it is not there. */
  placed: number | undefined

  private constructor(server: string, placeable: Placeable, isInhibited: boolean, order: number) {
    this.server = server
    this.placeable = placeable
    this.isInhibited = isInhibited
    this.order = order
  }

  /** That of a virtual server, if it has one. @param order behind its real servers */
  static of(virtualServer: VirtualServer, order: number): SorryState | undefined {
    const { sorryServer, sorryServerInhibit, sorryServerLvsMethod, lvsMethod } = virtualServer
    if (sorryServer === undefined) return undefined
    const method: ForwardingMethod = sorryServerLvsMethod ?? lvsMethod
    const placeable: Placeable = { ...sorryServer, lvsMethod: method, uthreshold: 0, lthreshold: 0 }
    return new SorryState(realServerName(sorryServer, virtualServer), placeable, sorryServerInhibit, order)
  }

  /** The weight that it is to have in the kernel. */
  weightWhen(isActive: boolean): number | undefined {
    if (isActive) return SORRY_WEIGHT
    return this.isInhibited ? 0 : undefined
  }

  /** Whether it is the sorry server that another configuration has. */
  isLike(other: SorryState | undefined): boolean {
    return other !== undefined && this.server === other.server
  }
}
