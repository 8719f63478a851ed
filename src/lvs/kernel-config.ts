/** What a configuration wants of IPVS beside services: timeouts, sync daemons, flushing (lvs.md §3.3, §4.1, §4.2). */
import { US_PER_S } from '../config/forms/numbers.ts'
import type { GlobalDefs, LvsSyncDaemon, LvsTimeouts } from '../config/model.ts'
import type { IpvsConfig, IpvsSyncDaemon } from './ipvs-table.ts'

/** All but the services. */
export function kernelConfig({ lvsFlush, lvsFlushOnStop, lvsTimeouts, lvsSyncDaemon }: GlobalDefs): Omit<IpvsConfig, 'services' | 'kept'> {
  return {
    flush: lvsFlush,
    flushOnStop: lvsFlushOnStop === undefined ? 'off' : lvsFlushOnStop === 'VS' ? 'services' : 'all',
    ...(lvsTimeouts === undefined ? {} : { timeouts: timeoutsOf(lvsTimeouts) }),
    syncDaemons: lvsSyncDaemon === undefined ? [] : [syncDaemonOf(lvsSyncDaemon)],
  }
}

/** Zero keeps what the kernel has, as an absent one does. */
function timeoutsOf({ tcpUs = 0, tcpfinUs = 0, udpUs = 0 }: LvsTimeouts): NonNullable<IpvsConfig['timeouts']> {
  return {
    ...(tcpUs > 0 ? { tcpSeconds: Math.round(tcpUs / US_PER_S) } : {}),
    ...(tcpfinUs > 0 ? { tcpFinSeconds: Math.round(tcpfinUs / US_PER_S) } : {}),
    ...(udpUs > 0 ? { udpSeconds: Math.round(udpUs / US_PER_S) } : {}),
  }
}

/** With an instance it begins as Backup and follows; without, both run. */
function syncDaemonOf({ instance, interface: link, id, maxlen, port, ttl, group }: LvsSyncDaemon): IpvsSyncDaemon {
  return {
    ...(instance === undefined ? { role: 'both' } : { role: 'backup', followsInstance: true }),
    interface: link,
    id,
    ...(maxlen === undefined ? {} : { maxlen }),
    ...(port === undefined ? {} : { port }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(group === undefined ? {} : { group }),
  }
}
