/** ka-native as it is installed, with a module in it that does what it is told: what a defect of JavaScript would do. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child, Exit } from '../../lab/child.ts'
import { keepalivedConf } from '../../lab/conf.ts'
import { Daemon, startDaemon } from '../../lab/daemon.ts'
import type { Lab } from '../../lab/lab.ts'
import { V3_IPV4 } from '../../lab/protocols.ts'
import { waitFor } from '../../lab/wait-for.ts'

const MAIN: string = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

export const ADDRESS: string = V3_IPV4.address
const ROUTER = V3_IPV4.router

/** The router that these tests are about is `a`; `b` takes over from it. */
export type Pair = Lab<'a' | 'b'>

/** Octets of the heap: many times what the daemon takes. */
const HEAP_MIB = 128

/** `loop` ends when its file is there, or when its time is over. `memory` is full before JavaScript counts as dead, also on a busy machine. */
const MODULE = `import { existsSync } from 'node:fs'
const DEFECTS = {
  throw: () => { throw new Error('a defect') },
  memory: () => { for (const kept = []; ; ) kept.push(new Array(4_000_000).fill(0)) },
  loop: (seconds = Infinity, file = '') => {
    const end = performance.now() + seconds * 1000
    process.stdout.write('looping\\n')
    while (performance.now() < end && !existsSync(file));
    process.stdout.write('back ' + Date.now() + '\\n')
  },
}
process.stdin.on('data', (text) => {
  const [name, ...args] = String(text).trim().split(' ')
  DEFECTS[name](...args)
}).unref()
`

/** What can be wrong with JavaScript. */
export type Defect = 'throw' | 'memory' | 'loop'

/** How a {@link Patient} is started. */
export interface PatientOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The words behind the program's name; `DIRECTORY` in them is where the configuration is. Default: `ka-native start`. */
  readonly words?: readonly string[]
}

const START = ['start', '-f', 'DIRECTORY/keepalived.conf', '--runtime-dir', 'DIRECTORY']

/** keepalived's command line, in the foreground, with its pid files in the directory of the test. */
export const KEEPALIVED_WORDS: readonly string[] =
  '-n -l -D -G -f DIRECTORY/keepalived.conf -p DIRECTORY/keepalived.pid -r DIRECTORY/vrrp.pid'.split(' ')

/** A daemon on the host `a`. */
export class Patient {
  readonly process: Child
  readonly #daemon: Daemon

  private constructor(daemon: Daemon) {
    this.process = daemon.process
    this.#daemon = daemon
  }

  static async start(lab: Pair, conf: string, { env = {}, words = START }: PatientOptions = {}): Promise<Patient> {
    const { inside, outside } = await lab.sandbox.makeDirectory('a')
    await writeFile(`${outside}/defects.mjs`, MODULE)
    await writeFile(`${outside}/keepalived.conf`, conf)
    // An abort is to leave no core file.
    const node = ['prlimit', '--core=0', process.execPath, `--max-old-space-size=${HEAP_MIB}`, '--import', `${inside}/defects.mjs`]
    const args = words.map((word) => word.replace('DIRECTORY', inside))
    const child = await lab.host('a').spawn([...node, MAIN, ...args], { env })
    const daemon = new Daemon('ka-native', 'ka-native on a', child, `${outside}/keepalived.conf`)
    lab.register(daemon)
    return new Patient(daemon)
  }

  /** Lets JavaScript fail. */
  fail(defect: Defect, ...args: readonly string[]): void {
    this.process.stdin.write(`${[defect, ...args].join(' ')}\n`)
  }

  async terminate(): Promise<Exit> {
    return await this.#daemon.terminate()
  }

  /** Gives it another configuration, or the same again. */
  async reload(conf: string): Promise<void> {
    await this.#daemon.reload(conf)
  }

  /** Waits for a record of the log of `start` whose message matches; the first of them. */
  async told(message: RegExp): Promise<LogRecord> {
    return await waitFor(`it logs ${String(message)}`, () => this.records().find(({ msg }) => message.test(msg)), {
      seen: () => this.process.tail(),
    })
  }

  /** The log of `start`. */
  records(): LogRecord[] {
    const lines = this.process.lines('stdout').filter((line) => line.startsWith('{'))
    return lines.map((line) => JSON.parse(line) as LogRecord)
  }
}

/** A record of the log. */
export interface LogRecord {
  readonly time: number
  readonly level: number
  readonly msg: string
  readonly err?: { readonly message: string }
  /** When it happened, where it is an event of the engine. */
  readonly atMs?: number
}

/** The real keepalived as Backup on the host `b`: it takes over when `a` is gone, and yields when `a` is back. */
export async function startObserver(lab: Pair): Promise<Daemon> {
  const daemon = await startDaemon(lab, 'b', 'keepalived', keepalivedConf({ ...ROUTER, priority: 100 }))
  await daemon.process.waitForLine(/BACKUP STATE/)
  return daemon
}

/** A router that wins against the observer. @param globals lines of global_defs @param extra lines of the instance */
export function conf(globals: readonly string[], extra: readonly string[] = [], scripts: readonly string[] = []): string {
  const text = keepalivedConf({ ...ROUTER, priority: 200, extra })
  return text
    .replace('router_id lab', ['router_id lab', 'script_user root', ...globals].join('\n  '))
    .replace(/^vrrp_instance/m, `${scripts.join('')}vrrp_instance`)
}

/** A `vrrp_script` of that name; without a limit of its own it has one that no run which ends by itself reaches on a busy machine. */
export function vrrpScript(name: string, path: string, ...lines: readonly string[]): string {
  const limit = lines.some((line) => line.startsWith('timeout ')) ? [] : ['timeout 60']
  return `vrrp_script ${name} {\n${[`script "${path}"`, ...lines, ...limit].map((line) => `  ${line}\n`).join('')}}\n`
}

/** Writes a program into the scratch directory `scripts`; its path as those see it who run it. */
export async function program(lab: Pair, name: string, text: string): Promise<string> {
  const { inside, outside } = await lab.sandbox.makeDirectory('scripts')
  await writeFile(`${outside}/${name}`, text, { mode: 0o755 })
  return `${inside}/${name}`
}

/** A program that adds its arguments, as one line, to a file; its path. The lines are read with {@link linesOf}. */
export async function recorder(lab: Pair, name: string): Promise<string> {
  const { inside } = await lab.sandbox.makeDirectory('scripts')
  return await program(lab, name, `#!/bin/sh\necho "$@" >> ${inside}/${name}.lines\n`)
}

/** The lines of a file in the scratch directory `scripts`. */
export async function linesOf(lab: Pair, name: string): Promise<readonly string[]> {
  const text = await readFile(`${lab.sandbox.scratch.outside}/scripts/${name}.lines`, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}

/** A program that reads a FIFO, its last argument, and adds what it reads to a file. */
export async function fifoReader(lab: Pair, name: string): Promise<string> {
  const { inside } = await lab.sandbox.makeDirectory('scripts')
  // A new Master may hear one more advertisement of the one before, which has a line of its own.
  const keep = `case $line in *MASTER_RX_LOWER_PRI*) ;; *) echo "$line" >> ${inside}/${name}.lines;; esac`
  return await program(lab, name, `#!/bin/sh\nfor fifo; do :; done\nwhile read -r line; do ${keep}; done < $fifo\n`)
}

/** A program that does not end, but at SIGTERM, of which it leaves a file `NAME.ended`. */
export async function endless(lab: Pair, name: string): Promise<string> {
  const { inside } = await lab.sandbox.makeDirectory('scripts')
  const text = `$SIG{TERM} = sub { open(my $f, '>', '${inside}/${name}.ended'); exit 0 };
open(my $f, '>', '${inside}/${name}.started'); close($f);
sleep 1 for 1 .. 1000;\n`
  return await program(lab, name, `#!/usr/bin/perl\n${text}`)
}

/** Waits until a file of the scratch directory `scripts` is there. */
export async function waitForFile(lab: Pair, name: string): Promise<void> {
  const { outside } = await lab.sandbox.makeDirectory('scripts')
  await waitFor(`there is ${name}`, async () => (await readFile(`${outside}/${name}`).catch(() => undefined)) !== undefined)
}

/** The processes of the sandbox that run something from the scratch directory `scripts`. */
export async function scriptsAlive(lab: Pair): Promise<readonly string[]> {
  const { inside } = await lab.sandbox.makeDirectory('scripts')
  const { stdout } = await lab.sandbox.run(['pgrep', '-a', '-f', `^[^ ]+ ${inside}/`])
  return stdout.split('\n').filter((line) => line !== '')
}

/** Waits until none of {@link scriptsAlive} is left. */
export async function waitForNoScripts(lab: Pair): Promise<void> {
  await waitFor('no script is left', async () => (await scriptsAlive(lab)).length === 0, { seen: async () => await scriptsAlive(lab) })
}

/** Pulls the cable of `a` and puts it back: FAULT, BACKUP, MASTER. */
export async function turn(lab: Pair): Promise<void> {
  await lab.unplug('a')
  await lab.waitForHolders(ADDRESS, 'b')
  await lab.plug('a')
  await lab.waitForHolders(ADDRESS, 'a')
}

/** What a router is told to its scripts when it starts and becomes Master. */
export const BECAME_MASTER: readonly string[] = ['INSTANCE VI_51 BACKUP 200', 'INSTANCE VI_51 MASTER 200']

/** The same when it goes through {@link turn}. */
export const TURNED: readonly string[] = ['INSTANCE VI_51 FAULT 200', ...BECAME_MASTER]

/** Waits until a file has certain lines and no others. */
export async function waitForLines(lab: Pair, name: string, lines: readonly string[]): Promise<void> {
  const seen = async (): Promise<string> => (await linesOf(lab, name)).join('\n')
  await waitFor(`${name} was told ${lines.join(', ')}`, async () => (await seen()) === lines.join('\n'), { seen })
}

/** Lines as a FIFO has them. */
export function fifoLines(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace('VI_51', '"VI_51"'))
}
