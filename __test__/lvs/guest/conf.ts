import { noteCommand } from './notes.ts'
import type { Place } from './scenario.ts'

/** A real server of a keepalived.conf. */
export interface RealServerConf {
  /** Address and port, where it has one. */
  readonly at: string
  readonly lines?: readonly string[]
}

/** A virtual server of a keepalived.conf. */
export interface VirtualServerConf {
  /** What follows `virtual_server`. */
  readonly at: string
  readonly lines?: readonly string[]
  readonly servers: readonly RealServerConf[]
}

/** `global_defs` with FIFOs, and the virtual servers; every script notes its lines. */
export function conf(place: Place, services: readonly VirtualServerConf[], global: readonly string[] = []): string {
  const lines = [
    'router_id lab',
    'enable_script_security',
    'script_user root',
    `notify_fifo ${place.directory}/all.fifo`,
    `lvs_notify_fifo ${place.directory}/lvs.fifo`,
    ...global,
  ]
  return [block('global_defs', lines), ...services.map((service) => virtualServer(place, service))].join('\n')
}

/** A block of a keepalived.conf. */
export function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.map((line) => line.replaceAll(/^(?=.)/gm, '  ')).join('\n')}\n}`
}

function virtualServer(place: Place, { at, lines = [], servers }: VirtualServerConf): string {
  const label = at.replaceAll(' ', '_')
  return block(`virtual_server ${at}`, [
    'delay_loop 0.5',
    'warmup 0',
    // Good servers share a processor with all the others, and may have to wait for it.
    'connect_timeout 20',
    'retry 1',
    'delay_before_retry 0.2',
    ...lines,
    `quorum_up ${noteCommand(place.directory, `${label} VS up`)}`,
    `quorum_down ${noteCommand(place.directory, `${label} VS down`)}`,
    ...servers.map((server) =>
      block(`real_server ${server.at}`, [
        ...(server.lines ?? []),
        `notify_up ${noteCommand(place.directory, `${label} RS ${server.at.replaceAll(' ', '_')} up`)}`,
        `notify_down ${noteCommand(place.directory, `${label} RS ${server.at.replaceAll(' ', '_')} down`)}`,
      ]),
    ),
  ])
}

/** Lines of a virtual server. */
export function method(scheduler: string, kind: string, protocol = 'TCP'): string[] {
  return [`lb_algo ${scheduler}`, `lb_kind ${kind}`, `protocol ${protocol}`]
}

/** Real servers of these numbers, with the same port and lines. */
export function servers(place: Place, numbers: readonly number[], port: number, lines: readonly string[] = [TCP_CHECK]): RealServerConf[] {
  return numbers.map((number) => ({ at: `${place.server(number)} ${port}`, lines }))
}

export function servers6(place: Place, numbers: readonly number[], port: number, lines: readonly string[] = [TCP_CHECK]): RealServerConf[] {
  return numbers.map((number) => ({ at: `${place.server6(number)} ${port}`, lines }))
}

export const TCP_CHECK = 'TCP_CHECK {\n}'
