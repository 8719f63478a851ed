/** Virtual servers of a configuration with checkers and a kernel in a test's hands. */
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/model.ts'
import type { Clock } from '../../src/lvs/clock.ts'
import type { LvsEvent } from '../../src/lvs/lvs-event.ts'
import type { LvsObserver } from '../../src/lvs/lvs-observer.ts'
import { Lvs } from '../../src/lvs/lvs.ts'
import type { ServerChange } from '../../src/lvs/server-change.ts'
import { HandCheckers } from './hand-checkers.ts'
import type { HandChecker } from './hand-checkers.ts'
import { RecordingTable } from './recording-table.ts'

/** Time that passes when a test says so. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 0, 1)
  #calls: { readonly atMs: number; readonly call: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, call: () => void): () => void {
    const entry = { atMs: this.#now + ms, call }
    this.#calls.push(entry)
    return () => {
      this.#calls = this.#calls.filter((one) => one !== entry)
    }
  }

  /** Time passes; what is due happens, and what follows from it without waiting. */
  async pass(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#calls.filter(({ atMs }) => atMs <= this.#now)
    this.#calls = this.#calls.filter(({ atMs }) => atMs > this.#now)
    for (const { call } of due) call()
    await settle()
  }
}

/** What is resolved already has its consequences. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}

export function configOf(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text }).config
}

export class Scene implements LvsObserver {
  readonly table: RecordingTable = new RecordingTable()
  readonly clock: HandClock = new HandClock()
  readonly changes: ServerChange[] = []
  readonly events: LvsEvent[] = []
  readonly lines: string[] = []
  readonly lvs: Lvs
  checkers: HandCheckers = new HandCheckers()
  /** In effect, as those who made it ready have it. */
  config: Config | undefined
  /** Virtual servers that are configured as before may stay as they are. */
  isKeeping = true

  constructor(recordPath?: string) {
    this.lvs = new Lvs({ ipvs: this.table, observer: this, clock: this.clock, recordPath })
  }

  /** Starts with a configuration. */
  static async start(text: string, recordPath?: string): Promise<Scene> {
    const scene = new Scene(recordPath)
    await scene.load(text)
    return scene
  }

  /** Takes a configuration, from the start or as a reload. */
  async load(text: string): Promise<void> {
    const checkers = new HandCheckers(this.checkers, this.isKeeping)
    const prepared = await this.lvs.prepare(configOf(text), checkers)
    await this.lvs.commit(prepared)
    this.checkers = checkers
    this.config = prepared.config
  }

  changed(change: ServerChange): void {
    this.changes.push(change)
  }

  log(_: string, line: string): void {
    this.lines.push(line)
  }

  told(event: LvsEvent): void {
    this.events.push(event)
  }

  /** Checkers of a server, in order. */
  of(address: string): HandChecker[] {
    return this.checkers.all.filter(({ owner }) => owner.server.startsWith(`[${address}]:`))
  }

  /** The first checker of a server gives a verdict, and the kernel's thread tells that it has done what follows. */
  say(address: string, isUp: boolean): void {
    this.of(address)[0]?.say(isUp)
    this.lvs.takeIpvsEvents()
  }

  /** Lines of the log since the last look. */
  takeLines(): string[] {
    return this.lines.splice(0)
  }

  /** What was told since the last look, as FIFO lines; of scripts their last argument is added. */
  takeTold(): string[] {
    return this.changes.splice(0).map(({ kind, service, server, isUp, script, toFifos, mail }) => {
      const line = [kind, ...(server === undefined ? [] : [server]), service, isUp ? 'UP' : 'DOWN'].join(' ')
      return [line, script === undefined ? '' : `script ${script.args.join(' ')}`, toFifos ? '' : 'no FIFO', mail ?? '']
        .filter((part) => part !== '')
        .join(' | ')
    })
  }
}
