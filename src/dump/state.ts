import { setImmediate } from 'node:timers/promises'
import type { Engine, EngineStatus, GroupStatus, InstanceDetails, InterfaceDetails, TrackerStatus } from '#native'
import type { Config, VrrpInstance } from '../config/model.ts'
import { native } from '../engine/native.ts'
import type { LvsStatus } from '../lvs/lvs-status.ts'
import type { KnownScript } from '../track/script-trackers.ts'

/** Objects converted between two looks at the event loop: some tenths of a millisecond. */
const PART = 64

/** An instance as it is configured and as it is. */
export interface DumpedInstance {
  readonly config: VrrpInstance
  readonly details: InstanceDetails
}

/** What is known of the script with a name. */
export type ScriptLookUp = (name: string) => KnownScript | undefined

/** Everything that a dump tells, of one moment. */
export interface DumpState {
  readonly config: Config
  /** In the order of the configuration; what a reload is just adding or removing is left out. */
  readonly instances: readonly DumpedInstance[]
  /** In no order. */
  readonly groups: readonly GroupStatus[]
  /** In the order of their indexes; those that do not exist come last. */
  readonly interfaces: readonly InterfaceDetails[]
  readonly engine: EngineStatus
  /** What the engine knows of what is tracked. */
  readonly trackers: readonly TrackerStatus[]
  /** What is known of scripts that are tracked, by name. */
  readonly scripts: ReadonlyMap<string, KnownScript>
  /** Virtual servers, where there are some. */
  readonly lvs?: LvsStatus | undefined
}

/**
 * Reads the state of everything without holding up the event loop, however much there is.
 *
 * @param zero the counters of instances start at 0 again when they are read, so that none is lost
 * @throws {KaError} `KA_ERR_STOPPED`, `KA_ERR_ENGINE`
 */
export async function readDumpState(engine: Engine, config: Config, scripts: ScriptLookUp, zero: boolean): Promise<DumpState> {
  const description = await native(async () => await engine.describe(zero))
  const details = new Map<string, InstanceDetails>()
  for await (const part of parts((limit) => description.instances(limit))) {
    for (const one of part) details.set(one.status.name, one)
  }
  const interfaces: InterfaceDetails[] = []
  for await (const part of parts((limit) => description.interfaces(limit))) interfaces.push(...part)
  const groups: GroupStatus[] = []
  for await (const part of parts((limit) => description.groups(limit))) groups.push(...part)
  const trackers: TrackerStatus[] = []
  for await (const part of parts((limit) => description.trackers(limit))) trackers.push(...part)
  interfaces.sort((one, other) => (one.index ?? Infinity) - (other.index ?? Infinity))
  const instances = config.vrrpInstances.flatMap((instance) => {
    const found = details.get(instance.name)
    return found === undefined ? [] : [{ config: instance, details: found }]
  })
  const known = config.vrrpScripts.flatMap(({ name }) => {
    const script = scripts(name)
    return script === undefined ? [] : [[name, script] as const]
  })
  return { config, instances, groups, interfaces, trackers, engine: description.engine, scripts: new Map(known) }
}

async function* parts<T>(take: (limit: number) => T[]): AsyncGenerator<T[], void, void> {
  for (let part = take(PART); part.length > 0; part = take(PART)) {
    yield part
    await setImmediate()
  }
}
