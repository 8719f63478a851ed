/** `weight-without-effect`: a weight that can never move the address. Weights of address owners are an error already. */
import type { VrrpInstanceDraft } from '../drafts.ts'
import type { LintInput } from '../lint.ts'
import type { Config, VrrpInstance } from '../model.ts'
import { shown } from '../diagnostics/printable.ts'
import { HIGHEST_BACKUP_PRIORITY } from '../tables/priorities.ts'
import { instancesOf } from './drafts.ts'

const LOWEST_PRIORITY = 1

/** What an instance tracks, with the weight that counts. */
interface Tracked {
  readonly name: string
  readonly weight: number
  /** Where its line is. */
  readonly at: number | undefined
}

export function lintWeights(input: LintInput): void {
  const { diagnostics, tokens } = input.context
  for (const { instance, written } of instancesOf(input)) {
    const tracked = [...trackedBy(instance, written, input.config)].filter(({ weight }) => weight !== 0)
    for (const { name, weight, at } of tracked) {
      const reason = whyWithout(instance.priority, weight, tracked)
      if (reason === undefined || at === undefined) continue
      const message = `the weight ${weight} of ${shown(name)} never changes the priority of instance ${shown(instance.name)}: ${reason}`
      diagnostics.warning('weight-without-effect', tokens.span(at), message, 'see docs/lint/weight-without-effect.md')
    }
  }
}

/** Why a weight moves nothing, as far as this router alone can tell. */
function whyWithout(priority: number, weight: number, all: readonly Tracked[]): string | undefined {
  const others = all.reduce((sum, { weight: other }) => sum + other, 0) - weight
  const bounded = (value: number): number => Math.min(Math.max(value, LOWEST_PRIORITY), HIGHEST_BACKUP_PRIORITY)
  // Between the best and the worst case of the others the weight may still count.
  if (all.length > 1 && others !== 0) return undefined
  const without = bounded(priority)
  if (bounded(priority + weight) !== without) return undefined
  return `it stays between ${LOWEST_PRIORITY} and ${HIGHEST_BACKUP_PRIORITY}, and is ${priority} already`
}

function* trackedBy(instance: VrrpInstance, written: VrrpInstanceDraft, config: Config): Generator<Tracked> {
  const scripts = new Map(config.vrrpScripts.map(({ name, weight }) => [name, weight]))
  const processes = new Map(config.vrrpTrackProcesses.map(({ name, weight }) => [name, weight]))
  const sessions = new Map(config.bfdInstances.map(({ name, weight }) => [name, weight]))
  for (const { interface: name, weight } of instance.trackInterface) {
    yield { name, weight: weight ?? 0, at: written.trackInterface?.find((line) => line.interface === name)?.at }
  }
  for (const [lines, standard, places] of [
    [instance.trackScript, scripts, written.trackScript],
    [instance.trackProcess, processes, written.trackProcess],
    [instance.trackBfd, sessions, written.trackBfd],
  ] as const) {
    for (const { name, weight } of lines) {
      yield { name, weight: weight ?? standard.get(name) ?? 0, at: places?.find((line) => line.name === name)?.at }
    }
  }
}
