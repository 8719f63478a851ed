/** What the commands for operators have in common: one question to a daemon, and what becomes of it. */
import { Refusal } from '../control/answer.ts'
import { askDaemon } from '../control/control-client.ts'
import type { Conversation } from '../control/control-client.ts'
import { printable } from '../config/diagnostics/printable.ts'
import { exitCodeOf, KaError } from '../errors.ts'

/** Which daemon is asked. */
export interface OperatorOptions {
  readonly runtimeDir?: string
  readonly instance?: string
}

/** Of all commands that concern servers. */
export interface TargetOptions extends OperatorOptions {
  readonly service?: string
}

/** A server that was meant. */
export interface NamedServer {
  readonly service: string
  readonly server: string
}

/** An answer, or the status that the process ends with where there is none: why is said then. */
export type Asked<T> = { readonly answer: T } | { readonly exitCode: number }

/** Asks a daemon. What it answers is its own, and of the same version. */
export async function ask<T>({ runtimeDir, instance }: OperatorOptions, request: object, conversation?: Conversation): Promise<Asked<T>> {
  try {
    return { answer: (await askDaemon({ runtimeDir, instanceName: instance }, request, conversation)) as T }
  } catch (error) {
    const { message, exitCode } = failureOf(error)
    process.stderr.write(`ka-native: ${printable(message)}\n`)
    return { exitCode }
  }
}

/** The names of the servers as a request has them. */
export function targetOf(server: string, { service }: TargetOptions): { readonly server: string; readonly service?: string } {
  return service === undefined ? { server } : { server, service }
}

/** Tells what became of each server that was meant. */
export function tell(servers: readonly NamedServer[], what: string): void {
  for (const { service, server } of servers) process.stdout.write(`${printable(`${server} of ${service}: ${what}`)}\n`)
}

function failureOf(error: unknown): { readonly message: string; readonly exitCode: number } {
  if (error instanceof KaError) return { message: error.message, exitCode: exitCodeOf(error) }
  if (!(error instanceof Refusal)) throw error
  const { suggestions, message } = error
  const help = suggestions.length === 0 ? '' : `; did you mean ${suggestions.join(' or ')}?`
  return { message: `${message}${help}`, exitCode: 1 }
}
