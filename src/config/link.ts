/**
 * From what is written to what is meant: defaults, globals and the rules that concern more than one line.
 *
 * Global defaults apply wherever global_defs stands in the text. keepalived does the same at its start,
 * where it reads all global_defs before any instance; only its reload copies some of them when an
 * instance is opened. One meaning for one text is worth more than that difference.
 */
import type { ConfigDraft, VrrpInstanceDraft } from './drafts.ts'
import { ROOT } from './keywords/root.ts'
import { linkBfd } from './link/bfd.ts'
import { complete } from './link/complete.ts'
import { instanceDefaults } from './link/defaults.ts'
import { linkGarpGroups } from './link/garp-groups.ts'
import { linkGlobals } from './link/globals.ts'
import { linkGroups, linkMembers } from './link/groups.ts'
import { linkInstance } from './link/instance.ts'
import { linkInterfaceLists } from './link/interface-lists.ts'
import { ScriptPolicy } from './link/scripts.ts'
import type { RootScript } from './link/scripts.ts'
import { separateOwnLinks } from './link/own-links.ts'
import { linkStatic } from './link/static.ts'
import { trackables } from './link/trackables.ts'
import { linkTrackers, withoutUnused } from './link/trackers.ts'
import { linkVirtualServers } from './link/virtual-servers.ts'
import type { Config, VrrpInstance } from './model.ts'
import { valueSpan } from './blocks/places.ts'
import { shown } from './diagnostics/printable.ts'
import type { ReadContext } from './tables/schema.ts'
import { placeText } from './text/source.ts'

/** An instance and what it was made of. */
interface Linked {
  readonly draft: VrrpInstanceDraft
  readonly instance: VrrpInstance
}

/** Makes the configuration, reporting what does not fit together. */
export function link(draft: ConfigDraft, read: ReadContext): { readonly config: Config; readonly rootScripts: readonly RootScript[] } {
  const scripts = new ScriptPolicy(draft.globalDefs ?? {}, read)
  const context = { ...read, scripts }
  const globalDefs = linkGlobals(draft, context)
  const defaults = instanceDefaults(globalDefs, draft.netNamespace !== undefined)
  const defined = { ...linkTrackers(draft, context), ...linkBfd(draft, context) }
  const membership = linkMembers(draft, context)
  const known = trackables(draft, defined, { groups: membership.groups, isInterfaceOptional: defaults.isInterfaceOptional })
  separateOwnLinks(draft.vrrpInstances ?? [], context)
  const linked: Linked[] = []
  for (const instanceDraft of draft.vrrpInstances ?? []) {
    const instance = linkInstance(instanceDraft, defaults, known, context)
    if (instance !== undefined) linked.push({ draft: instanceDraft, instance })
  }
  reportDuplicateVrids(linked, context)
  const vrrpInstances = linked.map(({ instance }) => instance)
  const groups = linkGroups(draft, membership, globalDefs, known, context)
  const config = complete<Config>(ROOT, draft, {
    globalDefs,
    vrrpInstances,
    ...defined,
    ...groups,
    vrrpScripts: withoutUnused(defined.vrrpScripts, [...vrrpInstances, ...groups.vrrpSyncGroups], draft, known.namedScripts, context),
    ...linkGarpGroups(draft, defaults, context),
    ...linkInterfaceLists(draft, vrrpInstances, defaults, context),
    ...linkStatic(draft, defaults, context),
    ...linkVirtualServers(draft, context),
  })
  scripts.finish()
  return { config, rootScripts: scripts.asRoot }
}

/** Two virtual routers that would answer to the same advertisements. */
function reportDuplicateVrids(linked: readonly Linked[], context: ReadContext): void {
  const seen = new Map<string, Linked>()
  for (const entry of linked) {
    const { name, family, interface: device = '', mcastDstIp, virtualRouterId } = entry.instance
    for (const place of placesOf(entry.instance)) {
      const key = `${family} ${virtualRouterId} ${place}`
      const first = seen.get(key)
      if (first === undefined) {
        seen.set(key, entry)
        continue
      }
      const span = valueSpan(first.draft, 'virtual_router_id', context)
      const where = place === `${device} ${mcastDstIp}` ? `on interface ${shown(device)}` : 'with the same source and peer'
      const message = `${shown(first.instance.name)} and ${shown(name)} both use VRID ${virtualRouterId} with IPv${family} ${where}`
      const help = `${shown(first.instance.name)} says so at ${placeText(span)}`
      context.diagnostics.error('duplicate-vrid', valueSpan(entry.draft, 'virtual_router_id', context), message, help)
      break
    }
  }
}

/** What a virtual router shares with one that it would be mixed up with: interface and group, or source and a peer. */
function placesOf({ unicastPeer, unicastSrcIp, mcastSrcIp, interface: device = '', mcastDstIp }: VrrpInstance): readonly string[] {
  if (unicastPeer.length === 0) return [`${device} ${mcastDstIp}`]
  const source = unicastSrcIp ?? mcastSrcIp ?? device
  return unicastPeer.map(({ address }) => `${source} > ${address}`)
}
