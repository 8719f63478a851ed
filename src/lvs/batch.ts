import type { IpvsChange } from './ipvs-table.ts'

/**
 * Changes for the kernel that belong together: what adds to a service goes before what takes from it, so that a service with a wanted
 * server is empty at no time (lvs.md §2 has how keepalived's is). Of one server of a service the last one counts all the same: virtual
 * servers that share it may change it one after the other.
 */
export class Batch {
  #additions: IpvsChange[] = []
  /** By their servers. */
  #removals = new Map<string, IpvsChange[]>()

  /** A server comes, or is to get more: what was to be taken from it before is not, and what else that changed of it comes with this. */
  add(change: IpvsChange): void {
    const key = keyOf(change)
    const superseded = this.#removals.get(key) ?? []
    this.#removals.delete(key)
    const set = superseded.findLast(({ type }) => type === 'setDestination')
    if (set?.type === 'setDestination' && change.type === 'setWeight') {
      this.#additions.push({ ...set, destination: { ...set.destination, weight: change.weight } })
    } else this.#additions.push(change)
  }

  /** A server goes, or is to get no more. */
  remove(change: IpvsChange): void {
    const key = keyOf(change)
    const others = this.#removals.get(key)
    if (others === undefined) this.#removals.set(key, [change])
    else others.push(change)
  }

  /** All changes in their order; the batch is empty then. */
  take(): IpvsChange[] {
    const changes = [...this.#additions, ...[...this.#removals.values()].flat()]
    this.#additions = []
    this.#removals = new Map()
    return changes
  }
}

function keyOf(change: IpvsChange): string {
  const { address, port } = change.type === 'setDestination' ? change.destination : change
  return `${change.service} ${address} ${port}`
}
