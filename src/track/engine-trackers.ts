/** What the engine itself looks at: interfaces, files and processes that instances and sync groups track, files and addresses that
 * checkers follow. */
import { isDeepStrictEqual } from 'node:util'
import type { TrackerConfig, TrackerSource } from '#native'
import type { Config, TrackFile, VrrpTrackProcess } from '../config/model.ts'
import { suspendAddresses } from '../lvs/suspend-addresses.ts'
import { impliedInterfaces } from './implied-interfaces.ts'
import type { TrackedKind, TrackerNumbers, Trackers } from './trackers.ts'

/** One tracker of a configuration. */
interface Known {
  readonly kind: TrackedKind
  readonly config: TrackerConfig
}

/** What is tracked, by kind and name. */
export interface PreparedSources extends Trackers {
  readonly known: ReadonlyMap<string, Known>
}

/**
 * The numbers of what the engine looks at: what a reload keeps has the same before and after.
 *
 * A new configuration is prepared before the engine gets it, and takes effect here when the engine has taken it.
 */
export class EngineTrackers {
  readonly #numbers: TrackerNumbers
  #known: ReadonlyMap<string, Known> = new Map()
  /** Files are given their first number at the start alone. */
  #hasStarted = false

  constructor(numbers: TrackerNumbers) {
    this.#numbers = numbers
  }

  /** Finds out what there is to track. Nothing changes yet. */
  prepare(config: Config): PreparedSources {
    const sources = [...interfaces(config), ...addresses(config), ...files(config, !this.#hasStarted), ...processes(config)]
    const known = new Map(sources.map(({ kind, name, source }) => [keyOf(kind, name), this.#knownAs(kind, name, source)]))
    return { known, configs: [...known.values()].map((one) => one.config), idOf: (kind, name) => known.get(keyOf(kind, name))?.config.id }
  }

  /** The engine tracks what was prepared. */
  commit({ known }: PreparedSources): void {
    this.#known = known
    this.#hasStarted = true
  }

  #knownAs(kind: TrackedKind, name: string, source: TrackerSource): Known {
    const former = this.#known.get(keyOf(kind, name))
    if (former === undefined) return { kind, config: { id: this.#numbers.take(), generation: 1, name, source } }
    const { config } = former
    if (isDeepStrictEqual(config.source, source)) return former
    return { kind, config: { ...config, generation: config.generation + 1, source } }
  }
}

interface Source {
  readonly kind: TrackedKind
  readonly name: string
  readonly source: TrackerSource
}

function keyOf(kind: TrackedKind, name: string): string {
  return `${kind} ${name}`
}

/** The names that lines of instances and sync groups have. */
function tracked(config: Config, field: 'trackFile' | 'trackProcess'): ReadonlySet<string> {
  return new Set([...config.vrrpInstances, ...config.vrrpSyncGroups].flatMap((owner) => owner[field].map(({ name }) => name)))
}

function interfaces(config: Config): readonly Source[] {
  const { vrrpInstances, vrrpSyncGroups } = config
  const lines = [...vrrpInstances, ...vrrpSyncGroups].flatMap((owner) => owner.trackInterface)
  const names = new Set([...lines.map((line) => line.interface), ...vrrpInstances.flatMap(impliedInterfaces(config))])
  return [...names].map((name) => ({ kind: 'interface', name, source: { type: 'interface', interface: name } }))
}

/** The addresses that checkers of virtual servers wait for. */
function addresses(config: Config): readonly Source[] {
  return suspendAddresses(config).map((address) => ({ kind: 'address', name: address, source: { type: 'address', address } }))
}

function files(config: Config, isStart: boolean): readonly Source[] {
  const names = new Set([...tracked(config, 'trackFile'), ...checkedFiles(config)])
  const wanted = config.trackFiles.filter(({ name }) => names.has(name))
  return wanted.map((file) => ({ kind: 'file', name: file.name, source: fileSource(file, isStart) }))
}

/** The files that checkers of real servers follow. */
function checkedFiles({ virtualServers }: Config): readonly string[] {
  const names: string[] = []
  for (const { realServers } of virtualServers) {
    for (const { fileChecks } of realServers) for (const { trackFile } of fileChecks) names.push(trackFile)
  }
  return names
}

function fileSource({ file, initFile }: TrackFile, isStart: boolean): TrackerSource {
  const source = { type: 'file', path: file, overwrite: false } as const
  return initFile === undefined || !isStart ? source : { ...source, initialNumber: initFile.value, overwrite: initFile.overwrite }
}

function processes(config: Config): readonly Source[] {
  const names = tracked(config, 'trackProcess')
  const wanted = config.vrrpTrackProcesses.filter(({ name }) => names.has(name))
  return wanted.map((one) => ({ kind: 'process', name: one.name, source: processSource(one) }))
}

function processSource(one: VrrpTrackProcess): TrackerSource {
  return {
    type: 'process',
    process: one.process.name,
    fullCommand: one.fullCommand,
    parameters: [...one.process.params],
    ...(one.paramMatch === undefined ? {} : { parameterMatch: one.paramMatch }),
    quorum: one.quorum,
    ...(one.quorumMax === undefined ? {} : { quorumMax: one.quorumMax }),
    forkDelayUs: one.forkDelayUs,
    terminateDelayUs: one.terminateDelayUs,
  }
}
