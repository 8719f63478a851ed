import type { Config, Fifo, GlobalDefs } from '../config/model.ts'
import { scriptText } from './account-text.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

/** keepalived's own (process.md: X_rlimit_rttime). */
const DEFAULT_RLIMIT_RTTIME_US = 10_000

type Lines = readonly (string | undefined)[]

/** The settings of the whole daemon. What is not acted on is left out. */
export function* globalPieces(config: Config): Generator<string, void, void> {
  const { globalDefs } = config
  const lines: Lines = [
    ...files(config),
    ...processes(globalDefs),
    ...mail(globalDefs),
    ...reloads(globalDefs),
    ...interfaces(globalDefs),
    ...ipvs(globalDefs),
    ...fifos(globalDefs),
    ...vrrp(globalDefs),
    ...priorities(globalDefs),
    ...scripts(globalDefs),
    line('rs_init_notifies', Number(globalDefs.rsInitNotifies)),
    line('no_checker_emails', Number(globalDefs.noCheckerEmails)),
    line('umask', `0${globalDefs.umask.toString(8)}`),
    globalDefs.vrrpStartupDelayUs === 0 ? undefined : line('vrrp_startup_delay', globalDefs.vrrpStartupDelayUs / US_PER_S),
    globalDefs.logUnknownVrids ? ' log_unknown_vrids' : undefined,
  ]
  yield '------< Global definitions >------\n'
  yield lines.flatMap((text) => (text === undefined ? [] : [`${text}\n`])).join('')
}

function files({ globalDefs, netNamespace, netNamespaceIpvs, instance }: Config): Lines {
  return [
    optional('Config save dir', globalDefs.configSaveDir),
    line('Network namespace', netNamespace ?? '(default)'),
    line('Network namespace ipvs', netNamespaceIpvs ?? '(main namespace)'),
    optional('Instance name', instance),
    globalDefs.dataUseInstance ? ' Use instance name in data dumps' : undefined,
    optional('State dump file', globalDefs.stateDumpFile),
    optional('Stats dump file', globalDefs.statsDumpFile),
    optional('Json dump file', globalDefs.jsonDumpFile),
    line('Json version', globalDefs.jsonVersion),
  ]
}

function processes(defs: GlobalDefs): Lines {
  return [
    optional('VRRP process name', defs.vrrpProcessName),
    optional('Startup script', defs.startupScript && scriptText(defs.startupScript)),
    optional('Shutdown script', defs.shutdownScript && scriptText(defs.shutdownScript)),
  ]
}

function mail(defs: GlobalDefs): Lines {
  const { smtpServer, notificationEmail } = defs
  return [
    line('Router ID', defs.routerId),
    optional('Smtp server', smtpServer?.host),
    optional('Smtp server port', smtpServer?.port),
    ...(smtpServer === undefined
      ? []
      : [line('Smtp HELO name', defs.smtpHeloName), line('Smtp server connection timeout', defs.smtpConnectTimeoutUs / US_PER_S)]),
    optional('Email notification from', defs.notificationEmailFrom),
    ...(notificationEmail.length === 0 ? [] : [' Email notification to:', ...notificationEmail.map((address) => `   ${address}`)]),
    line('Default smtp_alert', onOff(defs.smtpAlert)),
    line('Default smtp_alert_vrrp', onOff(defs.smtpAlertVrrp)),
    line('Default smtp_alert_checker', onOff(defs.smtpAlertChecker)),
    line('Checkers log all failures', defs.checkerLogAllFailures),
  ]
}

function reloads(defs: GlobalDefs): Lines {
  const { reloadCheckConfig, reloadTimeFile, reloadFile } = defs
  return [
    reloadCheckConfig === undefined ? ' No test config before reload' : line('Test config before reload, log to', reloadCheckConfig),
    optional('Reload time file', reloadTimeFile && `${reloadTimeFile}${defs.reloadRepeat ? ' (repeat)' : ''}`),
    optional('Reload_file', reloadFile),
  ]
}

function interfaces(defs: GlobalDefs): Lines {
  return [
    line('Dynamic interfaces', defs.dynamicInterfaces),
    line('Default interface', defs.defaultInterface),
    ...ipvsTimeouts(defs),
    line('Disable local IGMP', defs.disableLocalIgmp ? 'yes' : 'no'),
  ]
}

function ipvsTimeouts({ lvsTimeouts }: GlobalDefs): Lines {
  const seconds = (us: number | undefined): number | undefined => (us === undefined ? undefined : us / US_PER_S)
  return [
    optional('LVS TCP timeout', seconds(lvsTimeouts?.tcpUs)),
    optional('LVS TCP FIN timeout', seconds(lvsTimeouts?.tcpfinUs)),
    // 2.2.7 calls it TCP too.
    optional('LVS UDP timeout', seconds(lvsTimeouts?.udpUs)),
  ]
}

function ipvs({ lvsSyncDaemon, lvsFlush, lvsFlushOnStop }: GlobalDefs): Lines {
  const flushOnStop = { none: 'disabled', all: 'full', services: 'VS' } as const
  return [
    optional('LVS syncd vrrp name', lvsSyncDaemon?.instance),
    optional('LVS syncd interface', lvsSyncDaemon?.interface),
    optional('LVS syncd syncid', lvsSyncDaemon?.id),
    optional('LVS syncd maxlen', lvsSyncDaemon?.maxlen),
    lvsSyncDaemon?.group === undefined ? undefined : ` LVS mcast group ${lvsSyncDaemon.group}`,
    optional('LVS syncd mcast port', lvsSyncDaemon?.port),
    optional('LVS syncd mcast ttl', lvsSyncDaemon?.ttl),
    line('LVS flush', lvsFlush),
    line('LVS flush on stop', flushOnStop[lvsFlushOnStop === undefined ? 'none' : lvsFlushOnStop === true ? 'all' : 'services']),
  ]
}

function fifos(defs: GlobalDefs): Lines {
  return [
    optional('Global notify fifo', defs.notifyFifo && fifoText(defs.notifyFifo)),
    optional('Global notify fifo script', defs.notifyFifoScript && scriptText(defs.notifyFifoScript)),
    optional('VRRP notify fifo', defs.vrrpNotifyFifo && fifoText(defs.vrrpNotifyFifo)),
    optional('VRRP notify fifo script', defs.vrrpNotifyFifoScript && scriptText(defs.vrrpNotifyFifoScript)),
    optional('LVS notify fifo', defs.lvsNotifyFifo && fifoText(defs.lvsNotifyFifo)),
    optional('LVS notify fifo script', defs.lvsNotifyFifoScript && scriptText(defs.lvsNotifyFifoScript)),
    line('FIFO write vrrp states on reload', defs.fifoWriteVrrpStatesOnReload),
    line('VRRP notify priority changes', defs.vrrpNotifyPriorityChanges),
  ]
}

function vrrp(defs: GlobalDefs): Lines {
  return [
    line('VRRP IPv4 mcast group', defs.vrrpMcastGroup4),
    line('VRRP IPv6 mcast group', defs.vrrpMcastGroup6),
    line('Gratuitous ARP delay', defs.vrrpGarpMasterDelayUs / US_PER_S),
    line('Gratuitous ARP repeat', defs.vrrpGarpMasterRepeat),
    line('Gratuitous ARP refresh timer', defs.vrrpGarpMasterRefreshUs / US_PER_S),
    line('Gratuitous ARP refresh repeat', defs.vrrpGarpMasterRefreshRepeat),
    line('Gratuitous ARP lower priority delay', defs.vrrpGarpLowerPrioDelayUs / US_PER_S),
    line('Gratuitous ARP lower priority repeat', defs.vrrpGarpLowerPrioRepeat),
    line('Num adverts before down', defs.vrrpDownTimerAdverts),
    line('Send advert after receive lower priority advert', !defs.vrrpLowerPrioNoAdvert),
    line('Send advert after receive higher priority advert', defs.vrrpHigherPrioSendAdvert),
    line('Gratuitous ARP interval', (defs.vrrpGarpIntervalUs / US_PER_S).toFixed(6)),
    line('Gratuitous NA interval', (defs.vrrpGnaIntervalUs / US_PER_S).toFixed(6)),
    line('VRRP default protocol version', defs.vrrpVersion),
    line('VRRP check unicast_src', defs.vrrpCheckUnicastSrc),
    line('VRRP skip check advert addresses', defs.vrrpSkipCheckAdvAddr),
    line('VRRP strict mode', defs.vrrpStrict),
  ]
}

function priorities(defs: GlobalDefs): Lines {
  return [
    line('Max auto priority', defs.maxAutoPriority),
    line('Min auto priority delay', `${defs.minAutoPriorityDelayUs} usecs`),
    line('VRRP process priority', defs.vrrpPriority ?? 0),
    line("VRRP don't swap", defs.vrrpNoSwap),
    line('VRRP realtime priority', defs.vrrpRtPriority),
    optional('VRRP CPU Affinity', defs.vrrpCpuAffinity?.join(' ')),
    line('VRRP realtime limit', defs.vrrpRlimitRttimeUs ?? DEFAULT_RLIMIT_RTTIME_US),
    line('Checker process priority', defs.checkerPriority ?? 0),
    line("Checker don't swap", defs.checkerNoSwap),
    line('Checker realtime priority', defs.checkerRtPriority),
    optional('Checker CPU Affinity', defs.checkerCpuAffinity?.join(' ')),
    line('Checker realtime limit', defs.checkerRlimitRttimeUs ?? DEFAULT_RLIMIT_RTTIME_US),
  ]
}

function scripts(defs: GlobalDefs): Lines {
  return [` Script security ${defs.enableScriptSecurity ? 'enabled' : 'disabled'}`, optional('Default script user', defs.scriptUser?.user)]
}

function fifoText({ path, account }: Fifo): string {
  return account === undefined ? path : `${path}, user ${account.user}${account.group === undefined ? '' : ` group ${account.group}`}`
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}

function line(key: string, value: string | number | boolean): string {
  return ` ${key} = ${value}`
}

function optional(key: string, value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : line(key, value)
}
