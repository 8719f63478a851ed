import type { RealServer } from './servers.ts'
import type { Stage } from './stage.ts'
import type { Service } from './table.ts'

/** The addresses and files of one scenario. Both subjects have the same addresses, and directories of their own. */
export interface Place {
  /** Of the subject whose configuration is asked for. */
  readonly directory: string
  /** Of the scenario: files that both subjects read. */
  readonly shared: string
  /** The addresses of virtual servers, counted from 1. */
  readonly vip: (number?: number) => string
  readonly vip6: (number?: number) => string
  /** The addresses of real servers, counted from 1; 9 is a sorry server. */
  readonly server: (number: number) => string
  readonly server6: (number: number) => string
}

/** What is seen of one subject. */
export interface View {
  readonly services: readonly Service[]
  /** What its scripts noted. */
  readonly scripts: readonly string[]
  /** What it wrote into its FIFOs. */
  readonly fifos: readonly (readonly string[])[]
  /** What it logged. */
  readonly log: readonly string[]
}

/** Whether what a step leads to has happened. */
export type Condition = (view: View) => boolean

/** One thing that happens to both subjects at once, and what it leads to. */
export interface Step {
  readonly name: string
  readonly act: (stage: Stage) => Promise<void> | void
  readonly until: Condition
}

/** A configuration and what happens to it. */
export interface Scenario {
  readonly name: string
  readonly servers: (place: Place) => Readonly<Record<number, RealServer>>
  readonly conf: (place: Place) => string
  /** What is made in the namespaces of both subjects before they start: arguments of ipvsadm(8), a line each. */
  readonly before?: (place: Place) => readonly string[]
  /** Files in the directory that both subjects read, as they are at the start. */
  readonly files?: Readonly<Record<string, string>>
  /** After the start. */
  readonly until: Condition
  readonly steps: readonly Step[]
  /** Options of `ipvsadm -L -n` whose output is compared as well: `--thresholds`. */
  readonly lists?: readonly string[]
  /**
   * It is played while no other one is. Both subjects give scripts one second at a stop, and end them then: where others want the processor
   * too, that may not be enough.
   */
  readonly isAlone?: true
  /** Differences that are meant to be, one of each other's; docs/compatibility.md has them too. */
  readonly allowances?: readonly Allowance[]
}

/** A difference between the subjects that is meant to be. */
export interface Allowance {
  readonly why: string
  /** Lines of scripts and FIFOs that do not count. */
  readonly lines?: RegExp
  /** Services without a real server do not count. */
  readonly emptyServices?: true
}

const NUMBER = /[.:](\d+)\]?:\d+$/

/** The weights of the real servers of a service by their numbers. */
export function weightsOf({ destinations }: Service): Record<string, number> {
  return Object.fromEntries(destinations.map(({ server, weight }) => [NUMBER.exec(server)?.[1] ?? server, weight]))
}

/** Every service has exactly these real servers, with these weights; there is at least one service. */
export function pool(weights: Readonly<Record<number, number>>): Condition {
  return ({ services }) => services.length > 0 && services.every((service) => isSame(weightsOf(service), weights))
}

/** The services are these, by a part of their names, with these real servers. */
export function pools(wanted: Readonly<Record<string, Readonly<Record<number, number>>>>): Condition {
  return ({ services }) => {
    const entries = Object.entries(wanted)
    return (
      services.length === entries.length &&
      entries.every(([name, weights]) => services.some((service) => service.name.includes(name) && isSame(weightsOf(service), weights)))
    )
  }
}

/** Nothing is left. */
export const nothing: Condition = ({ services }) => services.length === 0

/** All of these. */
export function all(...conditions: readonly Condition[]): Condition {
  return (view) => conditions.every((condition) => condition(view))
}

/** The latest line of scripts about something ends so: `noted('VS', 'down')`. */
export function noted(about: string, what: string): Condition {
  return ({ scripts }) => scripts.findLast((line) => line.includes(about))?.endsWith(what) === true
}

/**
 * It has logged this at least so often. For what changes neither the table nor what is told, and without which the next step happens to one
 * that knows and to one that does not.
 */
export function logged(line: RegExp, times = 1): Condition {
  return ({ log }) => log.filter((text) => line.test(text)).length >= times
}

/** Every service has settings with this word. */
export function settings(word: string): Condition {
  return ({ services }) => services.length > 0 && services.every((service) => service.settings.split(' ').includes(word))
}

function isSame(some: Readonly<Record<string, number>>, others: Readonly<Record<string, number>>): boolean {
  const names = Object.keys(some)
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name])
}
