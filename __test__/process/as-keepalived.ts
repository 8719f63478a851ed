/** Both daemons, started by the same options and with the same files: keepalived's own. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import type { Implementation } from '../lab/daemon.ts'
import type { Lab } from '../lab/lab.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** The virtual address of {@link CONF}. */
export const ADDRESS = '192.0.2.200'

/** One virtual router, which is Master as soon as nobody else is. */
export const CONF: string = keepalivedConf({ vrid: 51, priority: 100, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] })

/** How a daemon is started. */
export interface Start {
  readonly conf?: string
  /** Options besides those that keep it in the foreground and its log on the console. */
  readonly args?: readonly string[]
  /** A command in front, such as prlimit(1). */
  readonly prefix?: readonly string[]
}

/** Starts a daemon on host `a`; returns as soon as its process is there. */
export async function startAsKeepalived(lab: Lab<'a'>, implementation: Implementation, start: Start = {}): Promise<Child> {
  const { conf = CONF, args = [], prefix = [] } = start
  const { inside, outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, conf)
  const program = implementation === 'keepalived' ? ['keepalived'] : [process.execPath, MAIN]
  return await lab.host('a').spawn([...prefix, ...program, '-n', '-P', '-l', '-G', '-D', '-f', `${inside}/keepalived.conf`, ...args])
}

/** Gives a daemon that {@link startAsKeepalived} started another configuration. */
export async function reload(lab: Lab<'a'>, child: Child, conf: string): Promise<void> {
  const { outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, conf)
  await child.signal('SIGHUP')
}
