import { KaError } from '../errors.ts'
import { checkSmtp, checkWebhooks } from '../notify/delivery-options.ts'
import { HOOK_NAMES } from '../notify/hooks.ts'
import { isLinked } from './config-file.ts'
import type { DaemonOptions } from './options.ts'

const MAX_HEARTBEAT_LIMIT_MS = 2 ** 32 - 1
const MAX_REALTIME_PRIORITY = 99
const MAX_UMASK = 0o777
const MAX_DESCRIPTOR = 65_535
const PARTS = ['vrrp', 'checkers', 'bfd']
const PID_FLAGS = ['keepalived', 'all']
const PID_PATHS = ['main', 'vrrp', 'checkers', 'bfd']
/** The longest that Node's timers count. */
const MAX_HOOK_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Refuses options that make no sense, whatever they are: callers may be without types.
 *
 * @throws {KaError} `KA_ERR_USAGE`, with a sentence about the first one
 */
export function checkOptions(options: DaemonOptions): void {
  const { config, configFile, configId, runtimeDir, instanceName, signals, heartbeatLimitMs, realtimePriority, allConfig, dumpConfig } =
    options
  const { hooks, hookTimeoutMs, smtp, webhooks } = options
  if (config !== undefined) checkConfig(config)
  if (config !== undefined && configFile !== undefined) throw usage('configFile and config exclude each other')
  if (configFile !== undefined) checkText('configFile', configFile)
  if (config !== undefined && configId !== undefined) throw usage('configId is about a file: config and configId exclude each other')
  if (configId !== undefined) checkText('configId', configId)
  if (runtimeDir !== undefined) checkText('runtimeDir', runtimeDir)
  if (instanceName !== undefined) {
    checkText('instanceName', instanceName)
    if (instanceName.includes('/')) throw usage('instanceName becomes part of a file name and takes no /')
  }
  checkFlag('signals', signals)
  checkFlag('allConfig', allConfig)
  checkFlag('releaseOnStop', options.releaseOnStop)
  checkFlag('monitorAddresses', options.monitorAddresses)
  if (options.umask !== undefined) checkNumber('umask', options.umask, MAX_UMASK)
  if (options.networkNamespace !== undefined) checkText('networkNamespace', options.networkNamespace)
  if (options.processEventsFd !== undefined) checkNumber('processEventsFd', options.processEventsFd, MAX_DESCRIPTOR)
  checkFlag('dumpConfig', dumpConfig)
  checkFlag('keepStaleResults', options.keepStaleResults)
  if (config !== undefined && allConfig === true) throw usage('allConfig is about a file: config and allConfig exclude each other')
  checkFields('parts', options.parts, PARTS, checkFlag)
  checkFields('pidFiles', options.pidFiles, PID_FLAGS, checkFlag)
  checkFields('pidFiles', options.pidFiles, PID_PATHS, (name, value) => {
    if (value !== undefined) checkText(name, value)
  })
  if (heartbeatLimitMs !== undefined) checkNumber('heartbeatLimitMs', heartbeatLimitMs, MAX_HEARTBEAT_LIMIT_MS)
  if (realtimePriority !== undefined) checkNumber('realtimePriority', realtimePriority, MAX_REALTIME_PRIORITY)
  if (hooks !== undefined) checkHooks(hooks)
  if (hookTimeoutMs !== undefined) checkNumber('hookTimeoutMs', hookTimeoutMs, MAX_HOOK_TIMEOUT_MS, 1)
  if (smtp !== undefined) checkSmtp(smtp)
  if (webhooks !== undefined) checkWebhooks(webhooks)
}

/**
 * Refuses what is no configuration at all; what it says is judged later.
 *
 * @throws {KaError} `KA_ERR_USAGE`
 */
export function checkConfig(config: unknown): void {
  const isObject = typeof config === 'object' && config !== null && !Array.isArray(config)
  // Types promise the parts, but callers may be without.
  const { vrrpInstances, globalDefs }: Readonly<Record<string, unknown>> = isObject ? { ...config } : {}
  const hasParts = Array.isArray(vrrpInstances) && typeof globalDefs === 'object' && globalDefs !== null
  if (isObject && (hasParts || !isLinked(config))) return
  throw usage('config is no configuration: loadConfig() makes one, defineConfig() types one')
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) throw usage(`${name} is a text that is not empty`)
}

function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw usage(`${name} is true or false`)
}

function checkFields(name: string, value: unknown, fields: readonly string[], check: (name: string, value: unknown) => void): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null) throw usage(`${name} is an object`)
  const given: Readonly<Record<string, unknown>> = { ...value }
  for (const field of fields) check(`${name}.${field}`, given[field])
}

function checkNumber(name: string, value: unknown, max: number, min = 0): void {
  const isGood = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
  if (!isGood) throw usage(`${name} is a whole number from ${min} to ${max}`)
}

/** A misspelt hook would never be called. */
function checkHooks(hooks: unknown): void {
  if (typeof hooks !== 'object' || hooks === null || Array.isArray(hooks)) throw usage('hooks is an object of functions')
  for (const [name, hook] of Object.entries(hooks)) {
    if (!HOOK_NAMES.some((known) => known === name)) throw usage(`hooks has no ${name}: there is ${HOOK_NAMES.join(', ')}`)
    if (hook !== undefined && typeof hook !== 'function') throw usage(`hooks.${name} is a function`)
  }
}

function usage(message: string): KaError {
  return new KaError('KA_ERR_USAGE', message)
}
