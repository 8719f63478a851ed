import type { Cause, EventKind, Notice, Rejection } from '#native'
import type { VrrpInstance } from '../config/model.ts'

/** An event as one line of the log: keepalived's own sentence where operators search for one. */
export interface Sentence {
  /** `debug` is what keepalived says with `-D` only. */
  readonly level: 'info' | 'warn' | 'error' | 'debug' | 'trace'
  readonly text: string
}

/** What the configuration says of an instance, as far as sentences need it. */
export type Described = Pick<
  VrrpInstance,
  'interface' | 'family' | 'version' | 'virtualRouterId' | 'virtualIpaddress' | 'virtualIpaddressExcluded'
>

const info = (text: string): Sentence => ({ level: 'info', text })
const warn = (text: string): Sentence => ({ level: 'warn', text })
const debug = (text: string): Sentence => ({ level: 'debug', text })

const US_PER_MS = 1_000
const US_PER_CENTISECOND = 10_000
const US_PER_S = 1_000_000

/**
 * The sentences of an event, in order. Most have one.
 *
 * @param described the event's instance; without it the sentences say less
 * @param detailed whether anybody reads `debug`: some events have thousands of such lines, one for each address
 */
export function sentences(event: EventKind, described?: Described, detailed: boolean = true): readonly Sentence[] {
  switch (event.type) {
    case 'stateChanged':
      return stateChanged(event, described, detailed)
    case 'notice':
      return [withInstance(event.instance, notice(event.notice, described))]
    case 'signal':
      return [{ level: 'trace', text: `signal ${event.signal} received` }]
    case 'linkChanged':
      return [link(event.interface, event.up)]
    case 'addressRefused': {
      const text = `the kernel refused to ${event.operation} ${event.address} on ${event.interface}: ${event.message}; retrying`
      return [withInstance(event.instance, { level: 'error', text })]
    }
    case 'addressLost':
      return [
        debug(`Netlink reflector reports IP ${event.address} removed from ${event.interface}`),
        warn(`(${event.instance}) ${event.address} was removed from ${event.interface} by somebody else; adding it again`),
      ]
    case 'addressChanged':
      return [info(`Netlink reflector reports IP ${event.address} ${event.added ? 'added to' : 'removed from'} ${event.interface}`)]
    case 'sendFailed':
      return [{ level: 'error', text: `(${event.instance}): send advert error ${event.errno} (${event.message})` }]
    case 'trackerStale':
      return [warn(`VRRP_Script(${event.tracker}) has had no result for too long and counts as failed`)]
    case 'trackerFresh':
      return [info(`VRRP_Script(${event.tracker}) has results again`)]
    case 'demoted':
      return [warn('the engine ran too long without a pause and gave up real-time scheduling')]
    case 'raised': {
      const late = (event.lateMs / 1_000).toFixed(6)
      return [warn(`the engine was ${late} seconds late and raised its real-time priority to ${event.priority}`)]
    }
    case 'dropped':
      return [warn(`${event.count} events were not told, because nobody took them`)]
  }
}

/** An address that no instance wants any more concerns none. */
function withInstance(instance: string, { level, text }: Sentence): Sentence {
  return { level, text: instance === '' ? text : `(${instance}) ${text}` }
}

function link(name: string, up: boolean | undefined): Sentence {
  if (up === undefined) return info(`Interface ${name} deleted`)
  return info(`Netlink reports ${name} ${up ? 'up' : 'down'}`)
}

type StateChange = Extract<EventKind, { type: 'stateChanged' }>

function stateChanged(event: StateChange, described: Described | undefined, detailed: boolean): Sentence[] {
  const { instance, from, to, cause, skipped } = event
  const before = [...reasons(cause, from, described)]
  if (skipped > 0) before.push(warn(`${skipped} changes of state since ${from} were not told one by one`))
  const addresses = described === undefined || !detailed ? [] : held(event, described)
  // keepalived has nothing to remove at a start either, and says so before it enters the state, unless that is FAULT.
  const isFirst = from === 'INIT' && to === 'BACKUP'
  const lines = isFirst || to === 'STOP' ? [...addresses, info(entered(event))] : [info(entered(event)), ...addresses]
  const told = [...before, ...lines].map((line) => withInstance(instance, line))
  return [...linkDown(event, described), ...told]
}

/** What becomes of the virtual addresses. */
function held({ from, to }: StateChange, { virtualIpaddress, virtualIpaddressExcluded }: Described): Sentence[] {
  const isSet = to === 'MASTER'
  if (!isSet && from !== 'MASTER' && from !== 'INIT') return []
  const verb = isSet ? 'setting' : 'removing'
  return [
    ...(virtualIpaddress.length > 0 ? [debug(`${verb} VIPs.`)] : []),
    ...(virtualIpaddressExcluded.length > 0 ? [debug(`${verb} E-VIPs.`)] : []),
    ...(isSet ? [...virtualIpaddress, ...virtualIpaddressExcluded].map(announcing) : []),
  ]
}

/** Becoming Master begins with announcing every address. */
function announcing({ address, dev }: Described['virtualIpaddress'][number]): Sentence {
  const what = address.includes(':') ? 'Unsolicited Neighbour Adverts' : 'gratuitous ARPs'
  return debug(`Sending/queueing ${what} on ${dev} for ${address.replace(/\/.*/, '')}`)
}

/** Only at a start: later the line about the link is in front of it. */
function linkDown({ instance, from, cause }: StateChange, described: Described | undefined): Sentence[] {
  if (from !== 'INIT' || cause.type !== 'fault' || !cause.linkDown) return []
  const name = described === undefined ? '' : ` ${described.interface}`
  // The colon is keepalived's.
  return [info(`(${instance}): entering FAULT state (interface${name} down)`)]
}

function entered({ from, to, cause }: StateChange): string {
  if (to === 'STOP') return 'Stopped'
  // As keepalived says it of an instance that starts with a fault.
  if (to === 'FAULT' && from === 'INIT') return 'entering FAULT state'
  return `Entering ${to} STATE${cause.type === 'start' && to === 'BACKUP' ? ' (init)' : ''}`
}

function reasons(cause: Cause, from: string, described: Described | undefined): Sentence[] {
  switch (cause.type) {
    case 'masterDownTimer':
      return from === 'BACKUP' ? [debug('Receive advertisement timeout')] : []
    case 'timerExpired':
      return [warn(`VRRP thread timer expired ${(cause.lateMs / 1_000).toFixed(6)} seconds ago`)]
    case 'fault': {
      const family = described === undefined ? '' : `IPv${described.family} `
      return cause.noSource ? [info(`entering FAULT state (no ${family}address for interface)`)] : []
    }
    case 'start':
    case 'addressOwner':
    case 'higherPriorityAdvertisement':
    case 'faultsCleared':
    case 'stop':
      return []
  }
}

function notice(event: Notice, described: Described | undefined): Sentence {
  switch (event.type) {
    case 'masterChanged':
      return event.previous === undefined
        ? debug(`master set to ${event.current}`)
        : debug(`master changed from ${event.previous} to ${event.current}`)
    case 'advertisementRejected':
      return warn(rejected(event.source, event.rejection, described))
    case 'intervalMismatch':
      return info(
        `advertisement interval mismatch ours = ${event.oursUs / US_PER_CENTISECOND} centi-sec rcv'd=${event.receivedUs / US_PER_CENTISECOND} centi-sec`,
      )
    case 'addressCountMismatch':
      return warn(`expected ${event.expected} VIPs but received ${event.received}`)
    case 'addressMissing':
      return warn(
        `ip address associated with VRID${described === undefined ? '' : ` ${described.virtualRouterId}`} not present in advert from ${event.source}: ${event.address}`,
      )
    case 'intervalLearned':
      return info(`advertisement interval updated from ${event.previousUs / US_PER_MS}ms to ${event.currentUs / US_PER_MS}ms by master`)
    case 'intervalReset':
      return info(`changing advert interval from ${event.previousUs / US_PER_MS}ms to locally configured ${event.currentUs / US_PER_MS}ms`)
    case 'priorityZeroReceived':
      return event.state === 'MASTER' ? info('Master received priority 0 message') : debug('Backup received priority 0 advertisement')
    case 'priorityZeroSent':
      return debug('sent 0 priority')
    case 'lowerPriorityDiscarded':
      return info(`received lower priority (${event.priority}) advert from ${event.source} - discarding`)
    case 'lowerPriorityAdvertisement':
      return info(
        `Received advert from ${event.source} with lower priority ${event.priority}, ours ${event.ours}${event.answered ? ', forcing new election' : ''}`,
      )
    case 'higherPriorityAdvertisement':
      return info(
        event.priority > event.ours
          ? `Master received advert from ${event.source} with higher priority ${event.priority}, ours ${event.ours}`
          : `Master received advert from ${event.source} with same priority ${event.priority} but higher IP address than ours`,
      )
    case 'ownAddressReceived':
      return warn('WARNING - equal priority advert received from remote host with our IP address.')
    case 'ownerConflict':
      return { level: 'error', text: `CONFIGURATION ERROR: ${event.source} claims to be the address owner too` }
    case 'effectivePriorityChanged':
      return info(`Changing effective priority from ${event.from} to ${event.to}`)
    case 'preemptDelayStarted':
      return info(`start preempt delay (${(event.delayUs / US_PER_S).toFixed(6)})`)
    case 'preemptDelayStopped':
      return info('stop preempt delay')
  }
}

function rejected(source: string, rejection: Rejection, described: Described | undefined): string {
  switch (rejection.reason) {
    case 'length': {
      const excess = rejection.received > rejection.expected ? 'long' : 'short'
      return `vrrp packet from ${source} too ${excess}, length ${rejection.received} and expect ${rejection.expected}`
    }
    case 'ttl':
      return `invalid TTL/HL from ${source}. Received ${rejection.received} and expect 255`
    case 'version':
      return `wrong VRRP version from ${source}. Received ${rejection.received} and expect ${rejection.expected}`
    case 'authenticationTypeUnknown':
      return `Invalid auth type from ${source}: ${rejection.received}`
    case 'authenticationTypeMismatch':
      return `received a ${rejection.received} auth from ${source}, expecting ${rejection.expected}!`
    case 'authenticationFailed':
      return `received an invalid passwd from ${source}!`
    case 'advertisementInterval':
      return `advertisement interval mismatch with ${source} mine=${rejection.expectedUs / US_PER_S} sec rcv'd=${rejection.receivedUs / US_PER_S} sec`
    case 'packetType':
      return `Invalid packet type from ${source}. ${rejection.received} and expect 1`
    case 'totalLength':
      return `IP header of packet from ${source} says length ${rejection.stated}, received ${rejection.received}`
    case 'checksum':
      return `Invalid VRRP${described === undefined ? '' : `v${described.version}`} checksum from ${source}`
    case 'destination':
      return `advertisement from ${source} was sent to ${rejection.destination}, not to the group`
    case 'ownerIgnoresAdvertisements':
      return `Dropping packet(s) from ${source} since we are address owner`
  }
}
