import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DaemonStatus } from '../src/index.ts'
import { ROUTERS, type RouterName } from '../src/cli/demo/network.ts'
import { Router, type Subject } from '../src/cli/demo/router.ts'
import { AddressWatch } from './addresses.ts'
import { buildFleetNetwork, fleetConfiguration, removeFleetNetwork, settled, until } from './fleet.ts'
import { killTree, processTree } from './processes.ts'

/** What an engine says of itself. */
export type EngineFigures = DaemonStatus['engine']

/** ka-native inside a program that tells the engine's own figures: `ka-native start` has no command for them. */
const EMBEDDED: Subject = {
  name: 'ka-native',
  command: (configFile, directory) => {
    const program = fileURLToPath(new URL('embedded.ts', import.meta.url))
    return [process.execPath, ...process.execArgv, program, configFile, directory]
  },
}

const [A, B] = ROUTERS
const FIGURES_DEADLINE_MS = 10_000

/**
 * Runs a fleet of ka-native through its start, `windowMs` of steady advertising and a mass takeover.
 *
 * @returns the Master's figures before it is killed, and the Backup's after it has taken every address over.
 */
export async function measureSteps(
  directory: string,
  load: {
    readonly instances: number
    readonly advertIntS: number
    readonly groupSize: number
    readonly windowMs: number
    readonly deadlineMs: number
  },
): Promise<{ master: EngineFigures; backup: EngineFigures }> {
  await buildFleetNetwork(load.instances)
  const [watchA, watchB] = await Promise.all([AddressWatch.start(A, directory), AddressWatch.start(B, directory)])
  const start = (name: RouterName): Router =>
    Router.start(name, EMBEDDED, directory, fleetConfiguration(name, load.instances, load.advertIntS, load.groupSize))
  const routers = [start(A), start(B)] as const
  try {
    const settledMs = await settled(watchA, watchB, load.instances, Date.now() + load.deadlineMs)
    if (Number.isNaN(settledMs)) throw new Error(`the fleet did not settle:\n${routers.flatMap((router) => router.log).join('\n')}`)
    await sleep(load.windowMs)
    const master = await engineFigures(routers[0], directory)
    routers[0].signal('SIGKILL')
    if (!(await until(() => watchB.present.size === load.instances, Date.now() + load.deadlineMs))) {
      throw new Error(`the Backup took only ${watchB.present.size} addresses over`)
    }
    return { master, backup: await engineFigures(routers[1], directory) }
  } finally {
    for (const router of routers) killTree(processTree(router.pid ?? Number.NaN))
    for (const watch of [watchA, watchB]) watch.stop()
    await removeFleetNetwork()
  }
}

async function engineFigures(router: Router, directory: string): Promise<EngineFigures> {
  const file = join(directory, router.name, 'engine.json')
  rmSync(file, { force: true })
  router.signal('SIGUSR2')
  let text = ''
  await until(() => (text = readIfThere(file)) !== '', Date.now() + FIGURES_DEADLINE_MS)
  return JSON.parse(text) as EngineFigures
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
