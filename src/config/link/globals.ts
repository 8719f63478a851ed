/** `global_defs`: defaults, and the rules among its own lines. */
import type { ConfigDraft, GlobalDefsDraft } from '../drafts.ts'
import { GLOBAL_DEFS } from '../keywords/global-defs.ts'
import { LEAST_GARP, DEFAULT_GARP } from '../keywords/min-garp.ts'
import type { GarpExtraIf, GlobalDefs, LvsTimeouts } from '../model.ts'
import { emptyBlocks, findTopLevel } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import type { Given } from './complete.ts'
import { linkFifos } from './fifos.ts'
import { admitGlobal } from './scripts.ts'
import type { LinkContext } from './scripts.ts'
import { linkSyncDaemon } from './sync-daemon.ts'

/** The nftables table that takes the place of iptables. */
const TABLE = 'keepalived'

/** The settings that count for the daemon as a whole, defaults applied. */
export function linkGlobals(draft: ConfigDraft, context: LinkContext): GlobalDefs {
  const written = draft.globalDefs ?? { at: 0 }
  const { diagnostics, host, tokens } = context
  const blocks = written.notificationEmail === undefined ? [] : findTopLevel(tokens, 'global_defs')
  for (const at of blocks.flatMap((block) => emptyBlocks(tokens, block, 'notification_email'))) {
    diagnostics.warning('empty-block', tokens.span(at), "'notification_email' lists no address")
  }
  return complete<GlobalDefs>(GLOBAL_DEFS, written, {
    routerId: written.routerId ?? host.hostname,
    allowIfChanges: written.allowIfChanges ?? false,
    // Scripts that would need a bad account are gone.
    scriptUser: written.badScriptUser !== undefined ? undefined : written.scriptUser,
    vmacAddrPrefix: written.vmacAddrPrefix ?? written.vmacPrefix ?? 'vrrp',
    ...mail(written, context),
    ...garp(written),
    startupScript: admitGlobal('startup_script', written.startupScript, context),
    shutdownScript: admitGlobal('shutdown_script', written.shutdownScript, context),
    ...linkFifos(draft, context),
    ...lvs(draft, context),
    ...snmp(written),
    // A table takes the place of chains.
    vrrpIptables: undefined,
    nftables: written.nftables ?? (written.vrrpIptables === undefined ? undefined : TABLE),
  })
}

/** Mail is off unless there is a relay. */
function mail(written: GlobalDefsDraft, { host }: ReadContext): Given<GlobalDefs> {
  const { smtpServer, smtpAlert = false } = written
  const sender = smtpServer === undefined ? undefined : `${host.userName}@${host.hostname}`
  return {
    notificationEmailFrom: written.notificationEmailFrom ?? sender,
    smtpServer: smtpServer === undefined ? undefined : { host: smtpServer.host ?? '', port: smtpServer.port ?? 0 },
    smtpHeloName: written.smtpHeloName ?? host.hostname,
    smtpAlertVrrp: written.smtpAlertVrrp ?? smtpAlert,
    smtpAlertChecker: written.smtpAlertChecker ?? smtpAlert,
  }
}

function garp(written: GlobalDefsDraft): Given<GlobalDefs> {
  const standard = written.vrrpMinGarp === true ? LEAST_GARP : DEFAULT_GARP
  const { vrrpGarpMasterDelayUs = standard.vrrpGarpMasterDelayUs, vrrpGarpMasterRepeat = standard.vrrpGarpMasterRepeat } = written
  return {
    vrrpGarpMasterDelayUs,
    vrrpGarpMasterRepeat,
    vrrpGarpMasterRefreshRepeat: written.vrrpGarpMasterRefreshRepeat ?? standard.vrrpGarpMasterRefreshRepeat,
    vrrpGarpLowerPrioDelayUs: written.vrrpGarpLowerPrioDelayUs ?? vrrpGarpMasterDelayUs,
    vrrpGarpLowerPrioRepeat: written.vrrpGarpLowerPrioRepeat ?? vrrpGarpMasterRepeat,
    vrrpGarpExtraIf: extraIf(written),
  }
}

function extraIf({ vrrpGarpExtraIf }: GlobalDefsDraft): GarpExtraIf | undefined {
  if (vrrpGarpExtraIf === undefined) return undefined
  const { periodUs = 0, all = false } = vrrpGarpExtraIf
  return { periodUs, all }
}

function lvs(draft: ConfigDraft, context: ReadContext): Given<GlobalDefs> {
  const { lvsTimeouts } = draft.globalDefs ?? {}
  return {
    lvsTimeouts: lvsTimeouts === undefined ? undefined : timeouts(lvsTimeouts),
    lvsSyncDaemon: linkSyncDaemon(draft, context),
  }
}

function timeouts({ tcpUs, tcpfinUs, udpUs }: { tcpUs?: number; tcpfinUs?: number; udpUs?: number }): LvsTimeouts {
  return { tcpUs, tcpfinUs, udpUs }
}

/** `enable_snmp_rfc` stands for both. */
function snmp(written: GlobalDefsDraft): Given<GlobalDefs> {
  const { enableSnmpRfc = false, enableSnmpRfcv2 = false, enableSnmpRfcv3 = false } = written
  return {
    enableSnmpRfcv2: enableSnmpRfc || enableSnmpRfcv2,
    enableSnmpRfcv3: enableSnmpRfc || enableSnmpRfcv3,
    snmpRsStatsUpdateIntervalUs: written.snmpRsStatsUpdateIntervalUs ?? written.snmpVsStatsUpdateIntervalUs ?? 5_000_000,
  }
}
