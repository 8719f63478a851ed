import { readFileSync } from 'node:fs'
import type { Namespace } from './network.ts'

/** A real server in the kernel's table. */
export interface Destination {
  /** `10.8.1.1:80`, `[fd08:1::1]:80` */
  readonly server: string
  /** `Masq`, `Route`, `Tunnel` or `Local`. */
  readonly forwarding: string
  readonly weight: number
  readonly active: number
  readonly inactive: number
}

/** A virtual server in the kernel's table. */
export interface Service {
  /** `TCP 10.7.1.1:80`, `FWM 9` */
  readonly name: string
  /** The scheduler and what else the kernel says: `rr persistent 360 FFFFFFFF`. */
  readonly settings: string
  readonly destinations: readonly Destination[]
}

/** What IPVS has in a network namespace, as /proc tells it: it costs one system call, so that it can be looked at often. */
export function readTable(namespace: Namespace): Service[] {
  return parse(readFileSync(namespace.file('ip_vs'), 'latin1'))
}

/** The same of the namespace that this process is in. */
export function readOwnTable(): Service[] {
  return parse(readFileSync('/proc/net/ip_vs', 'latin1'))
}

function parse(text: string): Service[] {
  const services: (Service & { destinations: Destination[] })[] = []
  for (const line of text.split('\n').slice(3)) {
    const [first = '', second = '', third = '', ...rest] = line.trim().split(/\s+/)
    if (first === '->') {
      const [weight = 0, active = 0, inactive = 0] = rest.map(Number)
      services.at(-1)?.destinations.push({ server: endpoint(second), forwarding: third, weight, active, inactive })
    } else if (first === 'FWM') {
      services.push({ name: `FWM ${Number.parseInt(second, 16)}`, settings: [third, ...rest].join(' '), destinations: [] })
    } else if (first !== '') {
      services.push({ name: `${first} ${endpoint(second)}`, settings: [third, ...rest].join(' '), destinations: [] })
    }
  }
  return services
}

/** `0A080101:0050` or `[fd08:0000:…]:0050` as people write it. */
function endpoint(hex: string): string {
  const colon = hex.lastIndexOf(':')
  const port = Number.parseInt(hex.slice(colon + 1), 16)
  const address = hex.slice(0, colon)
  // A URL has the short form of an address.
  if (address.startsWith('[')) return `${new URL(`http://${address}/`).hostname}:${port}`
  return `${[...Buffer.from(address, 'hex')].join('.')}:${port}`
}
