/** How long an instance takes to be taken over, worked out from its configuration (RFC 9568 §6.1, RFC 3768 §6.1). */
import { US_PER_S } from './forms/numbers.ts'
import type { Config, VrrpInstance } from './model.ts'
import { SKEW_PARTS } from './tables/priorities.ts'

/** When this router takes an instance over as its Backup. Whole microseconds. */
export interface Failover {
  readonly name: string
  /** After the last advertisement of a Master that dies without a word. */
  readonly silenceUs: number
  /** After a Master that resigns. */
  readonly resignUs: number
  /** Tracked scripts by name: from a failure to the change that it causes, at the longest. */
  readonly scripts: readonly { readonly name: string; readonly failureUs: number }[]
}

/** Of each instance, in the order of the file. */
export function failovers({ vrrpInstances, vrrpScripts }: Config): readonly Failover[] {
  const scripts = new Map(vrrpScripts.map((script) => [script.name, script]))
  return vrrpInstances.map((instance) => {
    const resignUs = skewUs(instance)
    return {
      name: instance.name,
      silenceUs: instance.downTimerAdverts * instance.advertIntUs + resignUs,
      resignUs,
      scripts: instance.trackScript.flatMap(({ name }) => {
        const script = scripts.get(name)
        if (script === undefined) return []
        const { fall, intervalUs, timeoutUs } = script
        // It fails right after a run has begun; the last run may need its whole timeout.
        return [{ name, failureUs: fall * intervalUs + (timeoutUs ?? intervalUs) }]
      }),
    }
  })
}

/** Version 2 counts in seconds, version 3 in advertisement intervals. */
function skewUs({ priority, version, advertIntUs }: Pick<VrrpInstance, 'priority' | 'version' | 'advertIntUs'>): number {
  const unit = version === 2 ? US_PER_S : advertIntUs
  return Math.round(((SKEW_PARTS - priority) * unit) / SKEW_PARTS)
}

/** One sentence for people. */
export function describeFailover({ name, silenceUs, resignUs, scripts }: Failover): string {
  const base = `${name}: takes over ${seconds(silenceUs)} after the last advertisement of a Master that dies, ${seconds(resignUs)} after one that resigns`
  const tracked = scripts.map(({ name: script, failureUs }) => `${seconds(failureUs)} for ${script}`)
  return tracked.length === 0 ? base : `${base}; a failure is seen within ${tracked.join(', ')}`
}

function seconds(us: number): string {
  return `${Number((us / US_PER_S).toFixed(3))} s`
}
