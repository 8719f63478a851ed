import { readFile } from 'node:fs/promises'
import type { Child } from './child.ts'
import { decode, type Advertisement, type Packet } from './packet.ts'
import { readPcap, type Frame } from './pcap.ts'
import type { Sandbox } from './sandbox.ts'
import { waitFor } from './wait-for.ts'

/** Longer than any frame of a lab. */
const SNAP_BYTES = 2048
/** Places for some thousand frames. */
const BUFFER_KIB = 8192
const US_PER_MS = 1_000

/** A running tcpdump on the `eth0` of one host. */
export class Capture {
  readonly #tcpdump: Child
  readonly #file: string
  /** The capture file as programs in the lab see it. */
  readonly inside: string

  private constructor(tcpdump: Child, file: string, inside: string) {
    this.#tcpdump = tcpdump
    this.#file = file
    this.inside = inside
  }

  static async start(sandbox: Sandbox, netns: string, fileName: string, filter: string, bufferKib: number = BUFFER_KIB): Promise<Capture> {
    const inside = `${sandbox.scratch.inside}/${fileName}`
    // The kernel divides the buffer into places of this length: with tcpdump's own there are eight, and a burst loses packets.
    const buffer = [`--snapshot-length=${SNAP_BYTES}`, `--buffer-size=${bufferKib}`]
    const options = ['--immediate-mode', '-U', '-n', ...buffer, '-Z', 'root', '-i', 'eth0', '-w', inside]
    const tcpdump = await sandbox.spawn(['tcpdump', ...options, ...(filter === '' ? [] : [filter])], { netns })
    await tcpdump.waitForLine(/listening on eth0/)
    return new Capture(tcpdump, `${sandbox.scratch.outside}/${fileName}`, inside)
  }

  /** The frames captured so far, whatever they are, oldest first. */
  async frames(): Promise<Frame[]> {
    return readPcap(await readFile(this.#file))
  }

  /** The packets of {@link Packet} captured so far, oldest first. */
  async packets(): Promise<Packet[]> {
    return (await this.frames()).flatMap((frame) => decode(frame) ?? [])
  }

  /** The advertisements captured so far, oldest first. */
  async advertisements(): Promise<Advertisement[]> {
    return (await this.packets()).filter((packet) => packet.kind === 'advertisement')
  }

  /** The time of this moment as frames have theirs. What is not captured yet may well be of before: tcpdump is late on a busy machine. */
  static nowUs(): number {
    return (Date.now() + 1) * US_PER_MS
  }

  /** Waits until the captured packets fulfil a condition, and returns what it gave. */
  async waitFor<T>(what: string, condition: (packets: readonly Packet[]) => T | undefined | false): Promise<T> {
    return waitFor(`the capture shows ${what}`, async () => condition(await this.packets()), {
      seen: async () => (await this.packets()).slice(-10),
    })
  }

  /** Ends the recording; what was captured stays readable. */
  async stop(): Promise<void> {
    await this.#tcpdump.signal('SIGINT')
    await this.#tcpdump.exited
  }
}
