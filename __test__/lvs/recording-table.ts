/** The kernel's table in memory: does what it is asked, refuses what a kernel would, and remembers. */
import type {
  IpvsChange,
  IpvsConfig,
  IpvsConnections,
  IpvsDestination,
  IpvsEvent,
  IpvsReport,
  IpvsService,
  IpvsSnapshot,
  IpvsTable,
} from '../../src/lvs/ipvs-table.ts'

interface KernelService {
  readonly service: IpvsService
  readonly destinations: Map<string, IpvsDestination>
}

export class RecordingTable implements IpvsTable {
  /** Told by {@link drain} next. */
  readonly events: IpvsEvent[] = []
  /** All batches of changes so far. */
  readonly batches: (readonly IpvsChange[])[] = []
  /** All that was applied as a whole. */
  readonly applied: IpvsConfig[] = []
  /** Services that had a server with a weight, and had none after one of the changes. */
  readonly emptied: number[] = []
  /** Active connections by service and server, such as `1 10.0.2.1:80`. */
  readonly active: Map<string, number> = new Map()
  /** Changes are made, and that they are is told only by {@link tellApplied}. */
  isSilent = false
  /** What `apply` says. */
  report: IpvsReport = {}
  /** What the next `apply` waits for, and fails with. */
  applying: Promise<void> = Promise.resolve()
  /** What the next `apply` waits for, and fails with, when it has done all: nobody knows that. */
  answering: Promise<void> = Promise.resolve()
  /** Changes of what is not there are none, as for the thread. */
  isLenient = false
  readonly reserved: IpvsConfig[] = []
  /** What the next `reserve` waits for, and fails with. */
  reserving: Promise<void> = Promise.resolve()
  #services = new Map<number, KernelService>()
  #number = 0
  #isStopped = false

  async reserve(desired: IpvsConfig): Promise<void> {
    await this.reserving
    this.reserved.push(desired)
  }

  async apply(desired: IpvsConfig): Promise<IpvsReport> {
    await this.applying
    this.applied.push(desired)
    const kept = desired.kept.map((id): [number, KernelService] => {
      const service = this.#services.get(id)
      if (service === undefined) throw new Error(`service ${id} is to stay as it is, and is not wanted yet`)
      return [id, service]
    })
    const others = desired.services.map((service): [number, KernelService] => [
      service.id,
      { service, destinations: new Map(service.destinations.map((one) => [placeOf(one), one])) },
    ])
    this.#services = new Map([...kept, ...others])
    if (this.#services.size < kept.length + others.length) throw new Error('a service is there twice')
    for (const { destinations, id } of desired.services) {
      if (new Set(destinations.map(placeOf)).size !== destinations.length) throw new Error(`service ${id} has a server twice`)
    }
    await this.answering
    return this.report
  }

  change(batch: IpvsChange[]): number {
    if (batch.length === 0) throw new Error('there is nothing to change')
    if (this.#isStopped) throw new Error('the thread has ended')
    this.batches.push(batch)
    for (const change of batch) this.#make(change)
    this.#number += 1
    if (!this.isSilent) this.tellApplied()
    return this.#number
  }

  tellApplied(): void {
    this.events.push({ type: 'applied', number: this.#number })
  }

  drain(): IpvsEvent[] {
    return this.events.splice(0)
  }

  async snapshot(): Promise<IpvsSnapshot> {
    return await Promise.resolve({
      services: Array.from(this.#services, ([id, { destinations }]) => ({
        id,
        destinations: Array.from(destinations.values(), (one) => this.#connectionsOf(id, one)),
      })),
    })
  }

  async connections(id: number): Promise<IpvsConnections[]> {
    const service = this.#services.get(id)
    return await Promise.resolve(Array.from(service?.destinations.values() ?? [], (one) => this.#connectionsOf(id, one)))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#services.clear()
    await Promise.resolve()
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Servers of each service with their weights, such as `10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=0`. */
  get rows(): string[] {
    return Array.from(this.#services.values(), ({ service, destinations }) => {
      const { address, port, mark, family } = service
      const name = mark === undefined ? `${address}:${port}` : `mark ${mark} ${family}`
      const servers = Array.from(destinations.values(), (one) => `${placeOf(one)}=${one.weight}`)
      return [name, '>', ...servers.sort()].join(' ')
    })
  }

  /** Whether a service has a server with a weight. */
  isServing(id: number): boolean {
    const service = this.#services.get(id)
    return service !== undefined && hasWeight(service.destinations)
  }

  #make(change: IpvsChange): void {
    const service = this.#services.get(change.service)
    if (this.isLenient && !isThere(service, change)) return
    if (service === undefined) throw new Error(`there is no service ${change.service}`)
    const { destinations } = service
    const hadWeight = hasWeight(destinations)
    switch (change.type) {
      case 'setDestination':
        destinations.set(placeOf(change.destination), change.destination)
        break
      case 'removeDestination':
        if (!destinations.delete(placeOf(change))) throw new Error(`${placeOf(change)} is not there`)
        break
      case 'setWeight': {
        const found = destinations.get(placeOf(change))
        if (found === undefined) throw new Error(`${placeOf(change)} is not there`)
        destinations.set(placeOf(change), { ...found, weight: change.weight })
        break
      }
    }
    if (hadWeight && !hasWeight(destinations)) this.emptied.push(service.service.id)
  }

  #connectionsOf(id: number, { address, port }: IpvsDestination): IpvsConnections {
    return { address, port, active: this.active.get(`${id} ${address}:${port}`) ?? 0, inactive: 0, persistent: 0 }
  }
}

/** Whether there is what a change is about. */
function isThere(service: KernelService | undefined, change: IpvsChange): boolean {
  return service !== undefined && (change.type === 'setDestination' || service.destinations.has(placeOf(change)))
}

function placeOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address}:${port}`
}

function hasWeight(destinations: ReadonlyMap<string, IpvsDestination>): boolean {
  return [...destinations.values()].some(({ weight }) => weight > 0)
}
