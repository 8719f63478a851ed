import type { DumpedInstance, DumpState } from './state.ts'

/** `keepalived.stats`: the counters of each instance, in pieces. */
export function* statsPieces({ instances }: DumpState): Generator<string, void, void> {
  for (const instance of instances) yield statsText(instance)
}

function statsText({ config, details }: DumpedInstance): string {
  const { statistics } = details.status
  const { rejected, authenticationExtension: extension } = statistics
  return `VRRP Instance: ${config.name}
  Advertisements:
    Received: ${statistics.advertisementsReceived}
    Sent: ${statistics.advertisementsSent}
  Became master: ${statistics.becameMaster}
  Released master: ${statistics.releasedMaster}
  Packet Errors:
    Length: ${rejected.length + rejected.totalLength}
    TTL: ${rejected.ttl}
    Invalid Type: ${rejected.packetType}
    Advertisement Interval: ${rejected.advertisementInterval}
    Address List: ${statistics.addressListErrors}
  Authentication Errors:
    Invalid Type: ${rejected.authenticationTypeUnknown}
    Type Mismatch: ${rejected.authenticationTypeMismatch}
    Failure: ${rejected.authenticationFailed}
  Authentication Extension Errors:
    Missing: ${extension.missing}
    Malformed: ${extension.malformed}
    Unknown Key: ${extension.unknownKey}
    Invalid HMAC: ${extension.invalidHmac}
    Stale: ${extension.stale}
    Replay: ${extension.replay}
  Priority Zero:
    Received: ${statistics.priorityZeroReceived}
    Sent: ${statistics.priorityZeroSent}
`
}
