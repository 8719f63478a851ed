import { isOverride, NO_OVERRIDE } from './override.ts'
import type { Override } from './override.ts'

/** An override, and whose it is. */
export interface OverrideEntry {
  /** Key of the virtual server. */
  readonly service: string
  /** Key of the real server. */
  readonly server: string
  readonly override: Override
}

/** What operators want, by real server. It belongs to no configuration: reloads and restarts find it again. */
export class Overrides {
  readonly #entries = new Map<string, OverrideEntry>()

  /** What is wanted of a server. */
  of(service: string, server: string): Override {
    return this.#entries.size === 0 ? NO_OVERRIDE : (this.#entries.get(keyOf(service, server))?.override ?? NO_OVERRIDE)
  }

  /** Something else is wanted of a server. */
  set(entry: OverrideEntry): void {
    const key = keyOf(entry.service, entry.server)
    if (isOverride(entry.override)) this.#entries.set(key, entry)
    else this.#entries.delete(key)
  }

  /** Forgets those of servers that are not there any more. @returns what is forgotten */
  retain(isThere: (service: string, server: string) => boolean): readonly OverrideEntry[] {
    const gone = this.entries().filter(({ service, server }) => !isThere(service, server))
    for (const { service, server } of gone) this.#entries.delete(keyOf(service, server))
    return gone
  }

  /** All of them. */
  entries(): readonly OverrideEntry[] {
    return [...this.#entries.values()]
  }
}

/** Neither part has a line break. */
function keyOf(service: string, server: string): string {
  return `${service}\n${server}`
}
