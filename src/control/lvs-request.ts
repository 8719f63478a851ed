/** What operators ask of virtual servers, and how it is read. */
import { MOST_DRAIN_MS } from '../lvs/operator.ts'
import { isWeight } from '../lvs/override-record.ts'
import type { LvsTarget } from '../lvs/targets.ts'
import { PROTOCOL_VERSION, Refusal } from './answer.ts'

/** A request, as it stands in its line beside `version`. */
export type LvsRequest =
  /** The state of all virtual servers. */
  | { readonly command: 'lvs' }
  /** No new connections, and an end of the wait for those that are left after so long. */
  | (LvsTarget & { readonly command: 'drain'; readonly limitMs: number })
  | (LvsTarget & { readonly command: 'maintenance'; readonly on: boolean })
  | (LvsTarget & { readonly command: 'weight'; readonly weight: number | 'default' })

/** A name of a server is shorter. */
const MAX_NAME = 256

const FIELDS: Readonly<Record<LvsRequest['command'], readonly string[]>> = {
  lvs: [],
  drain: ['server', 'service', 'limitMs'],
  maintenance: ['server', 'service', 'on'],
  weight: ['server', 'service', 'weight'],
}

/**
 * Reads a request.
 *
 * @throws {Refusal} `badRequest`
 */
export function readLvsRequest(request: unknown): LvsRequest {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) throw bad('a request is a JSON object')
  const { version, command, ...fields }: Readonly<Record<string, unknown>> = { ...request }
  if (version !== PROTOCOL_VERSION) throw bad(`the daemon knows version ${PROTOCOL_VERSION} of requests, this is another one`)
  if (!isCommand(command)) throw bad(`command is one of ${Object.keys(FIELDS).join(', ')}`)
  const unknown = Object.keys(fields).find((name) => !FIELDS[command].includes(name))
  if (unknown !== undefined) throw bad(`${command} has no ${unknown}`)
  switch (command) {
    case 'lvs':
      return { command }
    case 'drain':
      return { command, ...targetOf(fields), limitMs: limitOf(fields['limitMs']) }
    case 'maintenance':
      return { command, ...targetOf(fields), on: switchOf(fields['on']) }
    case 'weight':
      return { command, ...targetOf(fields), weight: weightOf(fields['weight']) }
  }
}

function isCommand(word: unknown): word is LvsRequest['command'] {
  return typeof word === 'string' && Object.hasOwn(FIELDS, word)
}

function targetOf({ server, service }: Readonly<Record<string, unknown>>): LvsTarget {
  const named = { server: nameOf('server', server) }
  return service === undefined ? named : { ...named, service: nameOf('service', service) }
}

function nameOf(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_NAME) return value
  throw bad(`${field} is a text of 1 to ${MAX_NAME} characters`)
}

function limitOf(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= MOST_DRAIN_MS) return value
  throw bad(`limitMs is a number from 0 to ${MOST_DRAIN_MS}`)
}

function switchOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw bad('on is true or false')
}

function weightOf(value: unknown): number | 'default' {
  if (value === 'default' || (typeof value === 'number' && isWeight(value))) return value
  throw bad('weight is a whole number from 0 to 2147483647, or default')
}

function bad(message: string): Refusal {
  return new Refusal('badRequest', message)
}
