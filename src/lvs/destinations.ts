/** Real and sorry servers as servers of the kernel's services (lvs.md §1.1, §4). */
import type { ForwardingMethod, RealServer } from '../config/model.ts'
import { familyOf } from '../config/forms/addresses.ts'
import type { Forwarding, IpvsDestination } from './ipvs-table.ts'
import type { ServedEntry } from './service-settings.ts'

/** The largest weight: the kernel takes it for a signed number. */
export const MOST_WEIGHT = 2_147_483_647

/** What makes a server of the kernel: real servers and sorry servers have it. */
export interface Placeable extends Pick<RealServer, 'address' | 'port' | 'uthreshold' | 'lthreshold'> {
  readonly lvsMethod: ForwardingMethod
}

/** A weight within its bounds. */
export function boundedWeight(weight: number): number {
  return Math.min(Math.max(weight, 0), MOST_WEIGHT)
}

/** Where a server is for one of the services of its virtual server. */
export type Place = Pick<IpvsDestination, 'address' | 'port'>

/**
 * The port that a server has for a service: address translation alone can change that of a packet; otherwise it is that of the service.
 *
 * @param isOfGroup the ports of other virtual servers are right already
 */
export function placeOf({ address, lvsMethod, port }: Placeable, { key }: ServedEntry, isOfGroup: boolean): Place {
  return { address, port: isOfGroup && lvsMethod.method !== 'NAT' ? (key.port ?? 0) : port }
}

/** Whether a service can have a server: only tunnels lead from one address family to the other. */
export function canServe({ address, lvsMethod }: Placeable, { family }: ServedEntry): boolean {
  return lvsMethod.method === 'TUN' || (familyOf(address) === 6) === (family === 'inet6')
}

/** A server as a service gets it. */
export function destinationOf(server: Placeable, weight: number, { address, port }: Place): IpvsDestination {
  const { lvsMethod, uthreshold, lthreshold } = server
  const plain: IpvsDestination = {
    address,
    port,
    forwarding: forwardingOf(lvsMethod),
    weight,
    upperThreshold: uthreshold,
    // The kernel refuses a server whose lower limit is above the upper one.
    lowerThreshold: Math.min(lthreshold, uthreshold),
  }
  if (lvsMethod.method !== 'TUN' || lvsMethod.type === 'ipip') return plain
  return { ...plain, ...(lvsMethod.port === undefined ? {} : { tunnelPort: lvsMethod.port }), tunnelChecksum: lvsMethod.checksum }
}

function forwardingOf({ method, type }: ForwardingMethod): Forwarding {
  switch (method) {
    case 'NAT':
      return 'masquerade'
    case 'DR':
      return 'directRoute'
    case 'TUN':
      return type
  }
}
