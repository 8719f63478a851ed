/** ka-native: VRRP failover from keepalived.conf, in a Node service. */
export { startDaemon } from './daemon.ts'
export type { Daemon, DaemonStatus, ReloadReport } from './daemon.ts'
export { DEFAULT_CONFIG_FILE } from './daemon-options.ts'
export type { DaemonOptions } from './daemon-options.ts'
export { loadConfig } from './config/load.ts'
export type { LoadedConfig, LoadOptions } from './config/load.ts'
export type { Diagnostic, Diagnostics, Severity } from './config/diagnostic.ts'
export type {
  Config,
  GarpSchedule,
  GlobalDefs,
  NotifyScripts,
  PassAuthentication,
  ScriptAccount,
  ScriptCommand,
  VirtualAddress,
  VrrpInstance,
} from './config/model.ts'
export { Secret } from './config/model.ts'
export type { EngineEvent, VrrpState } from './engine/events.ts'
export { ConfigError, KaError } from './errors.ts'
export type { KaErrorCode } from './errors.ts'
