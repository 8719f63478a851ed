/** Real servers as hosts: each a network namespace with programs of Debian in it, which say the host's name to whoever asks. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { waitFor } from '../../lab/wait-for.ts'
import { DIRECT_ADDRESS, NETWORKS, TUNNEL_ADDRESS } from './addresses.ts'
import { askMail, askName, askWeb } from './client.ts'
import { ip, Namespace, start } from './network.ts'

/** The programs that a host runs. */
export type Program = 'nginx' | 'haproxy' | 'dnsmasq' | 'exim'

/** A host behind a director. */
export class RealHost {
  readonly name: string
  readonly index: number
  readonly #programs: readonly Program[]
  #running: ChildProcess[] = []

  private constructor(name: string, index: number, programs: readonly Program[]) {
    this.name = name
    this.index = index
    this.#programs = programs
  }

  /**
   * Makes one on the bridge of the servers. Answers from its own addresses go back through the director, those from a virtual address
   * straight to the client.
   */
  static async make(name: string, index: number, programs: readonly Program[]): Promise<RealHost> {
    await Namespace.make(name, ['net.ipv4.conf.all.arp_ignore=1'])
    await ip([`link add ${name} type veth peer name eth0 netns ${name}`, `link set ${name} master br1 up`])
    await ip(['link set eth0 up', 'link set tunl0 up', 'link set ip6tnl0 up'], name)
    for (const family of [4, 6] as const) {
      const { servers, client, host, prefix } = NETWORKS[family]
      const nodad = family === 6 ? ' nodad' : ''
      const lines = [
        `addr add ${servers}${10 + index}/${prefix} dev eth0${nodad}`,
        `addr add ${client}${DIRECT_ADDRESS}/${host} dev lo${nodad}`,
        `addr add ${client}${TUNNEL_ADDRESS}/${host} dev ${family === 6 ? 'ip6tnl0' : 'tunl0'}${nodad}`,
        `route add default via ${servers}1`,
        `route add default via ${servers}2 table 100`,
        `rule add from ${client}${family === 6 ? '' : '0'}/${prefix} lookup 100`,
      ]
      await ip(lines, name, `-${family}`)
    }
    return new RealHost(name, index, programs)
  }

  /** Its programs. */
  start(): void {
    this.#running = this.#programs.map((program) => start(this.name, COMMANDS[program](this)))
  }

  /** Waits until each of its programs answers: a director that starts takes servers for good. */
  async answers(): Promise<void> {
    const address = `${NETWORKS[4].servers}${10 + this.index}`
    for (const program of this.#programs) {
      await waitFor(`${program} of ${this.name} answers`, async () => (await ASK[program](address)) === this.name)
    }
  }

  /** Its programs end without a word. */
  kill(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    this.#running = []
  }

  get directory(): string {
    const directory = `/run/host-${this.name}`
    mkdirSync(directory, { recursive: true })
    // Programs that give up being root write there.
    chmodSync(directory, 0o777)
    return directory
  }
}

const ASK: Readonly<Record<Program, (address: string) => Promise<string>>> = {
  nginx: askWeb,
  haproxy: askWeb,
  dnsmasq: askName,
  exim: askMail,
}

/** The foreground commands of programs on a host, whose files are in a directory of it. */
export const COMMANDS: Readonly<Record<Program, (host: Pick<RealHost, 'name' | 'directory'>) => string[]>> = {
  nginx: ({ name, directory }) => {
    const text = `daemon off; master_process off; user root; pid ${directory}/nginx.pid; error_log stderr;
events {}
http { access_log off; server { listen [::]:80 ipv6only=off; location / { return 200 "${name}"; } } }
`
    writeFileSync(`${directory}/nginx.conf`, text)
    return ['nginx', '-e', 'stderr', '-c', `${directory}/nginx.conf`]
  },
  haproxy: ({ name, directory }) => {
    const text = `defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
frontend web
  bind :::80 v4v6
  http-request return status 200 content-type text/plain string "${name}"
`
    writeFileSync(`${directory}/haproxy.cfg`, text)
    return ['haproxy', '-db', '-f', `${directory}/haproxy.cfg`]
  },
  dnsmasq: ({ name, directory }) => [
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--user=root',
    `--pid-file=${directory}/dnsmasq.pid`,
    `--txt-record=who.lab,${name}`,
  ],
  exim: ({ name, directory }) => {
    const text = `primary_hostname = ${name}.lab
smtp_banner = ${name} ESMTP
daemon_smtp_ports = 25
local_interfaces = <; 0.0.0.0 ; ::0
spool_directory = ${directory}
pid_file_path = ${directory}/exim.pid
log_file_path = ${directory}/%slog
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
smtp_accept_max_nonmail = 10000
smtp_receive_timeout = 1h
`
    writeFileSync(`${directory}/exim.conf`, text)
    return ['/usr/sbin/exim4', '-C', `${directory}/exim.conf`, '-bdf']
  },
}
