import type { InstanceStatistics, TrackerStatus } from '#native'
import type { Config, VrrpInstance, VrrpTrackProcess } from '../config/model.ts'
import type { ScriptCommand } from '../config/tables/values.ts'
import { addressText } from './address-text.ts'
import { secondsText } from './clock-text.ts'
import { commandText } from './command-text.ts'
import { routeText } from './route-text.ts'
import { ruleText } from './rule-text.ts'
import type { DumpedInstance, DumpState } from './state.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

/** keepalived's numbers of states. */
const STATES = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3, STOP: 98 } as const

type JsonValue = string | number | boolean | readonly string[]
/** A property without a value is left out. */
type JsonObject = Readonly<Record<string, JsonValue | undefined>>

/** `keepalived.json` in the version that the configuration asks for: one line, in pieces. */
export function* jsonPieces(state: DumpState): Generator<string, void, void> {
  const { config } = state
  const isOld = config.globalDefs.jsonVersion === 1
  yield isOld ? '[' : '{"vrrp":['
  for (const [index, instance] of state.instances.entries()) {
    const json = `{"data":${objectText(dataOf(instance, config))},"stats":${objectText(statsOf(instance.details.status.statistics))}}`
    yield index === 0 ? json : `,${json}`
  }
  yield ']'
  if (!isOld) {
    const processes = config.vrrpTrackProcesses.map((process) => objectText(processOf(process, state.trackers)))
    yield processes.length === 0 ? '}' : `,"track_process":[${processes.join(',')}]}`
  }
  yield '\n'
}

/** As keepalived writes it, with every slash escaped. */
function objectText(object: JsonObject): string {
  return JSON.stringify(object).replaceAll('/', String.raw`\/`)
}

function dataOf({ config: instance, details }: DumpedInstance, config: Config): JsonObject {
  const { status } = details
  return {
    iname: instance.name,
    dont_track_primary: bit(instance.dontTrackPrimary),
    skip_check_adv_addr: bit(instance.skipCheckAdvAddr),
    strict_mode: bit(instance.strictMode),
    vmac_ifname: instance.useVmac?.name ?? '',
    ifp_ifname: instance.interface ?? '',
    master_priority: status.masterPriority ?? 0,
    last_transition: details.changedAtMs === undefined ? 0 : Number(secondsText(details.changedAtMs)),
    garp_delay: instance.garpMasterDelayUs / US_PER_S,
    garp_refresh: instance.garpMasterRefreshUs / US_PER_S,
    garp_rep: instance.garpMasterRepeat,
    garp_refresh_rep: instance.garpMasterRefreshRepeat,
    garp_lower_prio_delay: instance.garpLowerPrioDelayUs / US_PER_S,
    garp_lower_prio_rep: instance.garpLowerPrioRepeat,
    lower_prio_no_advert: bit(instance.lowerPrioNoAdvert),
    higher_prio_send_advert: bit(instance.higherPrioSendAdvert),
    vrid: instance.virtualRouterId,
    base_priority: instance.priority,
    effective_priority: status.priority,
    vipset: status.state === 'MASTER' && (details.addressesHeld.length === 0 || details.addressesHeld.includes(true)),
    promote_secondaries: instance.promoteSecondaries,
    adver_int: instance.advertIntUs / US_PER_S,
    master_adver_int: Math.round(details.masterAdvertIntUs) / US_PER_S,
    accept: bit(instance.accept),
    nopreempt: !instance.preempt,
    preempt_delay: instance.preemptDelayUs / US_PER_S,
    state: STATES[status.state],
    wantstate: STATES[status.state],
    version: instance.version,
    smtp_alert: instance.smtpAlert,
    notify_deleted: instance.notifyDeleted !== undefined,
    ...scriptsOf(instance),
    ...heldOf(instance, details.addressesHeld),
    ...trackedOf(instance, config),
    ...authenticationOf(instance),
  }
}

function scriptsOf(instance: VrrpInstance): JsonObject {
  const text = (command: ScriptCommand | true | undefined): string | undefined =>
    command === undefined || command === true ? undefined : commandText(command)
  return {
    script_backup: text(instance.notifyBackup),
    script_master: text(instance.notifyMaster),
    script_fault: text(instance.notifyFault),
    script_stop: text(instance.notifyStop),
    script_deleted: text(instance.notifyDeleted),
    script: text(instance.notify),
    script_master_rx_lower_pri: text(instance.notifyMasterRxLowerPri),
  }
}

function heldOf(instance: VrrpInstance, held: readonly boolean[]): JsonObject {
  const { virtualIpaddress, virtualIpaddressExcluded } = instance
  const excludedFrom = virtualIpaddress.length
  return {
    vips: filled(virtualIpaddress.map((address, index) => addressText(address, held[index] ?? false))),
    evips: filled(virtualIpaddressExcluded.map((address, index) => addressText(address, held[excludedFrom + index] ?? false))),
    vroutes: filled(instance.virtualRoutes.map((route) => routeText(route))),
    vrules: filled(instance.virtualRules.map((rule) => ruleText(rule))),
  }
}

/** keepalived has the command of a script, and of everything else the name. */
function trackedOf(instance: VrrpInstance, { vrrpScripts }: Config): JsonObject {
  const commands = instance.trackScript.flatMap(({ name }) => vrrpScripts.filter((script) => script.name === name))
  return {
    track_ifp: filled(instance.trackInterface.map((tracked) => tracked.interface)),
    track_script: filled(commands.map(({ script }) => commandText(script))),
    track_process: filled(instance.trackProcess.map(({ name }) => name)),
  }
}

function authenticationOf({ authentication }: VrrpInstance): JsonObject {
  const authType = authentication?.authType
  if (authType === undefined) return { auth_type: 0 }
  return { auth_type: authType === 'PASS' ? 1 : 2, auth_data: '********' }
}

function statsOf(statistics: InstanceStatistics): JsonObject {
  const { rejected, authenticationExtension: extension } = statistics
  return {
    advert_rcvd: statistics.advertisementsReceived,
    advert_sent: statistics.advertisementsSent,
    become_master: statistics.becameMaster,
    release_master: statistics.releasedMaster,
    packet_len_err: rejected.length + rejected.totalLength,
    advert_interval_err: rejected.advertisementInterval,
    ip_ttl_err: rejected.ttl,
    invalid_type_rcvd: rejected.packetType,
    addr_list_err: statistics.addressListErrors,
    invalid_authtype: rejected.authenticationTypeUnknown,
    authtype_mismatch: rejected.authenticationTypeMismatch,
    auth_failure: rejected.authenticationFailed,
    auth_ext_missing: extension.missing,
    auth_ext_malformed: extension.malformed,
    auth_ext_unknown_key: extension.unknownKey,
    auth_ext_invalid_hmac: extension.invalidHmac,
    auth_ext_stale: extension.stale,
    auth_ext_replay: extension.replay,
    pri_zero_rcvd: statistics.priorityZeroReceived,
    pri_zero_sent: statistics.priorityZeroSent,
  }
}

function processOf(process: VrrpTrackProcess, trackers: readonly TrackerStatus[]): JsonObject {
  const { params } = process.process
  const known = trackers.find(({ kind, name }) => kind === 'process' && name === process.name)
  return {
    process: process.process.name,
    parameters: params.length === 0 ? undefined : params.join(' '),
    param_match: process.paramMatch ?? (params.length === 0 ? 'none' : 'exact'),
    min_processes: process.quorum,
    max_processes: process.quorumMax,
    current_processes: known?.processes ?? 0,
    have_quorum: known?.state === 'up',
    weight: process.weight,
    terminate_delay: process.terminateDelayUs / US_PER_S,
    fork_delay: process.forkDelayUs / US_PER_S,
    fork_delay_timer_running: known?.isGaining === true,
    terminate_delay_timer_running: known?.isLosing === true,
    full_command: process.fullCommand || params.length > 0,
  }
}

function bit(value: boolean): number {
  return value ? 1 : 0
}

/** A list that is left out when it is empty. */
function filled(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts
}
