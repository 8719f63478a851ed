/** What a configuration in TypeScript says about itself. */
import type { ConfigInput } from '../input.ts'

/**
 * Types a configuration in TypeScript: ka-native.config.ts exports what it returns as default.
 *
 * ```ts
 * import { defineConfig } from 'ka-native'
 *
 * export default defineConfig({
 *   vrrpInstances: [
 *     { name: 'VI_1', interface: 'eth0', virtualRouterId: 51, virtualIpaddress: ['192.0.2.10/24'] },
 *   ],
 * })
 * ```
 *
 * A file may also export a function or a promise of a configuration: it is called, and awaited, at each start and reload.
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}
