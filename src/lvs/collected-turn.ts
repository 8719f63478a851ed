import { Batch } from './batch.ts'
import type { Held } from './held.ts'
import type { LvsEventKind } from './lvs-event.ts'
import type { LvsLogLevel, LvsObserver } from './lvs-observer.ts'
import type { Turn, UntoldChange } from './turn.ts'

/** A turn that keeps what comes of it, until somebody says that it counts. */
export class CollectedTurn implements Turn {
  readonly batch: Batch | undefined
  readonly nowMs: number
  readonly #lines: { readonly text: string; readonly level: LvsLogLevel }[] = []
  readonly #items: (UntoldChange | LvsEventKind)[] = []

  /** @param isRunning changes go to the kernel one by one */
  constructor(nowMs: number, isRunning: boolean) {
    this.nowMs = nowMs
    this.batch = isRunning ? new Batch() : undefined
  }

  line(text: string, level: LvsLogLevel = 'info'): void {
    this.#lines.push({ text, level })
  }

  change(change: UntoldChange): void {
    this.#items.push(change)
  }

  event(event: LvsEventKind): void {
    this.#items.push(event)
  }

  /** Logs its lines. */
  log(observer: LvsObserver): void {
    for (const { level, text } of this.#lines) observer.log(level, text)
  }

  /** Has its changes and events told once the kernel has made the changes of that number. */
  hold(held: Held, number: number): void {
    for (const item of this.#items) {
      if ('kind' in item) held.change(item, this.nowMs, number)
      else held.event(item, this.nowMs, number)
    }
    held.release()
  }
}
