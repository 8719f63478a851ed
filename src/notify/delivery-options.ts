import { KaError } from '../errors.ts'
import type { SmtpSecurity } from './smtp.ts'
import type { WebhookOptions, WebhookState } from './webhook.ts'
import { keyOf } from './webhook-key.ts'

/** Each has a queue and connections of its own. */
const MAX_WEBHOOKS = 16
const MIN_TIMEOUT_MS = 100
const MAX_TIMEOUT_MS = 300_000

/** Ways to protect the connection to a mail relay. */
export const TLS_MODES: readonly NonNullable<SmtpSecurity['tls']>[] = ['none', 'starttls', 'implicit']

/** Changes of priority are for FIFOs. */
const STATES: readonly WebhookState[] = ['MASTER', 'BACKUP', 'FAULT', 'STOP', 'DELETED', 'MASTER_RX_LOWER_PRI', 'UP', 'DOWN']

/**
 * Refuses what says no way to speak to a mail relay; callers may be without types. Never shows a secret.
 *
 * @throws {KaError} `KA_ERR_USAGE`
 */
export function checkSmtp(smtp: unknown): void {
  if (!isRecord(smtp)) throw usage('smtp is an object: tls, user, password')
  const { tls, user, password, ...others } = smtp
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw usage(`smtp has no ${unknown}`)
  if (tls !== undefined && !includes(TLS_MODES, tls)) throw usage(`smtp.tls is one of ${TLS_MODES.join(', ')}`)
  if ((user === undefined) !== (password === undefined)) throw usage('smtp.user and smtp.password go together')
  if (user === undefined) return
  if (!isText(user) || !isText(password)) throw usage('smtp.user and smtp.password are texts that are not empty')
  if (tls === 'none') throw usage('smtp.password would go through the network in the clear: smtp.tls is to be starttls or implicit')
}

/**
 * Refuses what says no receivers of webhooks; callers may be without types. Never shows a secret.
 *
 * @throws {KaError} `KA_ERR_USAGE`
 */
export function checkWebhooks(webhooks: unknown): void {
  if (!Array.isArray(webhooks)) throw usage('webhooks is an array')
  if (webhooks.length > MAX_WEBHOOKS) throw usage(`there are at most ${MAX_WEBHOOKS} webhooks`)
  for (const webhook of webhooks as readonly unknown[]) checkWebhook(webhook)
}

function checkWebhook(webhook: unknown): void {
  if (!isRecord(webhook)) throw usage('a webhook is an object: url, secret, timeoutMs, states')
  // A misspelt one would leave requests unsigned.
  const { url, secret, timeoutMs, states, ...others } = webhook satisfies Readonly<Partial<Record<keyof WebhookOptions, unknown>>>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw usage(`a webhook has no ${unknown}`)
  checkUrl(url)
  if (secret !== undefined && (typeof secret !== 'string' || keyOf(secret) === undefined)) {
    throw usage('the secret of a webhook is whsec_ and a key in base64, or the key itself: 24 to 64 octets')
  }
  const isTime = typeof timeoutMs === 'number' && Number.isInteger(timeoutMs) && timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS
  if (timeoutMs !== undefined && !isTime)
    throw usage(`timeoutMs of a webhook is a whole number from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}`)
  const isStates = Array.isArray(states) && states.length > 0 && states.every((state) => includes(STATES, state))
  if (states !== undefined && !isStates) throw usage(`states of a webhook are some of ${STATES.join(', ')}`)
}

/** What is wrong is said without the text: its path is often a secret. */
function checkUrl(text: unknown): void {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw usage('the URL of a webhook begins with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw usage('the URL of a webhook holds no user name or password: a secret signs its requests')
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

function includes(values: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && values.includes(value)
}

function usage(message: string): KaError {
  return new KaError('KA_ERR_USAGE', message)
}
