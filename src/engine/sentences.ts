import type { Cause, EventKind, Notice } from '#native'
import type { VrrpInstance } from '../config/model.ts'
import { followedSentence, rejectionSentence, skewSentence } from './rejection-sentence.ts'
import { sourceAnnounced, unicastFault } from './unicast-sentences.ts'
import { addressDuplicate, linkChanged, noSource, rivalGone, rivalMaster } from './link-sentences.ts'
import { US_PER_MS, US_PER_S } from '../config/forms/numbers.ts'

/** An event as one line of the log: keepalived's own sentence where operators search for one. */
export interface Sentence {
  /** `debug` is what keepalived says with `-D` only. */
  readonly level: 'info' | 'warn' | 'error' | 'debug' | 'trace'
  readonly text: string
}

/** What the configuration says of an instance, as far as sentences need it. */
export type Described = Pick<
  VrrpInstance,
  | 'interface'
  | 'family'
  | 'version'
  | 'virtualRouterId'
  | 'virtualIpaddress'
  | 'virtualIpaddressExcluded'
  | 'virtualRoutes'
  | 'virtualRules'
> &
  Partial<Pick<VrrpInstance, 'mcastSrcIp' | 'unicastPeer' | 'unicastSrcIp'>>

const info = (text: string): Sentence => ({ level: 'info', text })
const warn = (text: string): Sentence => ({ level: 'warn', text })
const debug = (text: string): Sentence => ({ level: 'debug', text })

const US_PER_CENTISECOND = 10_000

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
    case 'groupStateChanged':
      // keepalived says that the members follow, which is in src/log/group-sentences.ts.
      return [{ level: 'trace', text: `VRRP_Group(${event.group}) is in ${event.to} state` }]
    case 'notice':
      return [withInstance(event.instance, notice(event.notice, described))]
    case 'signal':
      return [{ level: 'trace', text: `signal ${event.signal} received` }]
    case 'linkChanged':
      return linkChanged(event)
    case 'unknownVrid':
      return [info(`Unknown VRID(${event.vrid}) received on interface(${event.interface}). ignoring...`)]
    case 'addressDuplicate':
      return [addressDuplicate(event)]
    case 'addressRefused': {
      const text = `the kernel refused to ${event.operation} ${event.address} on ${event.interface}: ${event.message}; retrying`
      return [withInstance(event.instance, { level: 'error', text })]
    }
    case 'addressLost':
      return [
        debug(`Netlink reflector reports IP ${event.address} removed from ${event.interface}`),
        warn(`(${event.instance}) ${event.address} was removed from ${event.interface} by somebody else; adding it again`),
      ]
    case 'objectLost':
      if (event.instance === '') return [warn(`Restoring deleted static ${event.kind} ${event.object}`)]
      return [warn(`(${event.instance}) ${event.kind} ${event.object} was removed by somebody else; adding it again`)]
    case 'objectRefused': {
      const text = `the kernel refused to ${event.operation} ${event.kind} ${event.object}: ${event.message}; retrying`
      return [withInstance(event.instance, { level: 'error', text })]
    }
    case 'addressChanged':
      return [info(`Netlink reflector reports IP ${event.address} ${event.added ? 'added to' : 'removed from'} ${event.interface}`)]
    case 'sendFailed':
      return [{ level: 'error', text: `(${event.instance}): send advert error ${event.errno} (${event.message})` }]
    case 'trackerStale':
      return [warn(`VRRP_Script(${event.tracker}) has had no result for too long and counts as failed`)]
    case 'trackerFresh':
      return [info(`VRRP_Script(${event.tracker}) has results again`)]
    case 'trackerChanged':
      return trackerChanged(event)
    case 'trackerProblem':
      return [warn(event.message)]
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

type TrackerChange = Extract<EventKind, { type: 'trackerChanged' }>

/** Of an interface that is tracked the kernel's own report is told, see {@link linkChanged}. */
function trackerChanged({ tracker, kind, state, number, initial }: TrackerChange): readonly Sentence[] {
  if (initial) return []
  switch (kind) {
    case 'interface':
    // Who waits for an address says what comes of it.
    case 'address':
      return []
    case 'file':
      return number === undefined ? [] : [debug(`tracked file ${tracker} now holds ${number}`)]
    case 'process':
      return [info(`Quorum ${state === 'up' ? 'gained' : 'lost'} for tracked process ${tracker}`)]
  }
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
  return [...linkDown(event, described), ...told, ...sourceAnnounced(event, described).map(debug)]
}

/** What becomes of the virtual addresses, routes and rules. */
function held({ from, to }: StateChange, described: Described): Sentence[] {
  const { virtualIpaddress, virtualIpaddressExcluded, virtualRoutes, virtualRules } = described
  const isSet = to === 'MASTER'
  if (!isSet && from !== 'MASTER' && from !== 'INIT') return []
  const say = (what: string, items: readonly unknown[]): Sentence[] =>
    items.length > 0 ? [debug(`${isSet ? 'setting' : 'removing'} ${what}`)] : []
  const addresses = [...say('VIPs.', virtualIpaddress), ...say('E-VIPs.', virtualIpaddressExcluded)]
  const [routes, rules] = [say('Virtual Routes', virtualRoutes), say('Virtual Rules', virtualRules)]
  if (!isSet) return [...rules, ...routes, ...addresses]
  return [...addresses, ...routes, ...rules, ...[...virtualIpaddress, ...virtualIpaddressExcluded].map(announcing)]
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
      return [
        ...[...noSource(cause, family), ...unicastFault(cause, described)].map(info),
        ...(cause.objects ? [warn('entering FAULT state (others keep removing its addresses, routes or rules)')] : []),
      ]
    }
    case 'start':
    case 'addressOwner':
    case 'higherPriorityAdvertisement':
    case 'faultsCleared':
    case 'group':
    // What was removed is said by an event of its own.
    case 'lostObject':
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
      return warn(rejectionSentence(event.source, event.rejection, described))
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
    case 'clockSkew':
      return warn(skewSentence(event))
    case 'checksumFollowed':
      return warn(followedSentence(event))
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
    case 'rivalMaster':
      return rivalMaster(event)
    case 'rivalGone':
      return rivalGone(event)
    case 'effectivePriorityChanged':
      return info(`Changing effective priority from ${event.from} to ${event.to}`)
    case 'preemptDelayStarted':
      return info(`start preempt delay (${(event.delayUs / US_PER_S).toFixed(6)})`)
    case 'preemptDelayStopped':
      return info('stop preempt delay')
  }
}
