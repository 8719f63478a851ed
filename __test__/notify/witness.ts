import type { Change, NotifyTarget, ToldServerChange } from '../../src/notify/change.ts'

/** Keeps what it is told. */
export class Witness implements NotifyTarget {
  readonly takesAll: boolean
  readonly told: Change[] = []
  readonly toldOfServers: ToldServerChange[] = []
  readonly calls: string[] = []

  constructor(takesAll: boolean) {
    this.takesAll = takesAll
  }

  configure(): void {
    this.calls.push('configure')
  }

  retain(): void {
    this.calls.push('retain')
  }

  tell(change: Change): void {
    this.told.push(change)
  }

  tellServer(change: ToldServerChange): void {
    this.toldOfServers.push(change)
  }

  async finish(limitMs: number): Promise<void> {
    await Promise.resolve()
    this.calls.push(`finish ${limitMs}`)
  }

  get lines(): string[] {
    return this.told.map(({ kind, name, state, priority }) => `${kind} ${name} ${state} ${priority}`)
  }
}
