/** How many virtual servers there are, and how many real servers each has. */
export interface PoolSize {
  readonly services: number
  readonly servers: number
}

const ADDRESSES_PER_BYTE = 250

/**
 * A keepalived.conf of so many virtual servers.
 *
 * @param change a real server, `10.8.0.1:80`, that has another weight than all others.
 * @param checker lines of every real server.
 */
export function poolConfiguration({ services, servers }: PoolSize, change?: { server: string; weight: number }, checker = ''): string {
  const text = ['global_defs {', '  router_id bench', '}']
  for (let service = 0; service < services; service++) {
    text.push(
      `virtual_server 10.7.${address(service)} 80 {`,
      '  delay_loop 3600',
      '  lb_algo rr',
      '  lb_kind NAT',
      '  protocol TCP',
      ...Array.from({ length: servers }, (_, index) => {
        const at = `10.${8 + Math.floor(index / 10)}.${address(service * 10 + (index % 10))}`
        const weight = `${at}:80` === change?.server ? change.weight : 1
        return `  real_server ${at} 80 {\n    weight ${weight}\n${checker}  }`
      }),
      '}',
    )
  }
  return `${text.join('\n')}\n`
}

/** The last two parts of an address by its number. */
function address(number: number): string {
  return `${Math.floor(number / ADDRESSES_PER_BYTE)}.${1 + (number % ADDRESSES_PER_BYTE)}`
}
