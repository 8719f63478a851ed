import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import type { Child } from './child.ts'
import type { Lab } from './lab.ts'
import { waitFor } from './wait-for.ts'

/** Where Debian has the daemons. */
const DIRECTORY = '/usr/lib/frr'

/** Why FRR's vrrpd cannot be run here, or `undefined` when it can. */
export function vrrpdUnavailable(): string | undefined {
  const { status } = spawnSync('sh', ['-c', `test -x ${DIRECTORY}/vrrpd && test -x ${DIRECTORY}/zebra && command -v vtysh`])
  return status === 0 ? undefined : 'missing program: vrrpd of FRR'
}

/** A virtual router of version 3. */
export interface VrrpdConf {
  readonly vrid: number
  readonly priority: number
  /** Centiseconds as milliseconds. */
  readonly advertIntMs: number
  /** Of one family, with prefix lengths; over IPv6 the first one is link-local. */
  readonly addresses: readonly string[]
}

/** FRR's vrrpd with its zebra on a host of a lab. Both end with {@link stop}, or with the lab. */
export class Vrrpd<Name extends string> {
  readonly #lab: Lab<Name>
  readonly #host: Name
  readonly #conf: VrrpdConf
  readonly #directory: string
  readonly #processes: { readonly zebra: Child; readonly vrrpd: Child }

  private constructor(lab: Lab<Name>, host: Name, conf: VrrpdConf, directory: string, processes: { zebra: Child; vrrpd: Child }) {
    this.#lab = lab
    this.#host = host
    this.#conf = conf
    this.#directory = directory
    this.#processes = processes
  }

  static async start<Name extends string>(lab: Lab<Name>, host: Name, conf: VrrpdConf): Promise<Vrrpd<Name>> {
    const { inside, outside } = await lab.sandbox.makeDirectory(`${host}/frr`)
    await writeFile(`${outside}/vrrpd.conf`, render(conf))
    await writeFile(`${outside}/zebra.conf`, '')
    await lab.host(host).exec(['sh', '-esc', `${deviceScript(conf)}\nchown -R frr:frr ${inside}`])
    const run = async (program: 'zebra' | 'vrrpd'): Promise<Child> => {
      const paths = [
        '--vty_socket',
        inside,
        '-z',
        `${inside}/zserv.api`,
        '-i',
        `${inside}/${program}.pid`,
        '-f',
        `${inside}/${program}.conf`,
      ]
      const child = await lab.host(host).spawn([`${DIRECTORY}/${program}`, ...paths, '-P', '0', '--log', 'stdout'])
      await child.waitForLine(/ starting:/)
      return child
    }
    const zebra = await run('zebra')
    return new Vrrpd(lab, host, conf, inside, { zebra, vrrpd: await run('vrrpd') })
  }

  /** Master, Backup or Initialize, by its own word: its addresses are on a device of their own in any state. */
  async state(): Promise<string> {
    const { code, stdout } = await this.#lab.host(this.#host).run(['vtysh', '--vty_socket', this.#directory, '-c', 'show vrrp json'])
    if (code !== 0) return 'unknown'
    const routers = JSON.parse(stdout) as { vrid: number; v4: { status: string }; v6: { status: string } }[]
    const router = routers.find(({ vrid }) => vrid === this.#conf.vrid)
    return (isOfIpv6(this.#conf) ? router?.v6.status : router?.v4.status) ?? 'unknown'
  }

  async waitForState(state: string): Promise<void> {
    const seen = async (): Promise<string> => this.state()
    await waitFor(`vrrpd on ${this.#host} is ${state}`, async () => (await seen()) === state, { seen })
  }

  /** What it wrote about packets that it does not take. */
  refusals(): readonly string[] {
    const lines = this.#processes.vrrpd.tail(100_000).split('\n')
    // What an election decides against is discarded too, with the priorities that it compared.
    const isElection = (line: string): boolean => /Discarding advertisement from \S+ \(\d+ <=? \d+ /.test(line)
    return lines.filter((line) => /discard|reject|mismatch|invalid|bad |malformed/i.test(line) && !isElection(line))
  }

  /** What it wrote last: for the log of a failed test. */
  tail(): string {
    return this.#processes.vrrpd.tail(200)
  }

  /** Stops both in order; the device goes too. */
  async stop(): Promise<void> {
    for (const process of [this.#processes.vrrpd, this.#processes.zebra]) {
      await process.signal('SIGTERM')
      await process.exited
    }
    await this.#lab.host(this.#host).exec(['ip', 'link', 'delete', deviceOf(this.#conf)])
  }
}

function isOfIpv6({ addresses }: VrrpdConf): boolean {
  return addresses.some((address) => isIPv6(address.replace(/\/.*/, '')))
}

function deviceOf(conf: VrrpdConf): string {
  return `${isOfIpv6(conf) ? 'vrrp6' : 'vrrp4'}-${conf.vrid}`
}

/** vrrpd makes no device: it looks for one with the virtual MAC, and has zebra set it down as Backup. */
function deviceScript(conf: VrrpdConf): string {
  const device = deviceOf(conf)
  const family = isOfIpv6(conf) ? '02' : '01'
  return [
    `ip link add ${device} link eth0 type macvlan mode bridge`,
    `ip link set dev ${device} address 00:00:5e:00:${family}:${conf.vrid.toString(16).padStart(2, '0')}`,
    ...conf.addresses.map((address) => `ip addr add ${address} dev ${device}${isOfIpv6(conf) ? ' nodad' : ''}`),
    `ip link set dev ${device} up`,
  ].join('\n')
}

function render(conf: VrrpdConf): string {
  const { vrid, priority, advertIntMs, addresses } = conf
  const keyword = isOfIpv6(conf) ? 'ipv6' : 'ip'
  const lines = [
    'version 3',
    `priority ${priority}`,
    `advertisement-interval ${advertIntMs}`,
    ...addresses.map((address) => `${keyword} ${address.replace(/\/.*/, '')}`),
  ]
  const debugging = ['log stdout debugging', 'debug vrrp packets', 'debug vrrp protocol']
  return [...debugging, 'interface eth0', ...lines.map((line) => ` vrrp ${vrid} ${line}`), ''].join('\n')
}
