/**
 * From what is written to what is meant: defaults, globals and the rules that concern more than one line.
 *
 * Global defaults apply wherever global_defs stands in the text. keepalived does the same at its start,
 * where it reads all global_defs before any instance; only its reload copies some of them when an
 * instance is opened. One meaning for one text is worth more than that difference.
 */
import { DEFAULT_GARP } from './draft.ts'
import type { ConfigDraft, GlobalsDraft, VrrpInstanceDraft } from './draft.ts'
import { shown } from './excerpt.ts'
import { linkInstance } from './link-instance.ts'
import type { Defaults } from './link-instance.ts'
import { checkScripts } from './link-scripts.ts'
import type { Config, GlobalDefs, VrrpInstance } from './model.ts'
import type { ReadContext } from './schema.ts'

/** Makes the configuration, reporting what does not fit together. */
export function link(draft: ConfigDraft, context: ReadContext): Config {
  const defaults = instanceDefaults(draft)
  checkScripts(draft.instances.values(), draft.globals, context)
  const linked: { readonly draft: VrrpInstanceDraft; readonly instance: VrrpInstance }[] = []
  for (const instanceDraft of draft.instances.values()) {
    const instance = linkInstance(instanceDraft, defaults, context)
    if (instance !== undefined) linked.push({ draft: instanceDraft, instance })
  }
  reportDuplicateVrids(linked, context)
  return {
    instance: draft.instance,
    globalDefs: globalDefs(draft.globals, context),
    vrrpInstances: linked.map(({ instance }) => instance),
  }
}

function globalDefs(globals: GlobalsDraft, { host }: ReadContext): GlobalDefs {
  return {
    routerId: globals.routerId ?? host.hostname,
    dynamicInterfaces: globals.dynamicInterfaces ?? false,
    allowIfChanges: globals.allowIfChanges ?? false,
    defaultInterface: globals.defaultInterface ?? 'eth0',
    // Scripts that would need a bad account are gone.
    scriptUser: globals.scriptUser === 'invalid' ? undefined : globals.scriptUser,
    enableScriptSecurity: globals.enableScriptSecurity ?? false,
    vrrpStartupDelayUs: globals.vrrpStartupDelayUs ?? 0,
    vrrpRtPriority: globals.vrrpRtPriority ?? 0,
  }
}

function instanceDefaults({ globals, isElsewhere }: ConfigDraft): Defaults {
  const garp = { ...DEFAULT_GARP, ...globals.garp }
  return {
    strictMode: globals.strictMode ?? false,
    isInterfaceOptional: isElsewhere || (globals.dynamicInterfaces ?? false),
    version: globals.vrrpVersion ?? 2,
    group4: globals.vrrpMcastGroup4 ?? '224.0.0.18',
    group6: globals.vrrpMcastGroup6 ?? 'ff02::12',
    downTimerAdverts: globals.downTimerAdverts ?? 3,
    lowerPrioNoAdvert: globals.lowerPrioNoAdvert ?? false,
    higherPrioSendAdvert: globals.higherPrioSendAdvert ?? false,
    ownerIgnoreAdverts: globals.ownerIgnoreAdverts ?? false,
    skipCheckAdvAddr: globals.skipCheckAdvAddr ?? false,
    v3ChecksumAsV2: globals.v3ChecksumAsV2 ?? false,
    garp: { lowerPrioDelayUs: garp.masterDelayUs, lowerPrioRepeat: garp.masterRepeat, ...garp },
  }
}

/** Two virtual routers that would answer to the same advertisements. */
function reportDuplicateVrids(
  linked: readonly { readonly draft: VrrpInstanceDraft; readonly instance: VrrpInstance }[],
  { diagnostics }: ReadContext,
): void {
  const seen = new Map<string, { readonly draft: VrrpInstanceDraft; readonly instance: VrrpInstance }>()
  for (const entry of linked.filter(({ draft }) => draft.isUnicast !== true)) {
    const { name, family, interface: device, mcastDstIp, virtualRouterId } = entry.instance
    const key = `${family} ${device} ${mcastDstIp} ${virtualRouterId}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, entry)
      continue
    }
    const { span } = first.draft.virtualRouterId ?? first.draft
    const message = `${shown(first.instance.name)} and ${shown(name)} both use VRID ${virtualRouterId} with IPv${family} on interface ${shown(device)}`
    const help = `${shown(first.instance.name)} says so at ${span.source.path}:${span.source.position(span.offset).line}`
    diagnostics.error('duplicate-vrid', (entry.draft.virtualRouterId ?? entry.draft).span, message, help)
  }
}
