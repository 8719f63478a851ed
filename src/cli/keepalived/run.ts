/** The daemon as keepalived's own command line starts it. */
import { resolve } from 'node:path'
import type { DaemonOptions, PidFileNames } from '../../daemon/options.ts'
import { DEFAULT_CONFIG_FILE } from '../../daemon/options.ts'
import { keepalivedLog } from '../../log/log.ts'
import { runService } from '../service.ts'
import { startInBackground, starter, STATUS_FD } from './background.ts'
import type { Settings } from './settings.ts'

/** keepalived's file creation mask: what it writes is for its user alone, unless it says otherwise. */
const DEFAULT_UMASK = 0o177

/**
 * Runs the daemon, or starts it in the background; the exit code to end the process with.
 *
 * @param hungUp whether SIGHUP came before the engine could take it
 */
export async function runDaemon(settings: Settings, hungUp: () => boolean): Promise<number> {
  const waiting = starter()
  if (!settings.isForeground && waiting === undefined) return await startInBackground()
  // Before the directory changes: a reload must find the same files.
  const options = daemonOptions(settings)
  if (!settings.isForeground) process.chdir('/')
  process.umask(settings.umask ?? DEFAULT_UMASK)
  return await runService({
    options: () => options,
    log: keepalivedLog(settings.log),
    hungUp,
    remarks: [...settings.mistakes.map(({ text }) => text), ...settings.remarks],
    coreDumps: {
      isAllowed: settings.coreDump,
      ...(settings.corePattern === undefined ? {} : { pattern: settings.corePattern }),
    },
    keptDescriptors: waiting === undefined ? [] : [STATUS_FD],
    onUp: () => {
      waiting?.tell(0)
    },
    onFailure: (exitCode, sentence) => {
      waiting?.tell(exitCode, sentence)
    },
  })
}

/** What the daemon is asked by the options. Relative names are those of the directory that the program was started in. */
export function daemonOptions(settings: Settings): DaemonOptions {
  const { configFile = DEFAULT_CONFIG_FILE, configId, allConfig, parts, dumpConfig, pidFiles, umask, netNamespace } = settings
  return {
    configFile: resolve(configFile),
    allConfig,
    parts,
    dumpConfig,
    pidFiles: resolved(pidFiles),
    releaseOnStop: settings.releaseOnStop,
    releaseIpvsOnStop: settings.releaseIpvsOnStop,
    monitorAddresses: settings.addressMonitoring,
    ...(umask === undefined ? {} : { umask }),
    ...(netNamespace === undefined ? {} : { networkNamespace: netNamespace }),
    ...(configId === undefined ? {} : { configId }),
  }
}

function resolved(names: PidFileNames): PidFileNames {
  const paths = (['main', 'vrrp', 'checkers', 'bfd'] as const).flatMap((part) => {
    const path = names[part]
    return path === undefined ? [] : [[part, resolve(path)] as const]
  })
  return { ...names, ...Object.fromEntries(paths) }
}
