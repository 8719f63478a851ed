/** The kernel's table of services, as the policy sees it: the part of the addon's class `Ipvs` that it uses. */

/** How packets get to a server. */
export type Forwarding = 'masquerade' | 'directRoute' | 'ipip' | 'gue' | 'gre'

/** A server of a service. */
export interface IpvsDestination {
  readonly address: string
  /** 0: the one that a packet is for. */
  readonly port: number
  readonly forwarding: Forwarding
  /** Of gue. */
  readonly tunnelPort?: number
  readonly tunnelChecksum?: 'nocsum' | 'csum' | 'remcsum'
  readonly weight: number
  readonly upperThreshold: number
  readonly lowerThreshold: number
}

/** What tells services apart: protocol, address and port, or family and mark. */
export interface IpvsServiceKey {
  /** Number of an IP protocol. */
  readonly protocol?: number
  readonly address?: string
  /** 0: any. */
  readonly port?: number
  readonly mark?: number
  /** Of a mark. */
  readonly family?: 'inet' | 'inet6'
}

/** How a service distributes connections. */
export interface IpvsServiceSettings {
  readonly scheduler: string
  /** Bits of `IP_VS_SVC_F_*` of include/uapi/linux/ip_vs.h. */
  readonly flags: number
  readonly persistenceSeconds?: number
  /** IPv4: a mask, 0xffffff00 for 24 bits; IPv6: the length of a prefix. Absent: each client for itself. */
  readonly netmask?: number
  readonly persistenceEngine?: string
}

/** A service with all its servers. */
export interface IpvsService extends IpvsServiceKey, IpvsServiceSettings {
  /** Stands for the key in other calls. */
  readonly id: number
  readonly destinations: IpvsDestination[]
}

/** A sync daemon of the kernel. */
export interface IpvsSyncDaemon {
  readonly role: 'master' | 'backup' | 'both'
  /** Its role is that of a virtual router: Master, or Backup. */
  readonly followsInstance?: boolean
  readonly interface: string
  readonly id: number
  readonly maxlen?: number
  readonly port?: number
  readonly ttl?: number
  readonly group?: string
}

/** All that is wanted of the kernel. */
export interface IpvsConfig {
  /** `lvs_flush`: clears the whole table first. Counts in the first call only. */
  readonly flush: boolean
  readonly flushOnStop: 'off' | 'all' | 'services'
  readonly timeouts?: { readonly tcpSeconds?: number; readonly tcpFinSeconds?: number; readonly udpSeconds?: number }
  readonly syncDaemons: IpvsSyncDaemon[]
  readonly services: IpvsService[]
  /** Numbers of services that are wanted already: they stay as they are, with all changes since. All others that are not in `services` go. */
  readonly kept: number[]
}

/** One change of a service's servers. */
export type IpvsChange =
  /** Adds the server, or changes it. */
  | { readonly type: 'setDestination'; readonly service: number; readonly destination: IpvsDestination }
  | { readonly type: 'removeDestination'; readonly service: number; readonly address: string; readonly port: number }
  | { readonly type: 'setWeight'; readonly service: number; readonly address: string; readonly port: number; readonly weight: number }

/** What the kernel's thread tells. */
export type IpvsEvent =
  /** The changes of this number, and all before them, were made or refused. */
  | { readonly type: 'applied'; readonly number: number }
  | {
      readonly type: 'refused'
      /** Such as `AddService`. */
      readonly command: string
      /** The command's number in ip_vs.h, 1154 to 1164. */
      readonly number: number
      readonly service: string
      readonly destination?: string
      readonly errno: number
      /** Such as `EEXIST`. */
      readonly code: string
      /** The same in keepalived's words. */
      readonly text: string
    }
  | {
      readonly type: 'repaired'
      readonly what: 'serviceMissing' | 'serviceChanged' | 'destinationMissing' | 'destinationChanged' | 'foreignDestination'
      readonly service: string
      readonly destination?: string
    }
  | { readonly type: 'overflowed'; readonly skipped: number }

/** Connections of a server of a service. */
export interface IpvsConnections {
  readonly address: string
  readonly port: number
  readonly active: number
  readonly inactive: number
  readonly persistent: number
}

/** What the kernel has, beside what is wanted. */
export interface IpvsSnapshot {
  readonly services: readonly {
    /** Absent: it is not wanted, and still to go. */
    readonly id?: number
    readonly destinations: readonly IpvsConnections[]
  }[]
}

/** What comes of a whole table. */
export interface IpvsReport {
  /** That the record of a process before this one cannot be used. */
  readonly told?: string
}

/** The kernel's table. What is asked for is done in order, by another thread. */
export interface IpvsTable {
  /**
   * Makes all that is there as it is wanted. Resolves when that is done; what the kernel refuses is told by {@link IpvsTable.drain}.
   *
   * @returns as `told`, for the log, that what a process before this one left cannot be known
   * @throws where nothing could be done; everything is as it was
   */
  apply(desired: IpvsConfig): Promise<IpvsReport>
  /** Records what `apply` would make, so that there is room for that. Servers of services do not matter. @throws where there is none */
  reserve(desired: IpvsConfig): Promise<void>
  /** Changes servers of services, in order. @returns the number with which `applied` tells that it is done */
  change(batch: IpvsChange[]): number
  /** Takes what there is to tell, oldest first; so much at once that there may be more. */
  drain(): readonly IpvsEvent[]
  snapshot(): Promise<IpvsSnapshot>
  /** Of one service, asked of the kernel now. */
  connections(service: number): Promise<readonly IpvsConnections[]>
  /** Ends the thread; removes what is ours unless it was opened to leave it. */
  stop(): Promise<void>
}
