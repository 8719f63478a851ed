/** What messages call virtual and real servers. */
import { shown } from '../diagnostics/printable.ts'

/** What names a server. */
interface Named {
  readonly address?: string
  readonly port?: number
  readonly fwmark?: number
  readonly group?: string
}

/** Such as `virtual server 10.0.0.1 port 80`. */
export function virtualServerName({ address, port, fwmark, group }: Named): string {
  if (group !== undefined) return `virtual server of group ${shown(group)}`
  return fwmark === undefined ? `virtual server ${serverName({ address, port })}` : `virtual server of mark ${fwmark}`
}

/** Such as `10.0.0.1 port 80`. */
export function serverName({
  address = '',
  port = 0,
}: {
  readonly address?: string | undefined
  readonly port?: number | undefined
}): string {
  return port === 0 ? address : `${address} port ${port}`
}
