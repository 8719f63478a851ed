/** From an item of `Config` back to where it is written. */
import type { ConfigDraft, VrrpInstanceDraft } from '../drafts.ts'
import type { VrrpInstance } from '../model.ts'
import type { LintInput } from '../lint.ts'

/** Each instance with what it was made of. */
export function* instancesOf({ config, draft }: Pick<LintInput, 'config' | 'draft'>): Generator<{
  readonly instance: VrrpInstance
  readonly written: VrrpInstanceDraft
}> {
  const drafts = byName(draft)
  for (const instance of config.vrrpInstances) {
    const written = drafts.get(instance.name)
    if (written !== undefined) yield { instance, written }
  }
}

function byName({ vrrpInstances = [] }: ConfigDraft): ReadonlyMap<string, VrrpInstanceDraft> {
  return new Map(vrrpInstances.map((instance) => [instance.name ?? '', instance]))
}
