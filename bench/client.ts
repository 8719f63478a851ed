import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ROUTERS, runIn, VIRTUAL_ADDRESS, type RouterName } from '../src/cli/demo/network.ts'
import { Capture, type Frame } from './capture.ts'

/** What the client's interface saw that concerns a failover. */
export interface Sight {
  readonly kind: 'question' | 'answer' | 'advertisement' | 'announcement' | 'mark'
  readonly atMs: number
  /** The router that sent it, -1 for the client itself. */
  readonly router: number
}

const QUESTION_PORT = 7
const MARK_PORT = 9
const FILTER = `udp dst port ${QUESTION_PORT} or udp dst port ${MARK_PORT} or icmp or arp or ip proto 112`

/** Enough for the latest advertisement of the Master to be among them. */
const RECENT_SIGHTS = 500

const ETHERTYPE_OFFSET = 12
const ARP = 0x0806
const IP_PROTOCOL_OFFSET = 23
const PROTOCOL_ICMP = 1
const PROTOCOL_UDP = 17
const PROTOCOL_VRRP = 112
const UDP_DESTINATION_OFFSET = 36

/**
 * A client that asks the virtual address twice a millisecond and follows the announcements of its holder.
 *
 * Both ends of every question and answer are kernels; only the sender and tcpdump need the CPU, and run in real time.
 */
export class Client {
  readonly #sights: Sight[] = []
  readonly #routers: ReadonlyMap<string, number>
  readonly #sender: ChildProcess
  readonly #marker: Socket
  #capture: Capture | undefined

  private constructor(routers: ReadonlyMap<string, number>) {
    this.#routers = routers
    const sender = fileURLToPath(new URL('sender.ts', import.meta.url))
    const command = ['-f', '20', process.execPath, ...process.execArgv, sender, VIRTUAL_ADDRESS, String(QUESTION_PORT)]
    this.#sender = spawn('chrt', command, { stdio: ['ignore', 'ignore', 'inherit'] })
    this.#marker = createSocket('udp4')
  }

  /** Starts to ask. Both routers' interfaces must be there: the client knows them by their addresses. */
  static async start(): Promise<Client> {
    const addresses = await Promise.all(ROUTERS.map((name) => hardwareAddress(name)))
    // Answers are errors, which the kernel would limit to one a second.
    for (const name of ROUTERS) await runIn(name, 'sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/icmp_ratemask'])
    const client = new Client(new Map(addresses.map((address, router) => [address, router])))
    client.#capture = await Capture.start('eth0', FILTER, (frame) => client.#see(frame))
    return client
  }

  /** Everything seen since shortly before the latest {@link mark}. */
  get sights(): readonly Sight[] {
    return this.#sights
  }

  /** Puts a mark into the capture, before which nothing of what is done next has happened; forgets what is older. */
  async mark(): Promise<void> {
    this.#sights.splice(0, this.#sights.length - RECENT_SIGHTS)
    await new Promise<void>((resolve, reject) => {
      this.#marker.send('mark', MARK_PORT, VIRTUAL_ADDRESS, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** The router that gave the latest answer within the last 50 ms of the capture, -1 if none did. */
  get answering(): number {
    const last = this.#sights.findLast((sight) => sight.kind === 'answer')
    const nowMs = this.#sights.at(-1)?.atMs ?? 0
    return last === undefined || nowMs - last.atMs > 50 ? -1 : last.router
  }

  /** Waits until a router, and no other, has answered for a while. */
  async settled(router: RouterName, steadyMs: number, deadlineMs: number): Promise<void> {
    const number = ROUTERS.indexOf(router)
    const deadline = Date.now() + deadlineMs
    let since = Number.NaN
    while (!(Date.now() - since >= steadyMs)) {
      if (Date.now() > deadline) throw new Error(`${router} did not become the holder of ${VIRTUAL_ADDRESS}`)
      if (this.answering !== number) since = Number.NaN
      else if (Number.isNaN(since)) since = Date.now()
      await sleep(10)
    }
  }

  /** Stops asking. */
  stop(): void {
    this.#sender.kill('SIGKILL')
    this.#marker.close()
    this.#capture?.stop()
  }

  #see(frame: Frame): void {
    const kind = kindOf(frame.bytes)
    const router = this.#routers.get(frame.bytes.toString('hex', 6, 12)) ?? -1
    if (kind !== undefined) this.#sights.push({ kind, atMs: frame.atMs, router })
  }
}

function kindOf(frame: Buffer): Sight['kind'] | undefined {
  if (frame.readUInt16BE(ETHERTYPE_OFFSET) === ARP) return 'announcement'
  switch (frame.readUInt8(IP_PROTOCOL_OFFSET)) {
    case PROTOCOL_ICMP:
      return 'answer'
    case PROTOCOL_VRRP:
      return 'advertisement'
    case PROTOCOL_UDP:
      return frame.readUInt16BE(UDP_DESTINATION_OFFSET) === MARK_PORT ? 'mark' : 'question'
    default:
      return undefined
  }
}

async function hardwareAddress(router: RouterName): Promise<string> {
  const links = JSON.parse(await runIn(router, 'ip', ['-json', 'link', 'show', 'dev', 'eth0'])) as { address: string }[]
  return (links[0]?.address ?? '').replaceAll(':', '')
}
