import type { Host } from './host.ts'

/** An entry as `ip -j` shows it. */
export type Entry = Readonly<Record<string, unknown>>

/** The routes and rules of a host that are not the kernel's. */
export interface Routing {
  readonly routes: readonly Entry[]
  readonly rules: readonly Entry[]
}

/** Reads both from the kernel. */
export async function routingOf(host: Host): Promise<Routing> {
  const list = async (...words: string[]): Promise<Entry[]> => {
    const lists = await Promise.all(['-4', '-6'].map(async (family) => host.exec(['ip', family, '-d', '-j', ...words])))
    // An empty table may be no JSON at all.
    const entries = lists.flatMap((text) => (text.trim() === '' ? [] : (JSON.parse(text) as Entry[])))
    return entries.filter(({ protocol }) => protocol !== 'kernel')
  }
  const routes = await list('route', 'show', 'table', 'all')
  // The seconds that are left are a matter of time.
  return {
    routes: routes.map((route) =>
      Object.fromEntries(Object.entries(route).map(([name, value]) => [name, name === 'expires' ? 'some' : value])),
    ),
    rules: await list('rule', 'show'),
  }
}

/** No route and no rule of anybody. */
export const NO_ROUTING: Routing = { routes: [], rules: [] }
