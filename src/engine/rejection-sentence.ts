import type { Notice, Rejection } from '#native'
import type { Described } from './sentences.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

type ChecksumFollowed = Extract<Notice, { type: 'checksumFollowed' }>

/** Why an advertisement is ignored. */
export function rejectionSentence(source: string, rejection: Rejection, described: Described | undefined): string {
  switch (rejection.reason) {
    case 'authenticationHeader':
      return `advertisement from ${source} ${rejection.present ? 'has an authentication header' : 'has no authentication header'}`
    case 'length': {
      const excess = rejection.received > rejection.expected ? 'long' : 'short'
      return `vrrp packet from ${source} too ${excess}, length ${rejection.received} and expect ${rejection.expected}`
    }
    case 'ttl':
      return `invalid TTL/HL from ${source}. Received ${rejection.received} and expect 255`
    case 'version':
      return `wrong VRRP version from ${source}. Received ${rejection.received} and expect ${rejection.expected}`
    case 'signatureMissing':
      return `missing authentication trailer from ${source}`
    case 'unknownPeer':
      return `advertisement from ${source}, which is not a unicast peer`
    case 'signatureMalformed':
      return `malformed authentication trailer from ${source}`
    case 'signatureStale': {
      const direction = rejection.skewS > 0 ? 'ahead' : 'behind'
      return `stale authentication trailer from ${source}: ${Math.abs(rejection.skewS)} seconds ${direction}, ${rejection.windowS} are allowed`
    }
    case 'signatureKeyUnknown':
      return `unknown authentication key id ${rejection.id} from ${source}`
    case 'signatureInvalid':
      return `invalid authentication HMAC from ${source}`
    case 'signatureReplayed':
      return `replayed authentication trailer from ${source}`
    case 'authenticationTypeUnknown':
      return `Invalid auth type from ${source}: ${rejection.received}`
    case 'authenticationTypeMismatch':
      return `received a ${rejection.received} auth from ${source}, expecting ${rejection.expected}!`
    case 'authenticationFailed':
      return failed(source, rejection.what)
    case 'advertisementInterval':
      return `advertisement interval mismatch with ${source} mine=${rejection.expectedUs / US_PER_S} sec rcv'd=${rejection.receivedUs / US_PER_S} sec`
    case 'packetType':
      return `Invalid packet type from ${source}. ${rejection.received} and expect 1`
    case 'totalLength':
      return `IP header of packet from ${source} says length ${rejection.stated}, received ${rejection.received}`
    case 'checksum':
      return `Invalid VRRP${described === undefined ? '' : `v${described.version}`} checksum from ${source}`
    case 'destination':
      return wrongDestination(source, rejection.destination)
    case 'ownerIgnoresAdvertisements':
      return `Dropping packet(s) from ${source} since we are address owner`
    case 'peerTtl':
      return `invalid TTL/HL from unicast peer ${source}. Received ${rejection.received} and expect ${rejection.min} to ${rejection.max}`
  }
}

function failed(source: string, what: Extract<Rejection, { reason: 'authenticationFailed' }>['what']): string {
  switch (what) {
    case 'password':
      return `received an invalid passwd from ${source}!`
    case 'integrityCheckValue':
      return `invalid authentication header from ${source}: it is of another password, or of another packet`
    case 'securityParametersIndex':
      return `invalid authentication header from ${source}: its index is not the source address`
    case 'sequenceNumber':
      return `replayed authentication header from ${source}`
  }
}

function wrongDestination(source: string, destination: string): string {
  const isGroup = /^(?:22[4-9]|23\d)\.|^ff/i.test(destination)
  return `advertisement from ${source} was sent to ${destination}, ${isGroup ? 'a group, not to this host' : 'not to the group'}`
}

const FORMS = {
  'pseudo-header': 'with the pseudo-header',
  'no-pseudo-header': 'without a pseudo-header',
  'old-unicast': 'of the old unicast form',
} as const

/** Whose checksums ours are like from now on. */
export function followedSentence({ source, from, to }: ChecksumFollowed): string {
  if (to === 'old-unicast') return `Setting unicast VRRPv3 checksum to old version, as ${source} has it`
  return `Setting VRRPv3 checksum to one ${FORMS[to]}, as ${source} has it; until now ${FORMS[from]}`
}

/** Whose clock differs much from ours. */
export function skewSentence({ source, skewS }: Extract<Notice, { type: 'clockSkew' }>): string {
  return `the clock of ${source} is ${Math.abs(skewS)} seconds ${skewS > 0 ? 'ahead of' : 'behind'} ours: its advertisements may become stale`
}
