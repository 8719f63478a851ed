import type { InstanceConfig, UnicastConfig } from '#native'
import type { VrrpInstance } from '../config/model.ts'
import { optional } from './optional.ts'

/** What of an instance says where its advertisements come from and go to. */
type Ends = Pick<InstanceConfig, 'interface' | 'sourceAddress' | 'trackSource' | 'group' | 'unicast'>

/** Where the advertisements of an instance come from and go to. */
export function lowerEnds(instance: VrrpInstance): Ends {
  const unicast = lowerUnicast(instance)
  // `mcast_src_ip` and `unicast_src_ip` are one setting in keepalived, which an instance has for the way that it sends.
  const { mcastSrcIp, unicastSrcIp } = instance
  const source = unicast === undefined ? (mcastSrcIp ?? unicastSrcIp) : (unicastSrcIp ?? mcastSrcIp)
  return {
    ...optional('interface', instance.interface),
    ...(source === undefined ? {} : { sourceAddress: source, trackSource: instance.trackSrcIp }),
    group: instance.mcastDstIp,
    ...optional('unicast', unicast),
  }
}

/** Without peers an instance uses the group, unless that is a fault. */
function lowerUnicast({ unicastPeer, unicastFaultNoPeer, unicastTtl, checkUnicastSrc }: VrrpInstance): UnicastConfig | undefined {
  if (unicastPeer.length === 0 && !unicastFaultNoPeer) return undefined
  return {
    peers: unicastPeer.map(({ address, minTtl, maxTtl }) => ({ address, minTtl, maxTtl })),
    // With a time to live of 0 nothing would leave this host.
    ...optional('ttl', unicastTtl === 0 ? undefined : unicastTtl),
    checkSource: checkUnicastSrc,
  }
}
