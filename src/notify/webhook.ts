import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Config } from '../config/model.ts'
import type { Change, NotifyTarget, ServerState, ToldServerChange, ToldState } from './change.ts'
import { Outbox } from './outbox.ts'
import type { Outcome, OutboxRules } from './outbox.ts'
import type { NameSource } from './resolve-name.ts'
import { subjectOf } from './told.ts'
import type { Told } from './told.ts'
import { keyOf } from './webhook-key.ts'
import { Poster } from './webhook-request.ts'

/** Where changes are posted. */
export interface WebhookOptions {
  /** `http:` or `https:`, without a user name or password. */
  readonly url: string
  /**
   * Signs each request, as Standard Webhooks says: `whsec_` and a key in base64, or the key itself; 24 to 64 octets. A key of its own
   * for each receiver.
   */
  readonly secret?: string
  /** For one request, in milliseconds: 100 to 300,000. Default 10,000. */
  readonly timeoutMs?: number
  /** What is posted; changes of state and DELETED, and UP and DOWN of servers unless given. */
  readonly states?: readonly WebhookState[]
}

/** What is posted of an instance, a group or a server. */
export type WebhookState = ToldState | ServerState

const STANDARD_STATES: readonly WebhookState[] = ['MASTER', 'BACKUP', 'FAULT', 'STOP', 'DELETED', 'UP', 'DOWN']
const DEFAULT_TIMEOUT_MS = 10_000

const RULES: OutboxRules = {
  what: 'webhook',
  concurrency: 8,
  maxWaitingInLane: 16,
  maxWaiting: 16_384,
  maxAttempts: 10,
  maxAgeMs: 24 * 3_600_000,
  firstPauseMs: 1_000,
  maxPauseMs: 60_000,
  maxAskedPauseMs: 3_600_000,
}

/** What every body has. */
interface AnyWebhookBody {
  readonly version: 1
  /** `vrrp.instance.master`, `lvs.rs.down` */
  readonly type: string
  /** When it happened, ISO 8601 in UTC. */
  readonly timestamp: string
  readonly name: string
  /** Larger for a later change of the same run of the daemon. */
  readonly generation: number
  /** Changes of the same instance, group or server before this one that are never posted: the receiver was too slow. */
  readonly skipped: number
  readonly host: string
  readonly routerId: string
  /** The daemon among several on this host, where it has a name. */
  readonly instance: string | null
}

/** A change of an instance or a group as it is posted; more may come with a later version. */
export interface WebhookBody extends AnyWebhookBody {
  readonly kind: Change['kind']
  readonly state: ToldState
  /** The state before, of a change of state. */
  readonly from: string | null
  /** Effective priority; 0 for a group. */
  readonly priority: number
}

/** A change of a real server (RS), or of the quorum of a virtual server (VS), as it is posted; more may come with a later version. */
export interface ServerWebhookBody extends AnyWebhookBody {
  readonly kind: ToldServerChange['kind']
  /** The virtual server that it belongs to, or that it is. */
  readonly service: string
  readonly state: ServerState
}

/** A webhook on its way. */
interface Webhook {
  readonly id: string
  readonly change: Told
  readonly routerId: string
}

/** What a target is told besides. */
export interface WebhookSetting {
  /** The daemon among several on this host. */
  readonly instance?: string | undefined
  /** What only tests say otherwise. */
  readonly rules?: Partial<OutboxRules>
  readonly names?: NameSource
}

/** Posts changes to one receiver, those of one instance in their order. */
export class WebhookTarget implements NotifyTarget {
  /** The receiver as it may be shown: a path is often a secret. */
  readonly receiver: string
  readonly #log: Logger
  readonly #poster: Poster
  readonly #states: ReadonlySet<WebhookState>
  readonly #setting: WebhookSetting
  readonly #outbox: Outbox<Webhook>
  #routerId = ''

  constructor(
    { url: text, secret, timeoutMs = DEFAULT_TIMEOUT_MS, states = STANDARD_STATES }: WebhookOptions,
    log: Logger,
    setting: WebhookSetting = {},
  ) {
    const url = new URL(text)
    this.receiver = url.origin
    this.#log = log.child({ webhook: url.origin })
    this.#poster = new Poster({ url, key: secret === undefined ? undefined : keyOf(secret), timeoutMs, names: setting.names ?? {} })
    this.#states = new Set(states)
    this.#setting = setting
    const deliver = async (webhook: Webhook, skipped: number, abort: AbortSignal): Promise<Outcome> =>
      await this.#post(webhook, skipped, abort)
    this.#outbox = new Outbox({ ...RULES, ...setting.rules }, deliver, this.#log)
  }

  /** Webhooks that wait or are on their way. */
  get size(): number {
    return this.#outbox.size
  }

  configure({ globalDefs }: Config): void {
    this.#routerId = globalDefs.routerId
  }

  retain(): void {
    // Nothing is kept of an instance but what it has yet to tell.
  }

  tell(change: Change): void {
    if (this.#states.has(change.state)) this.#push(subjectOf(change), change)
  }

  tellServer(change: ToldServerChange): void {
    if (change.toFifos && this.#states.has(change.state)) this.#push(`${subjectOf(change)} of ${change.service}`, change)
  }

  async finish(limitMs: number): Promise<void> {
    await this.#outbox.finish(limitMs)
    this.#poster.close()
  }

  #push(lane: string, change: Told): void {
    this.#outbox.push(lane, { id: `msg_${randomUUID()}`, change, routerId: this.#routerId })
  }

  async #post({ id, change, routerId }: Webhook, skipped: number, abort: AbortSignal): Promise<Outcome> {
    const body = JSON.stringify(bodyOf(change, { routerId, skipped, instance: this.#setting.instance ?? null }))
    try {
      const { status, retryAfterMs } = await this.#poster.post(id, body, abort)
      if (status >= 200 && status < 300) return { result: 'delivered' }
      const reason = `answered with ${status}`
      if (status < 500 && status !== 408 && status !== 429) {
        this.#log.error({ id, status, name: change.name, state: change.state }, 'webhook refused')
        return { result: 'refused' }
      }
      return { result: 'failed', reason, ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) }
    } catch (error) {
      return { result: 'unreachable', reason: reasonOf(error) }
    }
  }
}

function bodyOf(
  change: Told,
  { routerId, skipped, instance }: Pick<AnyWebhookBody, 'routerId' | 'skipped' | 'instance'>,
): WebhookBody | ServerWebhookBody {
  const { kind, name, state, generation, atMs } = change
  const type = `${'service' in change ? 'lvs' : 'vrrp'}.${kind.toLowerCase()}.${state.toLowerCase()}`
  const first = { version: 1, type, timestamp: new Date(atMs).toISOString() } as const
  const last = { generation, skipped, host: hostname(), routerId, instance }
  if ('service' in change) return { ...first, kind: change.kind, name, service: change.service, state: change.state, ...last }
  const { from, priority } = change
  return { ...first, kind: change.kind, name, state: change.state, from: from ?? null, priority, ...last }
}

/** Of several addresses that refused the error has no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || ('code' in error ? String(error.code) : error.name)
}
