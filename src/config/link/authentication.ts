/** `authentication` and `auth_hmac` of an instance. */
import type { AuthHmacDraft, VrrpInstanceDraft } from '../drafts.ts'
import type { Family } from '../forms/addresses.ts'
import { US_PER_S } from '../forms/numbers.ts'
import { AUTH_HMAC } from '../keywords/auth-hmac.ts'
import type { Authentication, AuthHmac } from '../model.ts'
import { blockSpan, settingSpan, valueSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import { complete } from './complete.ts'

type Draft = VrrpInstanceDraft

const WINDOW_ADVERTS = 3
const MIN_WINDOW_S = 5
const MAX_WINDOW_S = 300

/** Never silently without: each way to end up unauthenticated is reported. */
export function linkAuthentication(draft: Draft, version: number, context: ReadContext): Authentication | undefined {
  const { diagnostics } = context
  const { authentication, name = '' } = draft
  if (authentication === undefined) return undefined
  const { authType, authPass } = authentication
  if (authType === undefined) {
    if (authPass === undefined) return undefined
    const message = `instance ${shown(name)} has a password but no auth_type: it runs without authentication`
    return diagnostics.warning('no-authentication', settingSpan(authentication, 'auth_pass', context), message, 'add `auth_type PASS`')
  }
  const span = valueSpan(authentication, 'auth_type', context)
  const without = `instance ${shown(name)} runs without authentication`
  const drop = (reason: string, help?: string): undefined =>
    diagnostics.error('authentication-dropped', span, `${reason}: ${without}`, help)
  if (draft.authHmac !== undefined) return drop("'auth_hmac' takes the place of 'authentication'")
  if (version === 3) return drop('VRRP version 3 has no authentication')
  if (draft.family === 6) return drop('VRRP over IPv6 has no authentication')
  if (authPass === undefined) return drop('no password is given', 'add `auth_pass`')
  return { authType, authPass }
}

/** The authentication data that ends each version 2 advertisement over IPv4. */
const DATA_OCTETS = 8
/** The header of AH, and the trailer of auth_hmac. */
const AH_OCTETS = 24
const HMAC_OCTETS = 28

/** How many octets of an advertisement authentication takes. */
export function authenticationOctets(
  family: Family,
  version: number,
  authentication: Authentication | undefined,
  authHmac: AuthHmac | undefined,
): number {
  const data = version === 2 && family === 4 ? DATA_OCTETS : 0
  const header = authentication?.authType === 'AH' ? AH_OCTETS : 0
  const isSigned = authHmac !== undefined && authHmac.mode !== 'receive-only'
  return data + header + (isSigned ? HMAC_OCTETS : 0)
}

/** Without an active key there is no extension, which is reported. */
export function linkHmac(draft: Draft, advertIntUs: number, context: ReadContext): AuthHmac | undefined {
  const { authHmac, name = '' } = draft
  if (authHmac === undefined) return undefined
  const { activeKey } = authHmac
  if (activeKey === undefined || !hasKey(authHmac, activeKey)) {
    const problem = activeKey === undefined ? 'no `active_key` is named' : `there is no key ${activeKey}`
    const span = activeKey === undefined ? blockSpan(authHmac, context) : valueSpan(authHmac, 'active_key', context)
    const message = `${problem}: instance ${shown(name)} runs without authentication`
    return context.diagnostics.error('authentication-dropped', span, message)
  }
  const seconds = Math.floor(advertIntUs / US_PER_S) * WINDOW_ADVERTS
  const timeWindowUs = authHmac.timeWindowUs ?? Math.min(Math.max(seconds, MIN_WINDOW_S), MAX_WINDOW_S) * US_PER_S
  return complete<AuthHmac>(AUTH_HMAC, authHmac, { timeWindowUs })
}

function hasKey({ keys = [] }: AuthHmacDraft, id: number): boolean {
  return keys.some((key) => key.id === id)
}
