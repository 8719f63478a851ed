/** A service of the kernel as it is wanted, by all virtual servers that have it. */
import { isSame } from '../config/same.ts'
import type { Batch } from './batch.ts'
import type { Place } from './destinations.ts'
import type { IpvsDestination, IpvsService } from './ipvs-table.ts'
import type { ServedEntry } from './service-settings.ts'

/** A server of a virtual server: what counts users of a kernel's server. */
export interface User {
  /** Its place in the configuration. */
  readonly order: number
}

/** What a user wants. */
interface Wish {
  readonly user: User
  readonly destination: IpvsDestination
}

/** A server of the service: who wants it, in the order of the configuration. It has one user, but for shared services. */
type Wishes = readonly [Wish, ...Wish[]]

/** One service. Virtual servers that serve the same share it: it has what any of them wants. */
export class WantedService {
  /** Stands for it in the kernel's thread. */
  readonly id: number
  /** Of its first owner, whose settings count. */
  readonly entry: ServedEntry
  /** Names of the virtual servers that have it. */
  readonly owners: string[] = []
  readonly #wishes = new Map<string, Wishes>()

  constructor(id: number, entry: ServedEntry) {
    this.id = id
    this.entry = entry
  }

  /** Puts a server in, or changes its weight. */
  want(user: User, destination: IpvsDestination, batch?: Batch): void {
    const key = keyOf(destination)
    const wish: Wish = { user, destination }
    const former = this.#wishes.get(key)
    const wishes: Wishes = former === undefined ? [wish] : withWish(former, wish)
    this.#wishes.set(key, wishes)
    if (batch !== undefined) this.#change(former, wishes, batch)
  }

  /** Takes a server out that a user wanted. */
  drop(user: User, place: Place, batch: Batch): void {
    const key = keyOf(place)
    const former = this.#wishes.get(key)
    if (former === undefined) return
    const [first, ...others] = former.filter((wish) => wish.user !== user)
    if (first === undefined) {
      this.#wishes.delete(key)
      batch.remove({ type: 'removeDestination', service: this.id, address: place.address, port: place.port })
      return
    }
    const wishes: Wishes = [first, ...others]
    this.#wishes.set(key, wishes)
    this.#change(former, wishes, batch)
  }

  /** All of it, for the kernel's thread. */
  wanted(): IpvsService {
    const { key, settings } = this.entry
    return { id: this.id, ...key, ...settings, destinations: Array.from(this.#wishes.values(), chosen) }
  }

  /** Whether the kernel is to have the same as by another one. */
  isLike(other: WantedService): boolean {
    if (this === other) return true
    if (this.id !== other.id || this.#wishes.size !== other.#wishes.size || !isSame(this.entry.settings, other.entry.settings)) return false
    for (const [key, wishes] of this.#wishes) {
      const others = other.#wishes.get(key)
      if (others === undefined) return false
      const [one, another] = [chosen(wishes), chosen(others)]
      if (one.weight !== another.weight || !isSameButForWeight(one, another)) return false
    }
    return true
  }

  #change(former: Wishes | undefined, wishes: Wishes, batch: Batch): void {
    const to = chosen(wishes)
    const from = former === undefined ? undefined : chosen(former)
    if (from === undefined || !isSameButForWeight(from, to)) {
      const change = { type: 'setDestination', service: this.id, destination: to } as const
      if (to.weight > 0) batch.add(change)
      else batch.remove(change)
    } else if (from.weight !== to.weight) {
      const { address, port, weight } = to
      const change = { type: 'setWeight', service: this.id, address, port, weight } as const
      if (weight > from.weight) batch.add(change)
      else batch.remove(change)
    }
  }
}

function keyOf({ address, port }: Place): string {
  return `${address} ${port}`
}

function withWish(former: Wishes, wish: Wish): Wishes {
  const [first, ...others] = [...former.filter(({ user }) => user !== wish.user), wish].sort(
    (one, other) => one.user.order - other.user.order,
  )
  return [first ?? wish, ...others]
}

/** What the first user wants that gives it any weight, else the first one. */
function chosen(wishes: Wishes): IpvsDestination {
  if (wishes.length === 1) return wishes[0].destination
  return (wishes.find(({ destination }) => destination.weight > 0) ?? wishes[0]).destination
}

/** Whether two are the same but for their weight. */
function isSameButForWeight(one: IpvsDestination, other: IpvsDestination): boolean {
  return (
    one.forwarding === other.forwarding &&
    one.tunnelPort === other.tunnelPort &&
    one.tunnelChecksum === other.tunnelChecksum &&
    one.upperThreshold === other.upperThreshold &&
    one.lowerThreshold === other.lowerThreshold
  )
}
