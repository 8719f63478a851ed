import type { Child } from './child.ts'
import type { Sandbox } from './sandbox.ts'
import { waitFor } from './wait-for.ts'

/** Prints each datagram in hexadecimal digits, a line each. Node has no sockets of this kind. */
const PROGRAM = `use Socket; use strict; $| = 1;
my $path = shift; $path =~ s/^@/\\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($socket, pack_sockaddr_un($path)) or die "bind: $!";
print "ready\\n";
while (defined recv($socket, my $datagram, 1 << 20, 0)) { print unpack("H*", $datagram), "\\n" }`

/** The reader of a Unix datagram socket inside a sandbox: a syslog daemon, the journal, or a service manager. */
export class DatagramReader {
  readonly process: Child

  private constructor(process: Child) {
    this.process = process
  }

  /** Returns once it listens. @param path of the socket, which must not exist; `@NAME`: in the abstract namespace */
  static async start(sandbox: Sandbox, path: string, netns?: string): Promise<DatagramReader> {
    const child = await sandbox.spawn(['perl', '-e', PROGRAM, path], netns === undefined ? {} : { netns })
    await child.waitForLine(/^ready$/)
    return new DatagramReader(child)
  }

  /** What came so far, oldest first. */
  get datagrams(): Buffer[] {
    return this.process
      .lines('stdout')
      .slice(1)
      .map((line) => Buffer.from(line, 'hex'))
  }

  /** The same as text. */
  get texts(): string[] {
    return this.datagrams.map((datagram) => datagram.toString())
  }

  /** Waits until what came so far fulfils a condition. */
  async waitFor(what: string, condition: (texts: readonly string[]) => boolean): Promise<string[]> {
    return await waitFor(what, () => (condition(this.texts) ? this.texts : undefined), { seen: () => this.texts.slice(-10) })
  }

  /** Ends it; a socket with a path stays behind, and nobody reads it. */
  async stop(): Promise<void> {
    await this.process.signal('SIGKILL')
    await this.process.exited
  }
}
