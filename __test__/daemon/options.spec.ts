/** Options that make no sense: one sentence each, before anything is done. What good ones do is in daemon.spec.ts. */
import test from 'ava'
import { startDaemon, type DaemonOptions } from '../../src/index.ts'

const NO_CONFIG = 'config is no configuration: loadConfig() makes one, defineConfig() types one'
const REFUSED: readonly (readonly [options: Readonly<Record<string, unknown>>, sentence: string])[] = [
  [{ heartbeatLimitMs: -1 }, 'heartbeatLimitMs is a whole number from 0 to 4294967295'],
  [{ heartbeatLimitMs: 1.5 }, 'heartbeatLimitMs is a whole number from 0 to 4294967295'],
  [{ heartbeatLimitMs: Infinity }, 'heartbeatLimitMs is a whole number from 0 to 4294967295'],
  [{ heartbeatLimitMs: '10' }, 'heartbeatLimitMs is a whole number from 0 to 4294967295'],
  [{ realtimePriority: 100 }, 'realtimePriority is a whole number from 0 to 99'],
  [{ realtimePriority: -1 }, 'realtimePriority is a whole number from 0 to 99'],
  [{ realtimePriority: Number.NaN }, 'realtimePriority is a whole number from 0 to 99'],
  [{ runtimeDir: '' }, 'runtimeDir is a text that is not empty'],
  [{ runtimeDir: 'a\0b' }, 'runtimeDir is a text that is not empty'],
  [{ instanceName: '' }, 'instanceName is a text that is not empty'],
  [{ instanceName: 7 }, 'instanceName is a text that is not empty'],
  [{ instanceName: '../a' }, 'instanceName becomes part of a file name and takes no /'],
  [{ configFile: '' }, 'configFile is a text that is not empty'],
  [{ configId: '' }, 'configId is a text that is not empty'],
  [
    { config: { vrrpInstances: [], globalDefs: {} }, configId: 'router1' },
    'configId is about a file: config and configId exclude each other',
  ],
  [{ signals: 'yes' }, 'signals is true or false'],
  [{ hooks: [] }, 'hooks is an object of functions'],
  [{ hooks: 'onStateChange' }, 'hooks is an object of functions'],
  [{ hooks: { onStateChange: 'log' } }, 'hooks.onStateChange is a function'],
  [{ hooks: { onStatechange: null } }, 'hooks has no onStatechange: there is onStateChange, onServerChange'],
  [{ hookTimeoutMs: 0 }, 'hookTimeoutMs is a whole number from 1 to 2147483647'],
  [{ hookTimeoutMs: 2 ** 31 }, 'hookTimeoutMs is a whole number from 1 to 2147483647'],
  [{ keepStaleResults: 1 }, 'keepStaleResults is true or false'],
  [{ allConfig: 1 }, 'allConfig is true or false'],
  [
    { config: { vrrpInstances: [], globalDefs: {} }, allConfig: true },
    'allConfig is about a file: config and allConfig exclude each other',
  ],
  [{ dumpConfig: 'no' }, 'dumpConfig is true or false'],
  [{ parts: 'vrrp' }, 'parts is an object'],
  [{ parts: { vrrp: 'yes' } }, 'parts.vrrp is true or false'],
  [{ pidFiles: '/run/x.pid' }, 'pidFiles is an object'],
  [{ pidFiles: null }, 'pidFiles is an object'],
  [{ pidFiles: { main: '' } }, 'pidFiles.main is a text that is not empty'],
  [{ pidFiles: { bfd: 7 } }, 'pidFiles.bfd is a text that is not empty'],
  [{ pidFiles: { all: 'yes' } }, 'pidFiles.all is true or false'],
  [{ config: null }, NO_CONFIG],
  [{ config: [] }, NO_CONFIG],
  [{ config: 'ka-native.config.ts' }, NO_CONFIG],
  [{ config: { childWaitTimeUs: 5_000_000, vrrpInstances: [] } }, NO_CONFIG],
  [{ config: { vrrpInstances: [], globalDefs: {} }, configFile: 'keepalived.conf' }, 'configFile and config exclude each other'],
]

for (const [options, sentence] of REFUSED) {
  test(`${sentence}: ${JSON.stringify(options)}`, async (t) => {
    await t.throwsAsync(startDaemon(options as DaemonOptions), { name: 'KaError', code: 'KA_ERR_USAGE', message: sentence })
  })
}
