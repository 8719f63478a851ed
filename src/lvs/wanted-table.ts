import type { IpvsService } from './ipvs-table.ts'
import type { ServedEntry } from './service-settings.ts'
import { WantedService } from './wanted-service.ts'

/** All services that a configuration wants of the kernel, each once, however many virtual servers have it. */
export class WantedTable {
  #former: WantedTable | undefined
  readonly #services = new Map<string, WantedService>()
  /** The number of the next service that has none. */
  #next: number

  /** @param former the table before it: services that are in both have one number */
  constructor(former?: WantedTable) {
    this.#former = former
    this.#next = former === undefined ? 1 : former.#next
  }

  /** The service of a virtual server, which it may share with others. */
  own(entry: ServedEntry, owner: string): WantedService {
    const known = this.#services.get(entry.word)
    if (known !== undefined) {
      known.owners.push(owner)
      return known
    }
    const service = new WantedService(this.#former?.numberOf(entry.word) ?? this.#newNumber(), entry)
    service.owners.push(owner)
    this.#services.set(entry.word, service)
    return service
  }

  /** A service that stays as it is, and that is nobody else's. */
  keep(service: WantedService): void {
    this.#services.set(service.entry.word, service)
  }

  /** All services are there: what was before is forgotten. */
  close(): void {
    this.#former = undefined
  }

  /** Number of a service of this table. */
  numberOf(word: string): number | undefined {
    return this.#services.get(word)?.id
  }

  /** For the kernel's thread, which has all of another table: services that are new or not the same, and the numbers of those that are. */
  after(other: WantedTable | undefined): { readonly services: IpvsService[]; readonly kept: number[] } {
    const services: IpvsService[] = []
    const kept: number[] = []
    for (const [word, service] of this.#services) {
      const another = other === undefined ? undefined : other.#services.get(word)
      if (another !== undefined && service.isLike(another)) kept.push(service.id)
      else services.push(service.wanted())
    }
    return { services, kept }
  }

  /** How many services there are. */
  get size(): number {
    return this.#services.size
  }

  /** Lines of the log about services that several virtual servers share. */
  sharing(): readonly string[] {
    const lines: string[] = []
    for (const { entry, owners } of this.#services.values()) {
      const [first, ...others] = owners
      if (others.length === 0) continue
      lines.push(
        `IPVS service ${entry.name} is shared by VS ${first} and VS ${others.join(', VS ')}: its settings are those of VS ${first}`,
      )
    }
    return lines
  }

  #newNumber(): number {
    const number = this.#next
    this.#next += 1
    return number
  }
}
