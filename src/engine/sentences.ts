import type { Cause, EventKind, Notice, Rejection } from '#native'
import type { VrrpInstance } from '../config/model.ts'

/** An event as one line of the log: keepalived's own sentence where operators search for one. */
export interface Sentence {
  readonly level: 'info' | 'warn' | 'error' | 'debug'
  readonly text: string
}

/** What the configuration says of an instance, as far as sentences need it. */
export type Described = Pick<VrrpInstance, 'interface' | 'family' | 'version' | 'virtualRouterId'>

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
 */
export function sentences(event: EventKind, described?: Described): readonly Sentence[] {
  switch (event.type) {
    case 'stateChanged':
      return stateChanged(event, described)
    case 'notice':
      return [withInstance(event.instance, notice(event.notice, described))]
    case 'signal':
      return [debug(`signal ${event.signal} received`)]
    case 'linkChanged':
      return [link(event.interface, event.up)]
    case 'addressRefused': {
      const text = `the kernel refused to ${event.operation} ${event.address} on ${event.interface}: ${event.message}; retrying`
      return [withInstance(event.instance, { level: 'error', text })]
    }
    case 'addressLost':
      return [warn(`(${event.instance}) ${event.address} was removed from ${event.interface} by somebody else; adding it again`)]
    case 'sendFailed':
      return [{ level: 'error', text: `(${event.instance}) send advert error ${event.errno} (${event.message})` }]
    case 'demoted':
      return [warn('the engine ran too long without a pause and gave up real-time scheduling')]
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

function stateChanged(event: StateChange, described: Described | undefined): Sentence[] {
  const { instance, from, cause, skipped } = event
  const lines: Sentence[] = []
  // The colon is keepalived's.
  if (cause.type === 'fault' && cause.linkDown) {
    const name = described === undefined ? '' : ` ${described.interface}`
    lines.push(info(`(${instance}): entering FAULT state (interface${name} down)`))
  }
  const others = [...reasons(cause, from, described)]
  if (skipped > 0) others.push(warn(`${skipped} changes of state since ${from} were not told one by one`))
  others.push(info(entered(event)))
  return [...lines, ...others.map((line) => withInstance(instance, line))]
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
      return from === 'BACKUP' ? [info('Receive advertisement timeout')] : []
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
        ? info(`master set to ${event.current}`)
        : info(`master changed from ${event.previous} to ${event.current}`)
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
      return event.state === 'MASTER' ? info('Master received priority 0 message') : info('Backup received priority 0 advertisement')
    case 'priorityZeroSent':
      return info('sent 0 priority')
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
