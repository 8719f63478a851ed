import type { Config, TrackFile, VrrpInstance, VrrpScript, VrrpSyncGroup, VrrpTrackProcess } from '../config/model.ts'
import { commandText } from './command-text.ts'
import { weightText } from './data-instance.ts'
import type { KnownScript } from '../track/script-trackers.ts'
import type { DumpState } from './state.ts'

const US_PER_S = 1_000_000

/** What instances have to do with besides themselves: groups, scripts, files, processes. */
export function* trackerPieces({ config, scripts }: DumpState): Generator<string, void, void> {
  yield* section('VRRP Sync groups', config.vrrpSyncGroups, groupText)
  yield* section(
    'VRRP Scripts',
    config.vrrpScripts,
    (script) => `${scriptText(script, scripts.get(script.name))}${users(config, 'trackScript', script.name)}`,
  )
  yield* section('VRRP Track files', config.trackFiles, (file) => `${fileText(file)}${users(config, 'trackFile', file.name)}`)
  yield* section(
    'VRRP Track processes',
    config.vrrpTrackProcesses,
    (process) => `${processText(process)}${users(config, 'trackProcess', process.name)}`,
  )
}

function* section<T>(title: string, items: readonly T[], text: (item: T) => string): Generator<string, void, void> {
  if (items.length > 0) yield `------< ${title} >------\n`
  for (const item of items) yield text(item)
}

function groupText(group: VrrpSyncGroup): string {
  return lines(` VRRP Sync Group = ${group.name}`, [
    'VRRP member instances :',
    ...group.group.map((member) => `  ${member}`),
    `Using smtp notification = ${group.smtpAlert ? 'yes' : 'no'}`,
  ])
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
    `Init state = ${script.initFail ? 'failed' : 'unknown'}`,
    ...(known === undefined ? [] : [`Status = ${STATUSES[known.state]}`]),
    ...(known?.account === undefined ? [] : [`Script uid:gid = ${known.account.uid}:${known.account.gid}`]),
  ])
}

function fileText(file: TrackFile): string {
  return lines(` Track file = ${file.name}`, [`File = ${file.file}`, `Weight = ${file.weight}${file.reverse ? ' reverse' : ''}`])
}

function processText(process: VrrpTrackProcess): string {
  const { params } = process.process
  return lines(` VRRP Track process = ${process.name}`, [
    `Process = ${process.process.name}`,
    ...(params.length === 0 ? [] : [`Parameters = ${params.join(' ')}`]),
    `Param match = ${process.paramMatch ?? (params.length === 0 ? 'none' : 'exact')}`,
    `Min processes = ${process.quorum}`,
    ...(process.quorumMax === undefined ? [] : [`Max processes = ${process.quorumMax}`]),
    `Weight = ${process.weight}${process.reverse ? ' reverse' : ''}`,
    `Terminate delay = ${(process.terminateDelayUs / US_PER_S).toFixed(6)}s`,
    `Fork delay = ${(process.forkDelayUs / US_PER_S).toFixed(6)}s`,
    `Full command = ${process.fullCommand || params.length > 0}`,
  ])
}

/** The instances that track something, each with the weight that it gives it. */
function users(config: Config, field: 'trackScript' | 'trackFile' | 'trackProcess', name: string): string {
  const using = (instance: VrrpInstance): string[] =>
    instance[field].flatMap((tracked) => (tracked.name === name ? [`  ${instance.name}${weightText(tracked, ', ')}`] : []))
  return lines(undefined, ['Tracking instances :', ...config.vrrpInstances.flatMap((instance) => using(instance))])
}

function lines(title: string | undefined, inner: readonly string[]): string {
  return `${title === undefined ? '' : `${title}\n`}${inner.map((line) => `   ${line}\n`).join('')}`
}
