import type { EngineOptions } from '#native'
import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import { engineOptions, namespaceOf } from './options.ts'
import type { DaemonOptions } from './options.ts'
import { KaError } from '../errors.ts'

/** A daemon as it was started. */
export interface Started {
  readonly options: DaemonOptions
  readonly engineOptions: EngineOptions
  /** The configuration in effect; none before the first one is applied. */
  readonly config: Config | undefined
}

/** What a start decides for good, by the names that keepalived has for it. */
const FIXED: readonly (readonly [string, (config: Config, options: DaemonOptions) => string | boolean | undefined])[] = [
  ['network namespace', (config, options) => namespaceOf(options, config)],
  ['IPVS network namespace', ({ netNamespaceIpvs }) => netNamespaceIpvs],
  ['disable_local_igmp', ({ globalDefs }) => globalDefs.disableLocalIgmp],
  ['config_directory', ({ globalDefs }) => globalDefs.tmpConfigDirectory],
  ['nftables table name', ({ globalDefs }) => globalDefs.nftables],
  ['IPVS nftables table name', ({ globalDefs }) => globalDefs.nftablesIpvs],
]

/**
 * The sentence about the first setting that only a start can change and that is another one in `wanted`, in keepalived's words.
 */
export function refusalOfChange({ options, engineOptions: engine, config }: Started, wanted: Config): string | undefined {
  const isRenamed = engine.instanceName !== engineOptions(options, wanted).instanceName
  const changed = isRenamed ? 'instance name' : config && FIXED.find(([, value]) => value(config, options) !== value(wanted, options))?.[0]
  return changed && `Cannot change ${changed} at a reload - please restart ka-native`
}

/**
 * Refuses what only a start can change, with a line of the log.
 *
 * @throws {KaError} `KA_ERR_CONFIG_UNUSABLE`
 */
export function refuseFixedChanges(started: Started, wanted: Config, log: Logger): void {
  const refusal = refusalOfChange(started, wanted)
  if (refusal === undefined) return
  log.error(refusal)
  throw new KaError('KA_ERR_CONFIG_UNUSABLE', refusal)
}
