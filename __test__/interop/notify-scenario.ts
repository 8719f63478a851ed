import { chmod, readFile, writeFile } from 'node:fs/promises'
import type { ExecutionContext } from 'ava'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

/** A lab with a router that notifies and another one that takes its place. */
export type TwoRouters = Lab<'a' | 'b'>

/** What one of the daemons may do otherwise. */
export type Expected = readonly string[] | Readonly<Record<Implementation, readonly string[]>>

/** What was told, by where it was told. */
export type Told = Readonly<Record<'fifo' | 'scripts', Expected>>

/**
 * Keeps what is written into a FIFO, and tells each one that it has open: a daemon makes it anew at a reload. It is open for writing too, so
 * that it has no end: what is in it is not lost when the daemon closes it.
 */
const READER = `use strict; use Fcntl;
my ($path, $log, $opened) = @ARGV;
sub append { open(my $file, '>>', $_[0]) or die; syswrite($file, $_[1]) }
my ($pipe, $open) = (undef, '');
for (;; select(undef, undef, undef, 0.02)) {
  my @found = stat $path;
  my $is_new = @found && -p _ && "$found[0]:$found[1]" ne $open;
  while (defined $pipe && sysread($pipe, my $octets, 65536)) { append($log, $octets) }
  next unless $is_new && sysopen(my $next, $path, O_RDWR | O_NONBLOCK);
  @found = stat $next;
  ($pipe, $open) = ($next, "$found[0]:$found[1]");
  append($opened, "$open\n");
}`

/** A router that notifies scripts and a FIFO, whichever of the two programs it is, and who keeps what it told. */
export class Scenario {
  readonly lab: TwoRouters
  readonly implementation: Implementation
  readonly fifo: string
  /** The script that keeps its arguments. */
  readonly note: string
  readonly #directory: { readonly inside: string; readonly outside: string }
  #daemon: Daemon | undefined
  #reloads = 0
  /** Lines that earlier steps saw. */
  readonly #seen = { fifo: 0, scripts: 0 }

  private constructor(lab: TwoRouters, implementation: Implementation, directory: { readonly inside: string; readonly outside: string }) {
    this.lab = lab
    this.implementation = implementation
    this.#directory = directory
    this.fifo = `${directory.inside}/fifo.pipe`
    this.note = `${directory.inside}/note`
  }

  static async open(lab: TwoRouters, implementation: Implementation): Promise<Scenario> {
    const scenario = new Scenario(lab, implementation, await lab.sandbox.makeDirectory('notified'))
    await scenario.script('note', '#!/bin/sh\necho "$@" >> $DIR/scripts\n')
    const { directory } = scenario
    // It ends with the lab.
    await lab.sandbox.spawn(['perl', '-e', READER, scenario.fifo, `${directory}/fifo`, `${directory}/opened`])
    return scenario
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('the daemon was not started')
    return this.#daemon
  }

  get directory(): string {
    return this.#directory.inside
  }

  /** Writes an executable script; `$DIR` in it is the directory. Its path. */
  async script(name: string, text: string): Promise<string> {
    await writeFile(`${this.#directory.outside}/${name}`, text.replaceAll('$DIR', this.#directory.inside))
    await chmod(`${this.#directory.outside}/${name}`, 0o755)
    return `${this.#directory.inside}/${name}`
  }

  async start(conf: string): Promise<void> {
    this.#daemon = await startDaemon(this.lab, 'a', this.implementation, conf)
  }

  /** Gives it a configuration and waits until it says that it has taken it, and the new FIFO is read: a stop would remove it unread. */
  async reload(conf: string): Promise<void> {
    const opened = (await this.waitForLines('opened', this.#reloads + 1)).length
    await this.daemon.reload(conf)
    this.#reloads += 1
    const complete = (): number => this.daemon.process.output.filter(({ text }) => text.includes('Reload complete')).length
    await waitFor(`reload ${this.#reloads} is complete`, () => complete() === this.#reloads, { seen: complete })
    await this.waitForLines('opened', opened + 1)
  }

  async lines(name: string): Promise<string[]> {
    try {
      return (await readFile(`${this.#directory.outside}/${name}`, 'utf8')).split('\n').slice(0, -1)
    } catch {
      return []
    }
  }

  /** Waits until a file has so many lines. */
  async waitForLines(name: string, count: number): Promise<string[]> {
    const seen = async (): Promise<string[]> => await this.lines(name)
    return await waitFor(
      `${name} has ${count} lines`,
      async () => {
        const lines = await seen()
        return lines.length >= count && lines
      },
      { seen },
    )
  }

  /** Waits for what a step is to tell, and compares: lines of FIFOs in order for each name, those of scripts in any. */
  async expect(t: ExecutionContext, step: string, told: Told): Promise<void> {
    for (const where of ['fifo', 'scripts'] as const) {
      const expected = told[where]
      const wanted = isList(expected) ? expected : expected[this.implementation]
      const lines = await this.waitForLines(where, this.#seen[where] + wanted.length)
      const found = lines.slice(this.#seen[where])
      this.#seen[where] = lines.length
      const compared = where === 'fifo' ? byName : sorted
      t.deepEqual(compared(found), compared(wanted), `${step}: ${where}`)
    }
  }
}

/** Whether both programs are to do the same. */
export function isList(expected: Expected): expected is readonly string[] {
  return Array.isArray(expected)
}

/** Scripts of one change run side by side in keepalived. */
function sorted(lines: readonly string[]): readonly string[] {
  return lines.toSorted()
}

/** Which of two instances is first is a matter of microseconds. */
function byName(lines: readonly string[]): readonly string[] {
  const name = (line: string): string => line.replace(/" .*$/, '')
  // Stable: those of one name keep their order.
  return lines.toSorted((left, right) => (name(left) < name(right) ? -1 : Number(name(left) > name(right))))
}
