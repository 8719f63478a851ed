/** What can be tracked by name: scripts, processes, files (vrrp.md §7, errors.md §4). */
import type { ConfigDraft, TrackFileDraft, VrrpScriptDraft, VrrpTrackProcessDraft } from '../drafts.ts'
import { TRACK_FILE } from '../keywords/track-file.ts'
import { VRRP_SCRIPT } from '../keywords/vrrp-script.ts'
import { VRRP_TRACK_PROCESS } from '../keywords/vrrp-track-process.ts'
import type { Config, TrackFile, VrrpInstance, VrrpScript, VrrpTrackProcess } from '../model.ts'
import { blockSpan, findLines, settingSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'
import { isFileTest } from './scripts.ts'
import type { LinkContext } from './scripts.ts'

/** The definitions that count: the first of each name that lacks nothing. */
export function linkTrackers(draft: ConfigDraft, context: LinkContext): Pick<Config, 'vrrpScripts' | 'vrrpTrackProcesses' | 'trackFiles'> {
  const { vrrpScripts = [], vrrpTrackProcesses = [], trackFiles = [] } = draft
  return {
    vrrpScripts: firstOfEach('vrrp_script', vrrpScripts, context).flatMap((script) => linkScript(script, context)),
    vrrpTrackProcesses: firstOfEach('vrrp_track_process', vrrpTrackProcesses, context).flatMap((one) => linkProcess(one, context)),
    trackFiles: firstOfEach('track_file', trackFiles, context).flatMap((file) => linkFile(file, context)),
  }
}

/** keepalived looks names up from the start, and says nothing about later ones. */
function firstOfEach<T extends { readonly at: number; name?: string }>(
  keyword: string,
  drafts: readonly T[],
  context: ReadContext,
): readonly T[] {
  const known = new Set<string>()
  return drafts.filter((draft) => {
    const { name = '' } = draft
    if (!known.has(name)) {
      known.add(name)
      return true
    }
    const message = `there is a '${keyword}' ${shown(name)} already: nothing uses this one`
    context.diagnostics.warning('unused-block', blockSpan(draft, context), message)
    return false
  })
}

/** The scripts that a line which counts tracks: others are not run. */
export function withoutUnused(
  scripts: readonly VrrpScript[],
  owners: readonly Pick<VrrpInstance, 'trackScript'>[],
  { vrrpScripts = [] }: ConfigDraft,
  named: ReadonlySet<string>,
  context: ReadContext,
): readonly VrrpScript[] {
  const tracked = new Set(owners.flatMap(({ trackScript }) => trackScript.map(({ name }) => name)))
  // The first of a name is the one that counts.
  const drafts = new Map(vrrpScripts.toReversed().map((draft) => [draft.name, draft]))
  return scripts.filter(({ name }) => {
    if (tracked.has(name)) return true
    // Of a line that names it and does not count, the reason is said.
    if (named.has(name)) return false
    const draft = drafts.get(name) ?? { at: 0 }
    context.diagnostics.warning('unused-block', blockSpan(draft, context), `nothing tracks 'vrrp_script' ${shown(name)}: it is not run`)
    return false
  })
}

function linkScript(draft: VrrpScriptDraft, context: LinkContext): readonly VrrpScript[] {
  const { script, user, name = '' } = draft
  const { diagnostics, host } = context
  if (script === undefined) return incomplete('vrrp_script', 'script', draft, context)
  if (draft.badUser !== undefined) return []
  const problem = isFileTest(script) ? undefined : host.scriptProblem(script.path)
  if (problem !== undefined) {
    const message = `the script ${shown(script.path)} ${problem.reason}: 'vrrp_script' ${shown(name)} is ignored`
    diagnostics.error('tracked-script-not-usable', settingSpan(draft, 'script', context), message)
    return []
  }
  const admitted = context.scripts.admit({ ...script, account: user }, () => settingSpan(draft, 'script', context), 'the block is ignored')
  if (admitted === undefined) return []
  return [complete<VrrpScript>(VRRP_SCRIPT, draft, { script: admitted, reverse: draft.reverse ?? false })]
}

function linkProcess(draft: VrrpTrackProcessDraft, context: ReadContext): readonly VrrpTrackProcess[] {
  const { process, paramMatch } = draft
  if (process === undefined) return incomplete('vrrp_track_process', 'process', draft, context)
  const { name = '', params = [] } = process
  const hasParams = params.length > 0
  return [
    complete<VrrpTrackProcess>(VRRP_TRACK_PROCESS, draft, {
      process: { name, params },
      paramMatch: paramMatch ?? (hasParams ? 'exact' : undefined),
      fullCommand: draft.fullCommand === true || hasParams || paramMatch !== undefined,
      reverse: draft.reverse ?? false,
    }),
  ]
}

function linkFile(draft: TrackFileDraft, context: ReadContext): readonly TrackFile[] {
  const { file, initFile } = draft
  if (file === undefined) return incomplete('track_file', 'file', draft, context)
  const start = initFile === undefined ? undefined : { value: initFile.value ?? 0, overwrite: initFile.overwrite ?? false }
  return [complete<TrackFile>(TRACK_FILE, draft, { initFile: start, reverse: draft.reverse ?? false })]
}

/** Reports what is missing, unless there is a line for it: then it is said already what is wrong with it. */
export function incomplete(
  keyword: string,
  lacking: string,
  draft: { readonly at: number; name?: string },
  context: ReadContext,
  spellings: readonly string[] = [lacking],
): [] {
  if (findLines(context.tokens, draft.at, spellings).length === 0) {
    const message = `'${keyword}' ${shown(draft.name ?? '')} has no '${lacking}'; the block is ignored`
    context.diagnostics.error('incomplete-block', blockSpan(draft, context), message)
  }
  return []
}
