import { printable } from '../config/diagnostics/printable.ts'
import type { DrainProgress } from '../control/lvs-requests.ts'
import type { DrainResult } from '../lvs/drain.ts'
import { ask, targetOf, tell } from './operator.ts'
import type { NamedServer, TargetOptions } from './operator.ts'

/** Options of `ka-native drain`. */
export interface DrainOptions extends TargetOptions {
  /** Seconds. */
  readonly timeout: number
  readonly undo?: true
}

/** Without news the count of connections is told this often. */
const TELL_MS = 10_000

/** After its time the end of a drain takes so long at most: while the kernel does not count, nothing is told before. */
const LATE_MS = 30_000

/**
 * Takes new connections from a server and waits until the others have ended; or gives it new ones again.
 *
 * @returns the exit code: 1 when connections were left
 */
export async function runDrain(server: string, { timeout, undo, ...options }: DrainOptions): Promise<number> {
  const target = targetOf(server, options)
  if (undo === true) {
    const asked = await ask<readonly NamedServer[]>(options, { command: 'weight', ...target, weight: 'default' })
    if ('exitCode' in asked) return asked.exitCode
    tell(asked.answer, 'gets new connections again')
    return 0
  }
  const countDown = new CountDown()
  const onProgress = (value: unknown): void => {
    countDown.tell(value as DrainProgress)
  }
  const limitMs = timeout * 1_000
  const conversation = { onProgress, silenceMs: limitMs + LATE_MS }
  const asked = await ask<readonly DrainResult[]>(options, { command: 'drain', ...target, limitMs }, conversation)
  if ('exitCode' in asked) return asked.exitCode
  for (const result of asked.answer) tell([result], outcomeText(result))
  return asked.answer.every(({ outcome }) => outcome === 'empty') ? 0 : 1
}

/** A line whenever the number of connections changes, and now and then in between. */
class CountDown {
  readonly #told = new Map<string, { readonly active: number; readonly atMs: number }>()

  tell({ service, server, active, remainingMs }: DrainProgress): void {
    const key = `${service} ${server}`
    const before = this.#told.get(key)
    if (before?.active === active && performance.now() - before.atMs < TELL_MS) return
    this.#told.set(key, { active, atMs: performance.now() })
    const text = `${server} of ${service}: ${connections(active)}, ${Math.ceil(remainingMs / 1_000)} s left`
    process.stdout.write(`${printable(text)}\n`)
  }
}

function outcomeText({ outcome, active }: DrainResult): string {
  const left = active === undefined ? 'the kernel did not say how many connections are left' : `${connections(active)} left`
  switch (outcome) {
    case 'empty':
      return 'drained'
    case 'limit':
      return `its time is over: ${left}; it gets no new ones`
    case 'cancelled':
      return `the drain was given up: ${left}`
  }
}

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}
