/** A virtual router for both daemons: the same text is given to either. */
export interface InstanceConf {
  readonly name?: string
  readonly vrid: number
  readonly priority: number
  readonly version: 2 | 3
  /** Seconds; version 2 takes whole ones. */
  readonly advertInt: number
  /** Virtual addresses, with or without prefix length. The first tells the family. */
  readonly addresses: readonly string[]
  readonly authPass?: string
  /** The key of authentication headers, of version 2. */
  readonly authAh?: string
  /** Further lines of the block, such as `nopreempt`. */
  readonly extra?: readonly string[]
}

/** Renders a keepalived.conf with the given virtual routers on `eth0`. */
export function keepalivedConf(...instances: readonly InstanceConf[]): string {
  return `global_defs {\n  router_id lab\n}\n${instances.map((instance) => render(instance)).join('')}`
}

function render(conf: InstanceConf): string {
  const lines = [
    'state BACKUP',
    'interface eth0',
    `virtual_router_id ${conf.vrid}`,
    `version ${conf.version}`,
    `priority ${conf.priority}`,
    `advert_int ${conf.advertInt}`,
    ...authentication('PASS', conf.authPass),
    ...authentication('AH', conf.authAh),
    ...(conf.extra ?? []),
    'virtual_ipaddress {',
    ...conf.addresses.map((address) => `  ${address}`),
    '}',
  ]
  return `vrrp_instance ${conf.name ?? `VI_${conf.vrid}`} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
}

function authentication(type: string, password: string | undefined): readonly string[] {
  return password === undefined ? [] : ['authentication {', `  auth_type ${type}`, `  auth_pass ${password}`, '}']
}
