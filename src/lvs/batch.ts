import type { IpvsChange } from './ipvs-table.ts'

/**
 * Changes for the kernel that belong together: what adds to a service goes before what takes from it, so that a service with a wanted
 * server is empty at no time (lvs.md §2 has how keepalived's is). Of one server of a service the last one counts all the same: virtual
 * servers that share it may change it one after the other.
 */
export class Batch {
  #additions: IpvsChange[] = []
  #removals: Removal[] = []

  /** A server comes, or is to get more. */
  add(change: IpvsChange): void {
    this.#additions.push(change)
  }

  /** A server goes, or is to get no more. */
  remove(change: IpvsChange): void {
    this.#removals.push({ change, before: this.#additions.length })
  }

  /** All changes in their order; the batch is empty then. */
  take(): IpvsChange[] {
    const [additions, removals] = [this.#additions, this.#removals]
    this.#additions = []
    this.#removals = []
    const left = withoutSuperseded(removals, additions)
    return [...additions, ...left.map(({ change }) => change)]
  }
}

/** A change that takes from a service, and how many that add had come before it. */
interface Removal {
  readonly change: IpvsChange
  readonly before: number
}

/** Removals but for those whose server comes or gets more later; what else they have changed of it comes with that, in `additions`. */
function withoutSuperseded(removals: readonly Removal[], additions: IpvsChange[]): readonly Removal[] {
  // Nearly always nothing adds later.
  if (removals.every(({ before }) => before === additions.length)) return removals
  const ofServers = new Map<string, Removal[]>()
  for (const removal of removals) {
    const key = keyOf(removal.change)
    ofServers.set(key, [...(ofServers.get(key) ?? []), removal])
  }
  const superseded = new Set<Removal>()
  for (const [place, addition] of additions.entries()) {
    const earlier = ofServers.get(keyOf(addition))?.filter((removal) => removal.before <= place && !superseded.has(removal)) ?? []
    for (const removal of earlier) superseded.add(removal)
    const set = earlier.findLast(({ change }) => change.type === 'setDestination')?.change
    if (set?.type === 'setDestination' && addition.type === 'setWeight') {
      additions[place] = { ...set, destination: { ...set.destination, weight: addition.weight } }
    }
  }
  return removals.filter((removal) => !superseded.has(removal))
}

function keyOf(change: IpvsChange): string {
  const { address, port } = change.type === 'setDestination' ? change.destination : change
  return `${change.service} ${address} ${port}`
}
