/** `HTTP_GET` and `SSL_GET`. */
import type { HttpGetDraft, HttpUrlDraft, SslGetDraft, SslUrlDraft } from '../drafts.ts'
import { US_PER_S } from '../forms/numbers.ts'
import { GOOD_STATUSES } from '../keywords/web-urls.ts'
import type { HttpGet, HttpUrl, SslGet } from '../model.ts'
import { blockSpan, valueSpan } from '../blocks/places.ts'
import type { ReadContext } from '../tables/schema.ts'
import { linkConnection, NONE } from './checkers.ts'
import type { Builtin, Inherited } from './checkers.ts'

const WEB: Builtin = { retry: 1, delayBeforeRetryUs: 3 * US_PER_S }

/** `HTTP_GET`: without a URL it is dropped. */
export function linkHttpGet(draft: HttpGetDraft, server: Inherited, context: ReadContext): HttpGet | undefined {
  return linkGet(draft, withPath(draft.urls, context), server, context)
}

/** `SSL_GET`: the same, and how connections are closed. */
export function linkSslGet(draft: SslGetDraft, server: Inherited, context: ReadContext): SslGet | undefined {
  const written: readonly SslUrlDraft[] = withPath(draft.urls, context)
  const check = linkGet(draft, written, server, context)
  if (check === undefined) return undefined
  const urls = check.urls.map((url, index) => Object.assign(url, { tlsCompliant: written[index]?.tlsCompliant ?? false }))
  return Object.assign(check, { tlsCompliant: draft.tlsCompliant ?? false, urls })
}

function linkGet(draft: HttpGetDraft, written: readonly HttpUrlDraft[], server: Inherited, context: ReadContext): HttpGet | undefined {
  if (written.length === 0) {
    const message = 'the checker has no URL to ask for; it is ignored'
    return context.diagnostics.error('incomplete-block', blockSpan(draft, context), message, 'add a block `url` with `path`')
  }
  const connection = linkConnection(draft, server, WEB, context)
  if (connection === undefined) return undefined
  const { virtualhost = server.virtualhost, httpProtocol = '1.0', enableSni = false, sniName, fastRecovery = false } = draft
  const urls = written.map((url) => linkUrl(url, virtualhost, context))
  return Object.assign(connection, { virtualhost, httpProtocol, enableSni, sniName, fastRecovery, urls })
}

/** URLs without a path are dropped. */
function withPath<U extends HttpUrlDraft>(drafts: readonly U[] = NONE, context: ReadContext): readonly U[] {
  return drafts.filter((draft) => {
    if (draft.path !== undefined) return true
    context.diagnostics.error('incomplete-block', blockSpan(draft, context), 'the URL has no path; it is ignored', 'add `path`')
    return false
  })
}

function linkUrl(draft: HttpUrlDraft, virtualhost: string | undefined, context: ReadContext): HttpUrl {
  const hasRoom = (draft.regexMaxOffset ?? Infinity) >= (draft.regexMinOffset ?? 0)
  if (!hasRoom) reportLimits(draft, context)
  return {
    path: draft.path ?? '',
    digest: draft.digest,
    statusCode: draft.statusCode ?? GOOD_STATUSES,
    virtualhost: draft.virtualhost ?? virtualhost,
    regex: draft.regex,
    regexNoMatch: draft.regexNoMatch ?? false,
    regexOptions: draft.regexOptions ?? NONE,
    // Limits of a match that leave no room are ignored.
    regexMinOffset: hasRoom ? (draft.regexMinOffset ?? 0) : 0,
    regexMaxOffset: hasRoom ? draft.regexMaxOffset : undefined,
    regexStack: draft.regexStack,
  }
}

function reportLimits(draft: HttpUrlDraft, context: ReadContext): void {
  const { regexMinOffset = 0, regexMaxOffset = 0 } = draft
  const message = `a match cannot start at ${regexMinOffset} or later and at ${regexMaxOffset} or before; both are ignored`
  const span = valueSpan(draft, ['regex_min_offset', 'regex_max_offset'], context)
  context.diagnostics.warning('setting-ignored', span, message)
}
