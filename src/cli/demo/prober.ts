import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData, type MessagePort } from 'node:worker_threads'

/** What the client saw: every question it asked and who answered. Times are milliseconds of {@link now}. */
export interface ProbeRecord {
  /** When each question was sent. */
  readonly sentMs: readonly number[]
  /** When its answer came, NaN if none did. */
  readonly answeredMs: readonly number[]
  /** Which router answered, -1 if none did. */
  readonly answeredBy: readonly number[]
}

/** Milliseconds of the monotonic clock that all threads of a process share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Asks the kernel to run this thread before others: the measurement shall show the routers, not a busy machine. */
export function preferThisThread(): void {
  try {
    setPriority(0, constants.priority.PRIORITY_HIGHEST)
  } catch {
    // Only root may; without it the figures are as good as the machine is quiet.
  }
}

interface ProbeOrder {
  readonly kind: 'ka-native-probe'
  readonly address: string
  readonly port: number
  /** One shared word: {@link ASKING} until the client is to stop. */
  readonly state: Int32Array
}

type Report = { readonly kind: 'answering'; readonly router: number } | { readonly kind: 'record'; readonly record: ProbeRecord }

const ASKING = 0
const STOPPED = 1
const INTERVAL_MS = 1
const QUESTION_BYTES = 5
/** How long the answer to the last question may take, on a busy machine. */
const LAST_ANSWER_MS = 5_000

/**
 * A client that asks an address a question every millisecond, in a thread of its own: starting programs and drawing
 * hold the main thread up for longer than the silences that are to be measured.
 */
export class Prober {
  readonly #worker: Worker
  readonly #state: Int32Array
  #answering = -1
  #record: ProbeRecord | undefined

  private constructor(worker: Worker, state: Int32Array) {
    this.#worker = worker
    this.#state = state
    worker.on('message', (report: Report) => {
      if (report.kind === 'answering') this.#answering = report.router
      else this.#record = report.record
    })
  }

  /** Starts to ask at once; the promise settles when the thread runs. */
  static async start(address: string, port: number): Promise<Prober> {
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const order: ProbeOrder = { kind: 'ka-native-probe', address, port, state }
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: order })
    const prober = new Prober(worker, state)
    await once(worker, 'online')
    return prober
  }

  /** The router that gave the latest answer, -1 before the first. */
  get answering(): number {
    return this.#answering
  }

  /** Stops asking and returns all that was seen. */
  async stop(): Promise<ProbeRecord> {
    const ended = once(this.#worker, 'exit')
    Atomics.store(this.#state, 0, STOPPED)
    await ended
    if (this.#record === undefined) throw new Error('the probing thread ended without its record')
    return this.#record
  }
}

function probe(order: ProbeOrder, port: MessagePort): void {
  preferThisThread()
  const sentMs: number[] = []
  const answeredMs: number[] = []
  const answeredBy: number[] = []
  let answering = -1
  const report = (message: Report): void => port.postMessage(message)

  // The address is a literal: handing it back at once keeps the resolver out of every question.
  const socket = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) })
  socket.on('message', (answer) => {
    const question = answer.readUInt32BE(0)
    const router = answer.readUInt8(QUESTION_BYTES - 1)
    answeredMs[question] = now()
    answeredBy[question] = router
    if (router === answering) return
    answering = router
    report({ kind: 'answering', router })
  })
  const ask = (): void => {
    const question = Buffer.alloc(QUESTION_BYTES)
    question.writeUInt32BE(sentMs.length)
    sentMs.push(now())
    answeredMs.push(Number.NaN)
    answeredBy.push(-1)
    // A question that cannot leave (no route, no neighbour) is one without an answer.
    socket.send(question, order.port, order.address, () => {})
  }
  const finish = (): void => {
    socket.close()
    report({ kind: 'record', record: { sentMs, answeredMs, answeredBy } })
  }
  const finishOnceAnswered = (deadlineMs: number): void => {
    if ((answeredBy.at(-1) ?? -1) >= 0 || now() > deadlineMs) finish()
    // What has come is read between two timers, also where this thread did not run for long.
    else setTimeout(finishOnceAnswered, 1, deadlineMs)
  }
  let dueMs = now()
  const turn = (): void => {
    if (Atomics.load(order.state, 0) === STOPPED) {
      finishOnceAnswered(now() + LAST_ANSWER_MS)
      return
    }
    if (now() >= dueMs) {
      ask()
      // Questions that were due while this thread did not run are not made up for: they would count as a burst of losses.
      dueMs = Math.max(dueMs + INTERVAL_MS, now())
    }
    // The timers of Node count whole milliseconds from the end of the last one; this sleep keeps the pace.
    Atomics.wait(order.state, 0, ASKING, Math.min(dueMs - now(), INTERVAL_MS / 2))
    setImmediate(turn)
  }
  turn()
}

if (!isMainThread && parentPort !== null && (workerData as ProbeOrder | null)?.kind === 'ka-native-probe') {
  probe(workerData as ProbeOrder, parentPort)
}
