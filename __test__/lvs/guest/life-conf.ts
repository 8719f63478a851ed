import { loadConfig, type Config } from '../../../src/index.ts'
import { block } from './conf.ts'
import { readOwnTable } from './table.ts'

export const DIRECTORY = '/run/life'
/** A server is down while this file does not hold a zero. */
export const TRACKED_FILE: string = `${DIRECTORY}/tracked`
/** Ports of 127.0.0.1 that answer. */
export const PORTS: readonly [number, number, number] = [8001, 8002, 8003]
export const TCP_CHECK: string = block('TCP_CHECK', ['warmup 0'])

/** A virtual server at a port, with a real server at each of these ports. */
export function virtual(
  port: number,
  servers: readonly number[],
  lines: readonly string[] = [],
  inServers: readonly string[] = [],
): string {
  return block(`virtual_server 10.9.0.1 ${port}`, [
    'delay_loop 1',
    'lb_algo rr',
    'lb_kind NAT',
    'protocol TCP',
    ...lines,
    ...servers.map((server) => block(`real_server 127.0.0.1 ${server}`, inServers)),
  ])
}

/** Very many of them, each with so many real servers. */
export function many(services: number, servers: number, inServers: readonly string[] = []): string[] {
  const ports = Array.from({ length: servers }, (_, server) => 20_000 + server)
  return Array.from({ length: services }, (_, service) => virtual(100 + service, ports, [], inServers))
}

export function router(name: string, id: number): string {
  return block(`vrrp_instance ${name}`, [
    'interface veth0',
    `virtual_router_id ${id}`,
    'priority 100',
    block('virtual_ipaddress', [`10.9.1.${id}/32`]),
  ])
}

/** The text of a keepalived.conf. */
export function textOf(blocks: readonly string[], globals: readonly string[] = []): string {
  return [block('global_defs', ['script_user root', 'enable_script_security', ...globals]), ...blocks].join('\n')
}

export function configOf(blocks: readonly string[], globals: readonly string[] = []): Config {
  return loadConfig({ file: 'keepalived.conf', text: textOf(blocks, globals) }).config
}

/** What IPVS has, a line for each service: `80: 8001*1 8002*0`, of each server its port and its weight. */
export function table(): string[] {
  return readOwnTable()
    .map(({ name, destinations }) => {
      const servers = destinations.map(({ server, weight }) => `${portOf(server)}*${weight}`)
      return `${portOf(name)}: ${servers.toSorted().join(' ')}`.trim()
    })
    .toSorted()
}

function portOf(place: string): string {
  return place.slice(place.lastIndexOf(':') + 1)
}
