import type { TrackerStatus } from '#native'
import type { Config, TrackFile, VrrpScript, VrrpTrackProcess } from '../config/model.ts'
import { groupsOf, trackLines } from '../engine/lower-tracks.ts'
import { commandText } from './command-text.ts'
import { weightText } from './data-instance.ts'
import type { KnownScript } from '../track/script-trackers.ts'
import type { TrackedKind } from '../track/trackers.ts'
import type { DumpState } from './state.ts'
import { US_PER_S } from '../config/forms/numbers.ts'

/** What instances track: scripts, files, processes. */
export function* trackerPieces(state: DumpState): Generator<string, void, void> {
  const { config, scripts, trackers } = state
  const users = new Users(config)
  const known = (kind: TrackerStatus['kind'], name: string): TrackerStatus | undefined =>
    trackers.find((tracker) => tracker.kind === kind && tracker.name === name)
  yield* section(
    'VRRP Scripts',
    config.vrrpScripts,
    (script) => `${scriptText(script, scripts.get(script.name))}${users.of('script', script.name)}`,
  )
  yield* section(
    'VRRP Track files',
    config.trackFiles,
    (file) => `${trackFileText(file, known('file', file.name))}${users.of('file', file.name)}`,
  )
  yield* section(
    'VRRP Track processes',
    config.vrrpTrackProcesses,
    (process) => `${processText(process, known('process', process.name))}${users.of('process', process.name)}`,
  )
}

function* section<T>(title: string, items: readonly T[], text: (item: T) => string): Generator<string, void, void> {
  if (items.length > 0) yield `------< ${title} >------\n`
  for (const item of items) yield text(item)
}

/** keepalived's words for what is known of a script. */
const STATUSES = { unknown: 'INIT', up: 'GOOD', down: 'BAD' } as const

function scriptText(script: VrrpScript, known: KnownScript | undefined): string {
  return lines(` VRRP Script = ${script.name}`, [
    `Command = ${commandText(script.script)}`,
    `Interval = ${script.intervalUs / US_PER_S} sec`,
    `Timeout = ${(script.timeoutUs ?? 0) / US_PER_S} sec`,
    `Weight = ${script.weight}${script.reverse ? ' reverse' : ''}`,
    `Rise = ${script.rise}`,
    `Fall = ${script.fall}`,
    ...(known === undefined ? [] : [`Result = ${known.counter}`]),
    // Those that are not secure are not run.
    'Insecure = no',
    `Init state = ${script.initFail ? 'failed' : 'unknown'}`,
    ...(known === undefined ? [] : [`Status = ${STATUSES[known.state]}`]),
    ...(known === undefined ? [] : [`Script uid:gid = ${accountText(known)}`]),
  ])
}

/** Whom a script runs as. */
function accountText({ account }: KnownScript): string {
  const { uid, gid } = account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  return `${uid}:${gid}`
}

/** A file that is tracked, and what it holds where that is known. */
export function trackFileText(file: TrackFile, known: TrackerStatus | undefined): string {
  return lines(` Track file = ${file.name}`, [
    `File = ${file.file}`,
    ...(known === undefined ? [] : [`Status = ${known.number ?? 0}`]),
    `Weight = ${file.weight}${file.reverse ? ' reverse' : ''}`,
  ])
}

function processText(process: VrrpTrackProcess, known: TrackerStatus | undefined): string {
  const { params } = process.process
  const match = process.paramMatch ?? (params.length === 0 ? undefined : 'exact')
  return lines(` VRRP Track process = ${process.name}`, [
    `Process = ${process.process.name}`,
    ...(params.length === 0 ? [] : [`Parameters = ${params.join(' ')}`]),
    ...(match === undefined ? [] : [`Param match = ${match}`]),
    `Min processes = ${process.quorum}`,
    ...(process.quorumMax === undefined ? [] : [`Max processes = ${process.quorumMax}`]),
    ...(known === undefined ? [] : [`Current processes = ${known.processes ?? 0}`, `Have quorum = ${known.state === 'up'}`]),
    `Weight = ${process.weight}${process.reverse ? ' reverse' : ''}`,
    `Terminate delay = ${(process.terminateDelayUs / US_PER_S).toFixed(6)}s`,
    `Fork delay = ${(process.forkDelayUs / US_PER_S).toFixed(6)}s`,
    `Fork delay timer ${known?.isGaining === true ? '' : 'not '}running`,
    `Terminate delay timer ${known?.isLosing === true ? '' : 'not '}running`,
    `Full command = ${process.fullCommand || params.length > 0}`,
  ])
}

/** The instances that track something, each with the weight that it gives it. */
class Users {
  readonly #lines = new Map<string, string[]>()

  constructor({ vrrpInstances, vrrpSyncGroups }: Config) {
    const groupOf = groupsOf(vrrpSyncGroups)
    for (const instance of vrrpInstances) {
      for (const { kind, name, ...counted } of trackLines(instance, groupOf(instance.name))) {
        const line = `  ${instance.name}${weightText(counted, ', ')}`
        const known = this.#lines.get(`${kind} ${name}`)
        if (known === undefined) this.#lines.set(`${kind} ${name}`, [line])
        else known.push(line)
      }
    }
  }

  of(kind: TrackedKind, name: string): string {
    return lines(undefined, ['Tracking instances :', ...(this.#lines.get(`${kind} ${name}`) ?? [])])
  }
}

function lines(title: string | undefined, inner: readonly string[]): string {
  return `${title === undefined ? '' : `${title}\n`}${inner.map((line) => `   ${line}\n`).join('')}`
}
