/** What of a configuration is about interfaces and not about one instance. */
import type { EngineConfig, GarpPacing, ReceiveBuffers } from '#native'
import type { Config, VrrpInstance } from '../config/model.ts'
import { US_PER_MS, US_PER_S } from '../config/forms/numbers.ts'

/** The engine counts octets with 32 bits. */
const MAX_OCTETS = 0xffff_ffff

type Links = Pick<EngineConfig, 'delayAfterBootMs' | 'garpPacing' | 'interfaceDelays' | 'logUnknownVrids' | 'receiveBuffers'>

/** How interfaces are listened to and announced on. */
export function lowerLinks(config: Config): Links {
  const { globalDefs } = config
  return {
    delayAfterBootMs: Math.ceil(globalDefs.vrrpDelayAfterBootUs / US_PER_MS),
    garpPacing: lowerPacing(config),
    interfaceDelays: config.interfaceUpDownDelays.map((delays) => ({ ...delays })),
    logUnknownVrids: globalDefs.logUnknownVrids,
    receiveBuffers: lowerBuffers(config),
  }
}

/** A group has what it says and nothing of the global limits: as keepalived does it. */
function lowerPacing({ globalDefs, garpGroups }: Config): GarpPacing {
  return {
    garpIntervalUs: globalDefs.vrrpGarpIntervalUs,
    gnaIntervalUs: globalDefs.vrrpGnaIntervalUs,
    groups: garpGroups.map(({ garpIntervalUs = 0, gnaIntervalUs = 0, interfaces }) => ({
      interfaces: [...interfaces],
      garpIntervalUs,
      gnaIntervalUs,
    })),
  }
}

/** All instances share a socket, so that it is made large enough for the wishes of all of them. */
function lowerBuffers({ globalDefs, vrrpInstances }: Config): ReceiveBuffers {
  const { vrrpRxBufsPolicy: policy, vrrpRxBufsMultiplier: multiplier } = globalDefs
  const ofEach = typeof policy === 'number' ? policy : 0
  const bytes = vrrpInstances.reduce((sum, { kernelRxBufSize }) => sum + (kernelRxBufSize ?? ofEach), 0)
  return {
    bytes: Math.min(bytes, MAX_OCTETS),
    mtuMultiplier: policy === 'MTU' ? multiplier : 0,
    advertMultiplier: policy === 'ADVERT' ? multiplier : 0,
  }
}

/** Without `all` only VMACs are extra interfaces, and there are none. */
export function extraInterfacesS({ garpExtraIf }: Pick<VrrpInstance, 'garpExtraIf'>): number {
  return garpExtraIf?.all === true ? garpExtraIf.periodUs / US_PER_S : 0
}
