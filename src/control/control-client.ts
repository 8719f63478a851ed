import { once } from 'node:events'
import { lstatSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { PROTOCOL_VERSION, Refusal } from './answer.ts'
import type { ControlAnswer } from './answer.ts'
import { LineReader } from './line-reader.ts'
import { controlSocketPlace } from './socket-path.ts'
import type { DaemonPlace } from './socket-path.ts'
import { KaError } from '../errors.ts'

/** A line of a daemon with 50,000 servers is a third of it. */
const MAX_ANSWER_OCTETS = 64 * 1_024 * 1_024

/** JavaScript that stands still for longer is an end of the daemon. */
const SILENCE_MS = 30_000

/** What a client is told. */
export interface Conversation {
  /** Called for each line of progress. */
  readonly onProgress?: (value: unknown) => void
  /** Gives up: what the daemon has begun by then goes on. */
  readonly signal?: AbortSignal
  /** Longest time without a line of the daemon; 30 s unless given. */
  readonly silenceMs?: number
}

/**
 * Asks the daemon of a place.
 *
 * @param request what it is asked, without the version of the protocol
 * @returns the value of its answer
 * @throws {KaError} `KA_ERR_NOT_RUNNING`, `KA_ERR_PERMISSION`, `KA_ERR_USAGE`, `KA_ERR_ENGINE` where it does not answer
 * @throws {Refusal} where it refuses
 */
export async function askDaemon(place: DaemonPlace, request: object, conversation: Conversation = {}): Promise<unknown> {
  const socket = await connectTo(place)
  const give = (): void => {
    socket.destroy()
  }
  conversation.signal?.addEventListener('abort', give)
  try {
    const lines = new LineReader(socket, MAX_ANSWER_OCTETS)
    socket.write(`${JSON.stringify({ version: PROTOCOL_VERSION, ...request })}\n`)
    return await answerOf(lines, conversation)
  } finally {
    conversation.signal?.removeEventListener('abort', give)
    socket.destroy()
  }
}

async function answerOf(lines: LineReader, { onProgress, silenceMs = SILENCE_MS }: Conversation): Promise<unknown> {
  for (;;) {
    const result = await lines.next(silenceMs)
    if (result.type === 'late') throw new KaError('KA_ERR_ENGINE', `the daemon has not answered within ${silenceMs / 1_000} s`)
    if (result.type === 'tooLong') throw new KaError('KA_ERR_ENGINE', 'the answer of the daemon is too long')
    if (result.type === 'end')
      throw new KaError('KA_ERR_NOT_RUNNING', 'the daemon has closed the connection: it stops, or has too many clients')
    const answer = parse(result.line)
    if (answer.type === 'result') return answer.value
    if (answer.type === 'error') throw new Refusal(answer.code, answer.message, answer.suggestions)
    onProgress?.(answer.value)
  }
}

/** The daemon is trusted: its socket is root's, or our own. */
function parse(line: string): ControlAnswer {
  try {
    return JSON.parse(line) as ControlAnswer
  } catch (error) {
    throw new KaError('KA_ERR_ENGINE', 'the daemon has not answered in JSON', { cause: error })
  }
}

async function connectTo(place: DaemonPlace): Promise<Socket> {
  const { directory, name } = controlSocketPlace(place)
  const path = join(directory, name)
  checkOwner(path)
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
  } catch (error) {
    throw failureOf(error, { ...place, directory, name })
  }
  socket.on('error', () => {}) // the end of its lines says it
  return socket
}

/** Somebody else's socket would tell us anything. */
function checkOwner(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || found.uid === 0 || found.uid === process.geteuid?.()) return
  throw new KaError('KA_ERR_PERMISSION', `${path} belongs to the user with number ${found.uid}: that is no daemon of ours`)
}

interface Missing extends DaemonPlace {
  readonly directory: string
  readonly name: string
}

function failureOf(error: unknown, { directory, name, instanceName }: Missing): KaError {
  const path = join(directory, name)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EACCES' || code === 'EPERM') return new KaError('KA_ERR_PERMISSION', `only root may tell the daemon something: ${path}`)
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
    const called = instanceName === undefined ? '' : ` with the name ${instanceName}`
    const others = otherDaemons(directory, name).map((other) => (other === '' ? 'one without a name' : `--instance ${other}`))
    const hint = others.length === 0 ? '' : `; there is ${others.join(', ')}`
    const message = `no daemon with virtual servers${called} runs in this network namespace (${path})${hint}`
    return new KaError('KA_ERR_NOT_RUNNING', message, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new KaError('KA_ERR_ENGINE', `the daemon cannot be reached: ${reason}`, { cause: error })
}

/** Names of the daemons of this network namespace that have a socket; an empty one is that of the daemon without a name. */
function otherDaemons(directory: string, name: string): readonly string[] {
  const [inode = ''] = name.split('.')
  try {
    return readdirSync(directory).flatMap((found) => {
      if (found === name || !found.startsWith(`${inode}.`) || !found.endsWith('.sock')) return []
      return [found.slice(inode.length + 1, -'sock'.length).replace(/\.$/, '')]
    })
  } catch {
    return []
  }
}
