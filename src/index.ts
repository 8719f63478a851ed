/** ka-native: VRRP failover and load balancing by IPVS from keepalived.conf, in a Node service. */
export { startDaemon } from './daemon/daemon.ts'
export type { Daemon, DaemonStatus, ReloadReport } from './daemon/daemon.ts'
export type { DumpKind } from './dump/dumper.ts'
export { DEFAULT_CONFIG_FILE } from './daemon/options.ts'
export type { DaemonObserver } from './daemon/observer.ts'
export type { DaemonOptions, DaemonParts, PidFileNames } from './daemon/options.ts'
export { defineConfig } from './config/document/define.ts'
export type * from './config/input.ts'
export { loadConfig } from './config/load.ts'
export type { LoadedConfig, LoadOptions } from './config/load.ts'
export { loadDocument } from './config/document/load-document.ts'
export type { DocumentLoadOptions } from './config/document/load-document.ts'
export { loadConfigFile } from './config/load-file.ts'
export type { FileLoadOptions } from './config/load-file.ts'
export type { Diagnostic, Diagnostics, Severity } from './config/diagnostics/diagnostic.ts'
export type { Fix, TextEdit } from './config/diagnostics/fix.ts'
export type * from './config/model.ts'
export { Secret } from './config/tables/values.ts'
export type { HmacKey, ScriptAccount, ScriptCommand } from './config/tables/values.ts'
export type { DaemonEvent } from './daemon/event-streams.ts'
export type { EngineEvent, VrrpState } from './engine/events.ts'
export type { DrainResult } from './lvs/drain.ts'
export type { DrainOutcome, LvsEvent, LvsEventKind } from './lvs/lvs-event.ts'
export type {
  CheckerStatus,
  ConnectionCounts,
  LvsStatus,
  RealServerStatus,
  SorryServerStatus,
  VirtualServerStatus,
} from './lvs/lvs-status.ts'
export type { NamedTarget } from './lvs/targets.ts'
export type { LvsTarget } from './lvs/targets.ts'
export type { Change, ServerState, ServerStateChange, ToldState } from './notify/change.ts'
export type { DaemonHooks, HookContext } from './notify/hooks.ts'
export type { SmtpSecurity } from './notify/smtp.ts'
export type { ServerWebhookBody, WebhookBody, WebhookOptions, WebhookState } from './notify/webhook.ts'
export { ConfigError, KaError } from './errors.ts'
export type { KaErrorCode } from './errors.ts'
