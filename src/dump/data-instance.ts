import type { InstanceDetails } from '#native'
import type { VrrpInstance } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import { scriptText } from './account-text.ts'
import { addressText } from './address-text.ts'
import { clockText, secondsText } from './clock-text.ts'
import { authenticationLines, flagLines, multicastLines, unicastLines } from './data-addressing.ts'
import { routeText } from './route-text.ts'
import { ruleText } from './rule-text.ts'
import type { NotifyScripts } from '../notify/scripts.ts'
import type { DumpedInstance } from './state.ts'
import { US_PER_MS, US_PER_S } from '../config/forms/numbers.ts'

type Lines = readonly (string | undefined)[]
/** What an instance or a sync group tracks. */
type Tracking = Pick<VrrpInstance, 'trackInterface' | 'trackScript' | 'trackFile' | 'trackProcess' | 'trackBfd'>

/** An instance of the VRRP topology. @param group the sync group that it is a member of */
export function instanceText({ config, details }: DumpedInstance, group: string | undefined): string {
  const lines: Lines = [
    ...stateLines(config, details, group),
    ...timeLines(config, details),
    ...linkLines(config, details),
    ...announcementLines(config),
    ...priorityLines(config, details),
    ...authenticationLines(config),
    ...addressLines(config, details.addressesHeld),
    ...trackedLines(config),
    `Using smtp notification = ${config.smtpAlert ? 'yes' : 'no'}`,
    `Notify deleted = ${config.notifyDeleted === undefined ? 'Fault' : 'Deleted'}`,
    ...notifyLines(config),
    `Notify priority changes = ${config.notifyPriorityChanges}`,
  ]
  return ` VRRP Instance = ${config.name}\n${lines.flatMap((text) => (text === undefined ? [] : [`   ${text}\n`])).join('')}`
}

function stateLines(config: VrrpInstance, { status, ...details }: InstanceDetails, group: string | undefined): Lines {
  const isBackup = status.state === 'BACKUP' && status.masterAddress !== undefined
  return [
    `VRRP Version = ${config.version}`,
    config.family === 6 ? 'Using Native IPv6' : undefined,
    ...checksumLines(config, details),
    group === undefined ? undefined : `Sync group = ${group}`,
    `State = ${status.state}`,
    isBackup ? `Master router = ${status.masterAddress}` : undefined,
    isBackup ? `Master priority = ${status.masterPriority ?? 0}` : undefined,
    isBackup && config.version === 3 ? `Master advert int = ${(details.masterAdvertIntUs / US_PER_S).toFixed(2)} sec` : undefined,
    ...flagLines(config),
    // There is nothing that an instance is on the way to and has not reached.
    `Wantstate = ${status.state}`,
    `Number of tracker faults = ${status.trackerFaults}`,
    `Flags of interface faults - ${faultText(details)}`,
    `Number of track scripts init = ${status.trackersAwaited}`,
  ]
}

/** What the checksums of IPv4 VRRPv3 cover, ours and those heard. */
function checksumLines(config: VrrpInstance, { checksums }: Pick<InstanceDetails, 'checksums'>): Lines {
  if (config.family !== 4 || config.version !== 3) return []
  return [
    `VRRPv3 uses VRRPv2 checksum = ${enabled(config.v3ChecksumAsV2)}`,
    config.v3ChecksumFollowPeer ? 'VRRPv3 checksum follows the other routers' : undefined,
    ...checksums.map(({ address, form }) => `Checksum of ${address} = ${form}`),
  ]
}

type LinkFaults = Pick<InstanceDetails, 'linkDown' | 'noSource' | 'sourceLost' | 'noPeers'>

function faultText({ linkDown, noSource, sourceLost, noPeers }: LinkFaults): string {
  const words = [
    ...(linkDown ? ['interface down'] : []),
    ...(noSource ? ['no source address'] : []),
    ...(sourceLost ? ['source address lost'] : []),
    ...(noPeers ? ['no unicast peers'] : []),
  ]
  return words.length === 0 ? '(none)' : words.join(', ')
}

function timeLines(config: VrrpInstance, details: InstanceDetails): Lines {
  return [
    `Last transition = ${details.changedAtMs === undefined ? 'never' : clockText(details.changedAtMs)}`,
    `Read timeout = ${details.timerAtMs === undefined ? 'DISABLED' : clockText(details.timerAtMs)}`,
    `Master down timer = ${Math.round(details.masterDownUs)} usecs`,
    config.isStateExplicit ? `Initial state = ${config.state}` : undefined,
  ]
}

function linkLines(config: VrrpInstance, details: InstanceDetails): Lines {
  const isWritten = config.mcastSrcIp !== undefined || config.unicastSrcIp !== undefined
  return [
    `Interface = ${config.interface ?? '(none)'}`,
    config.dontTrackPrimary ? 'VRRP interface tracking disabled' : undefined,
    config.skipCheckAdvAddr ? 'Skip checking advert IP addresses' : undefined,
    `Using src_ip = ${details.sourceAddress ?? '(none)'}${isWritten ? ' (from configuration)' : ''}`,
    ...multicastLines(config, details.joinedIfindex),
  ]
}

function announcementLines(config: VrrpInstance): Lines {
  return [
    `Gratuitous ARP delay = ${config.garpMasterDelayUs / US_PER_S}`,
    `Gratuitous ARP repeat = ${config.garpMasterRepeat}`,
    `Gratuitous ARP refresh = ${config.garpMasterRefreshUs / US_PER_S}`,
    `Gratuitous ARP refresh repeat = ${config.garpMasterRefreshRepeat}`,
    `Gratuitous ARP lower priority delay = ${config.garpLowerPrioDelayUs / US_PER_S}`,
    `Gratuitous ARP lower priority repeat = ${config.garpLowerPrioRepeat}`,
    `Down timer adverts = ${config.downTimerAdverts}`,
    `Send advert after receive lower priority advert = ${!config.lowerPrioNoAdvert}`,
    `Send advert after receive higher priority advert = ${config.higherPrioSendAdvert}`,
  ]
}

function priorityLines(config: VrrpInstance, details: InstanceDetails): Lines {
  const { status } = details
  const inMs = (us: number): string => `${Math.round(us / US_PER_MS)} milli-sec`
  const isV3 = config.version === 3
  return [
    `Virtual Router ID = ${config.virtualRouterId}`,
    `Priority = ${config.priority}`,
    `Effective priority = ${status.priority}`,
    `Total priority = ${status.totalPriority}`,
    `Advert interval = ${isV3 ? inMs(config.advertIntUs) : `${config.advertIntUs / US_PER_S} sec`}`,
    isV3 && status.state === 'BACKUP' ? `Master advert interval = ${inMs(details.masterAdvertIntUs)}` : undefined,
    details.advertisedAtMs === undefined ? undefined : `Last advert sent = ${secondsText(details.advertisedAtMs)}`,
    `Accept = ${enabled(config.accept)}`,
    `Preempt = ${enabled(config.preempt)}`,
    config.preemptDelayUs === 0 ? undefined : `Preempt delay = ${config.preemptDelayUs / US_PER_S} secs`,
    `Promote_secondaries = ${enabled(config.promoteSecondaries)}`,
  ]
}

function addressLines(config: VrrpInstance, held: readonly boolean[]): Lines {
  const { virtualIpaddress, virtualIpaddressExcluded, virtualRoutes, virtualRules } = config
  const excludedFrom = virtualIpaddress.length
  return [
    `Virtual IP (${virtualIpaddress.length}):`,
    ...virtualIpaddress.map((address, index) => `  ${addressText(address, held[index] ?? false)}`),
    ...unicastLines(config),
    ...list(
      'Virtual IP Excluded :',
      virtualIpaddressExcluded.map((address, index) => addressText(address, held[excludedFrom + index] ?? false)),
    ),
    ...list(
      'Virtual Routes :',
      virtualRoutes.map((route) => routeText(route)),
    ),
    ...list(
      'Virtual Rules :',
      virtualRules.map((rule) => ruleText(rule)),
    ),
  ]
}

/** What an instance tracks and what of it counts how much. */
export function weightText({ weight, reverse }: { readonly weight: number; readonly reverse: boolean }, between = ' '): string {
  return `${between}weight ${weight}${reverse ? ' reverse' : ''}`
}

/** What an instance or a sync group tracks. */
export function trackedLines(config: Tracking): readonly string[] {
  return [
    ...list(
      'Tracked interfaces :',
      config.trackInterface.map((tracked) => `${tracked.interface}${tracked.weight === 0 ? '' : weightText(tracked)}`),
    ),
    ...list(
      'Tracked scripts :',
      config.trackScript.map((tracked) => `${tracked.name}${weightText(tracked)}`),
    ),
    ...list(
      'Tracked files :',
      config.trackFile.map((tracked) => `${tracked.name}${weightText(tracked, ', ')}`),
    ),
    ...list(
      'Tracked processes :',
      config.trackProcess.map((tracked) => `${tracked.name}${weightText(tracked, ', ')}`),
    ),
    ...list(
      'Tracked BFDs :',
      config.trackBfd.map((tracked) => `${tracked.name}${weightText(tracked, ': ')}`),
    ),
  ]
}

/** The scripts of an instance or a sync group. */
export function notifyLines(config: NotifyScripts): readonly string[] {
  const scripts: readonly (readonly [string, ScriptCommand | true | undefined])[] = [
    ['Backup state', config.notifyBackup],
    ['Master state', config.notifyMaster],
    ['Fault state', config.notifyFault],
    ['Stop state', config.notifyStop],
    ['Deleted state', config.notifyDeleted],
    ['Generic state', config.notify],
    ['Master rx lower pri state', config.notifyMasterRxLowerPri],
  ]
  return scripts.flatMap(([kind, script]) =>
    script === undefined || script === true ? [] : [`${kind} transition script = ${scriptText(script)}`],
  )
}

function list(title: string, texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : [title, ...texts.map((text) => `  ${text}`)]
}

function enabled(value: boolean): string {
  return value ? 'enabled' : 'disabled'
}
