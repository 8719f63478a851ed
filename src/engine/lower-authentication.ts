import type { AuthHmacConfig, InstanceConfig } from '#native'
import type { GlobalDefs, VrrpInstance } from '../config/model.ts'
import { optional } from './optional.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

type Authenticated = Pick<InstanceConfig, 'authPass' | 'authAh' | 'authHmac'>
type Checksummed = Pick<InstanceConfig, 'checksum' | 'oldUnicastGroup'>

/** How advertisements are authenticated: the keys leave the configuration here, and go nowhere but into the engine. */
export function lowerAuthentication({ authentication, authHmac }: VrrpInstance): Authenticated {
  const password = authentication?.authPass?.reveal()
  const hmac: AuthHmacConfig | undefined = authHmac && {
    keys: authHmac.keys.map(({ id, key }) => ({ id, key: key.reveal() })),
    activeKey: authHmac.activeKey ?? 0,
    timeWindowS: authHmac.timeWindowUs / US_PER_S,
    antiReplay: authHmac.antiReplay,
    mode: authHmac.mode,
  }
  return { ...optional(authentication?.authType === 'AH' ? 'authAh' : 'authPass', password), ...optional('authHmac', hmac) }
}

/** What the checksums of VRRPv3 over IPv4 cover. */
export function lowerChecksum(instance: VrrpInstance, { vrrpMcastGroup4 }: GlobalDefs): Checksummed {
  return { checksum: formsOf(instance), oldUnicastGroup: vrrpMcastGroup4 }
}

function formsOf({ v3ChecksumAsV2, v3ChecksumFollowPeer, oldUnicastChecksum }: VrrpInstance): NonNullable<InstanceConfig['checksum']> {
  // It accepts whatever the others say, and says what they do.
  if (v3ChecksumFollowPeer) return 'follow-peer'
  if (v3ChecksumAsV2) return 'no-pseudo-header'
  if (oldUnicastChecksum === undefined) return 'standard'
  return oldUnicastChecksum === 'never' ? 'standard-only' : 'old-unicast'
}
