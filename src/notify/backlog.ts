/** An item that waits for its delivery. */
export interface Parcel<Item> {
  readonly item: Item
  /** When it came, on the clock of `performance.now()`. */
  readonly since: number
  attempts: number
  /** Those since the end began. */
  lastAttempts: number
  /** Items of its lane that were given up in its favour. */
  skipped: number
}

interface Lane<Item> {
  readonly name: string
  waiting: Parcel<Item>[]
  /** One of its items is on its way. */
  isBusy: boolean
}

/** Items in lanes: taken in the order of the lanes, one at a time from each. Knows no clock. */
export class Backlog<Item> {
  readonly #maxInLane: number
  readonly #max: number
  readonly #lanes = new Map<string, Lane<Item>>()
  /** Lanes from which something can be taken, longest wait first. */
  readonly #ready = new Set<Lane<Item>>()
  /** Lanes in which more than one item waits. */
  readonly #crowded = new Set<Lane<Item>>()
  #size = 0

  constructor(maxInLane: number, max: number) {
    this.#maxInLane = maxInLane
    this.#max = max
  }

  /** Items that wait. */
  get size(): number {
    return this.#size
  }

  /** Takes an item in; how many had to go for it. */
  push(name: string, parcel: Parcel<Item>): number {
    const lane = this.#lane(name)
    lane.waiting.push(parcel)
    this.#size += 1
    this.#sort(lane)
    if (lane.waiting.length > this.#maxInLane) return this.#shed(lane)
    if (this.#size <= this.#max) return 0
    // Where several items of a lane wait the last one says most; else the one that has waited longest goes.
    const [crowded] = this.#crowded
    const [ready] = this.#ready
    return this.#shed(crowded ?? ready ?? lane)
  }

  /** The next item; its lane gives nothing more until it is released. */
  take(): { readonly lane: string; readonly parcel: Parcel<Item> } | undefined {
    const [lane] = this.#ready
    const parcel = lane?.waiting.shift()
    if (lane === undefined || parcel === undefined) return undefined
    this.#size -= 1
    lane.isBusy = true
    this.#sort(lane)
    return { lane: lane.name, parcel }
  }

  /** Opens a lane again, with the item that was taken, if it could not be delivered; how many had to go for it. */
  release(name: string, parcel?: Parcel<Item>): number {
    const lane = this.#lane(name)
    lane.isBusy = false
    if (parcel !== undefined) {
      lane.waiting.unshift(parcel)
      this.#size += 1
    }
    this.#sort(lane)
    return lane.waiting.length > this.#maxInLane ? this.#shed(lane) : 0
  }

  /** Removes items that wait; how many. */
  expire(isOld: (parcel: Parcel<Item>) => boolean): number {
    const before = this.#size
    for (const lane of this.#lanes.values()) {
      const rest = lane.waiting.filter((parcel) => !isOld(parcel))
      this.#size -= lane.waiting.length - rest.length
      lane.waiting = rest
      this.#sort(lane)
    }
    return before - this.#size
  }

  /** Removes everything that waits; how many items. */
  clear(): number {
    return this.expire(() => true)
  }

  #lane(name: string): Lane<Item> {
    const known = this.#lanes.get(name)
    if (known !== undefined) return known
    const lane = { name, waiting: [], isBusy: false }
    this.#lanes.set(name, lane)
    return lane
  }

  /** Puts a lane where it belongs now. */
  #sort(lane: Lane<Item>): void {
    const { length } = lane.waiting
    if (length > 1) this.#crowded.add(lane)
    else this.#crowded.delete(lane)
    // One that was ready stays where it is: it has waited longer than those behind it.
    if (length > 0 && !lane.isBusy) this.#ready.add(lane)
    else this.#ready.delete(lane)
    if (length === 0 && !lane.isBusy) this.#lanes.delete(lane.name)
  }

  /** The oldest item of a lane goes; the next one tells that it did. */
  #shed(lane: Lane<Item>): number {
    const oldest = lane.waiting.shift()
    if (oldest === undefined) return 0
    this.#size -= 1
    const [next] = lane.waiting
    if (next !== undefined) next.skipped += oldest.skipped + 1
    this.#sort(lane)
    return 1
  }
}
