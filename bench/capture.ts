import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A frame that passed an interface, with the kernel's own time of it. */
export interface Frame {
  /** Milliseconds since the first frame of the capture. */
  readonly atMs: number
  readonly bytes: Buffer
}

const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const NANOSECOND_MAGIC = 0xa1b2_3c4d

/**
 * The frames of an interface, as tcpdump hands them over.
 *
 * The kernel stamps each frame as it passes: the times do not depend on when this process, or tcpdump, runs.
 */
export class Capture {
  readonly #process: ChildProcess
  #rest: Buffer = Buffer.alloc(0)
  #isHeaderRead = false
  #originNs: bigint | undefined

  private constructor(process: ChildProcess, onFrame: (frame: Frame) => void) {
    this.#process = process
    process.stdout?.on('data', (chunk: Buffer) => this.#read(chunk, onFrame))
  }

  /** Starts to capture; the promise settles when tcpdump listens. */
  static async start(device: string, filter: string, onFrame: (frame: Frame) => void): Promise<Capture> {
    const options = ['-i', device, '-n', '-U', '--immediate-mode', '--time-stamp-precision=nano', '-s', '96', '-B', '16384', '-Z', 'root']
    const process = spawn('chrt', ['-f', '20', 'tcpdump', ...options, '-w', '-', filter], { stdio: ['ignore', 'pipe', 'pipe'] })
    const capture = new Capture(process, onFrame)
    // Its first words, 'listening on', come when the socket is open.
    await Promise.race([once(process.stderr, 'data'), once(process, 'exit')])
    return capture
  }

  /** Ends the capture. */
  stop(): void {
    this.#process.kill('SIGTERM')
  }

  #read(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let data = Buffer.concat([this.#rest, chunk])
    if (!this.#isHeaderRead && data.length >= FILE_HEADER_BYTES) {
      if (data.readUInt32LE(0) !== NANOSECOND_MAGIC) throw new Error('tcpdump wrote no nanosecond capture')
      this.#isHeaderRead = true
      data = data.subarray(FILE_HEADER_BYTES)
    }
    while (this.#isHeaderRead && data.length >= RECORD_HEADER_BYTES) {
      const end = RECORD_HEADER_BYTES + data.readUInt32LE(8)
      if (data.length < end) break
      const atNs = BigInt(data.readUInt32LE(0)) * 1_000_000_000n + BigInt(data.readUInt32LE(4))
      this.#originNs ??= atNs
      onFrame({ atMs: Number(atNs - this.#originNs) / 1e6, bytes: Buffer.from(data.subarray(RECORD_HEADER_BYTES, end)) })
      data = data.subarray(end)
    }
    this.#rest = data
  }
}
