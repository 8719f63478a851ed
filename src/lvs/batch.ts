import type { IpvsChange } from './ipvs-table.ts'

/**
 * Changes for the kernel that belong together: what adds to a service goes before what takes from it, so that a service with a wanted
 * server is empty at no time (lvs.md §2 has how keepalived's is).
 */
export class Batch {
  #additions: IpvsChange[] = []
  #removals: IpvsChange[] = []

  /** A server comes, or is to get more. */
  add(change: IpvsChange): void {
    this.#additions.push(change)
  }

  /** A server goes, or is to get no more. */
  remove(change: IpvsChange): void {
    this.#removals.push(change)
  }

  /** All changes in their order; the batch is empty then. */
  take(): IpvsChange[] {
    const changes = this.#removals.length === 0 ? this.#additions : [...this.#additions, ...this.#removals]
    this.#additions = []
    this.#removals = []
    return changes
  }
}
