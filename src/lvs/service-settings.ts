/** Virtual servers as services of the kernel: what tells these apart, and their settings (lvs.md §4). */
import type { VirtualServer } from '../config/model.ts'
import { US_PER_S } from '../config/forms/numbers.ts'
import type { Served } from './group-members.ts'
import type { IpvsServiceKey, IpvsServiceSettings } from './ipvs-table.ts'
import { familyOf } from '../config/forms/addresses.ts'
import { protocolName } from './names.ts'

/** Bits of `IP_VS_SVC_F_*`. */
const PERSISTENT = 0x1
const ONEPACKET = 0x4
const SCHED1 = 0x8
const SCHED2 = 0x10
const SCHED3 = 0x20

/** Numbers of protocols. */
const PROTOCOLS = { TCP: 6, UDP: 17, SCTP: 132 } as const

/** A service of a virtual server: it has one, or one for each address and mark of its group. */
export interface ServedEntry {
  /** {@link key} in one word. */
  readonly word: string
  readonly key: IpvsServiceKey
  readonly settings: IpvsServiceSettings
  readonly family: 'inet' | 'inet6'
  /** For messages about members of groups. */
  readonly name: string
}

/** The service of a virtual server for something that it serves. */
export function servedEntry(served: Served, virtualServer: VirtualServer): ServedEntry {
  if ('mark' in served) {
    const family = served.family ?? virtualServer.ipFamily
    const settings = settingsOf(virtualServer, family)
    return { word: `mark ${served.mark} ${family}`, key: { mark: served.mark, family }, settings, family, name: `FWM ${served.mark}` }
  }
  const { address, port } = served
  const family = familyOf(address) === 6 ? 'inet6' : 'inet'
  // A virtual server whose group has addresses has a protocol.
  const protocol = virtualServer.protocol ?? 'UDP'
  const name = `[${address}]:${protocolName(protocol)}:${port}`
  return {
    word: name,
    key: { protocol: PROTOCOLS[protocol], address, port },
    settings: settingsOf(virtualServer, family),
    family,
    name,
  }
}

function settingsOf(virtualServer: VirtualServer, family: 'inet' | 'inet6'): IpvsServiceSettings {
  const { lvsSched, persistenceTimeoutUs, persistenceGranularity, persistenceEngine } = virtualServer
  const flags = flagsOf(virtualServer)
  if (persistenceTimeoutUs === undefined) return { scheduler: lvsSched, flags }
  const netmask = netmaskOf(persistenceGranularity, family)
  return {
    scheduler: lvsSched,
    flags: flags | PERSISTENT,
    persistenceSeconds: Math.round(persistenceTimeoutUs / US_PER_S),
    ...(netmask === undefined ? {} : { netmask }),
    ...(persistenceEngine === undefined ? {} : { persistenceEngine }),
  }
}

/** `hashed` has no effect: the kernel sets that bit itself. */
function flagsOf({ ops, flag1, flag2, flag3 }: VirtualServer): number {
  return (ops ? ONEPACKET : 0) | (flag1 ? SCHED1 : 0) | (flag2 ? SCHED2 : 0) | (flag3 ? SCHED3 : 0)
}

/** A mask says nothing to a member of a group that is of the other family. */
function netmaskOf(granularity: string | number | undefined, family: 'inet' | 'inet6'): number | undefined {
  if (typeof granularity === 'number') return family === 'inet6' ? granularity : undefined
  if (granularity === undefined || family === 'inet6') return undefined
  return granularity.split('.').reduce((mask, octet) => mask * 256 + Number(octet), 0)
}
