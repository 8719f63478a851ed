import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'

/** Where the client looks for the service: the address that the routers hold in turn. */
export const VIRTUAL_ADDRESS = '192.0.2.100'

/** The two routers, by preference. */
export const ROUTERS = ['router-a', 'router-b'] as const

/** The name of a router, of its network namespace and of its port on the switch. */
export type RouterName = (typeof ROUTERS)[number]

const CLIENT_ADDRESS = '192.0.2.10'
const ROUTER_ADDRESSES: Readonly<Record<RouterName, string>> = { 'router-a': '192.0.2.1', 'router-b': '192.0.2.2' }

/**
 * Builds the laboratory around the calling process, which becomes the client: two routers and the client, each in a
 * network namespace of its own with one interface `eth0`, on a bridge in a fourth.
 *
 * To be called inside the sandbox, which takes the namespaces down again.
 *
 * @throws Error with the words of `ip` when the kernel refuses a step.
 */
export async function buildNetwork(): Promise<void> {
  for (const name of ['switch', ...ROUTERS]) await run('ip', ['netns', 'add', name])
  // Answers leave from the virtual address even while it moves, as the responder is bound to it beforehand.
  for (const name of ROUTERS) await runIn(name, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind'])
  await batch(
    'ip',
    ['-netns', 'switch', '-batch', '-'],
    [
      // Without spanning tree a port forwards as soon as it has a carrier, like a switch port set for hosts.
      'link add name br0 type bridge stp_state 0 mcast_snooping 0',
      'link set br0 up',
      ...ROUTERS.map((name) => `link add name ${name} type veth peer name eth0 netns ${name}`),
      `link add name client type veth peer name eth0 netns ${process.pid}`,
      ...[...ROUTERS, 'client'].map((name) => `link set ${name} master br0 up`),
    ],
  )
  for (const name of ROUTERS) {
    await batch('ip', ['-netns', name, '-batch', '-'], hostLines(ROUTER_ADDRESSES[name]))
  }
  await batch('ip', ['-batch', '-'], hostLines(CLIENT_ADDRESS))
}

function hostLines(address: string): string[] {
  return ['link set lo up', `address add ${address}/24 dev eth0`, 'link set eth0 up']
}

/** Pulls the router's cable out of the switch: both ends of the link lose their carrier. */
export async function cutLink(router: RouterName): Promise<void> {
  await run('ip', ['-netns', 'switch', 'link', 'set', router, 'down'])
}

/** Puts the router's cable back. */
export async function restoreLink(router: RouterName): Promise<void> {
  await run('ip', ['-netns', 'switch', 'link', 'set', router, 'up'])
}

/** Starts a program in a network namespace; the process is the program itself, so that signals reach it. */
export function spawnIn(namespace: string, command: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn('nsenter', [`--net=/run/netns/${namespace}`, ...command], { stdio })
}

/** Runs a program in a network namespace to its end. */
export async function runIn(namespace: string, program: string, args: readonly string[]): Promise<string> {
  return run('nsenter', [`--net=/run/netns/${namespace}`, program, ...args])
}

/** Runs a program to its end and returns what it printed. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  return batch(program, args, [])
}

/** Runs a program that reads lines from its standard input. */
export async function batch(program: string, args: readonly string[], lines: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  const complaint: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk))
  // A program that ends before it has read everything says why on its standard error.
  child.stdin.on('error', () => {})
  if (lines.length > 0) child.stdin.write(lines.map((line) => `${line}\n`).join(''))
  child.stdin.end()
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) {
    throw new Error(`${[program, ...args].join(' ')}: ${Buffer.concat(complaint).toString().trim() || `exit code ${code}`}`)
  }
  return Buffer.concat(output).toString()
}
