import type { Level } from 'pino'
import { COMPONENTS, isComponent } from './components.ts'
import type { Component } from './components.ts'
import type { LogDetail } from './settings.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly Level[]

/** From which level on is logged: everywhere, and in single components. */
export interface LogLevels {
  readonly root: Level
  readonly components: ReadonlyMap<Component, Level>
}

/** What is logged unless it is said otherwise. */
export const DEFAULT_LEVELS: LogLevels = { root: 'info', components: new Map() }

/** The levels of keepalived's `-D`: what it says only then is `debug` here. */
export function levelsOfDetail(detail: LogDetail): LogLevels {
  return { root: detail === 0 ? 'info' : detail === 1 ? 'debug' : 'trace', components: new Map() }
}

/**
 * Reads levels such as `debug`, `vrrp=debug`, or `warn,vrrp=debug,notify=info`.
 *
 * @throws Error that says what it takes
 */
export function parseLevels(text: string): LogLevels {
  const components = new Map<Component, Level>()
  const roots: Level[] = []
  for (const part of text.split(',')) {
    const [name, value, ...rest] = part.split('=')
    const level = LEVELS.find((known) => known === (value ?? name))
    if (level === undefined || rest.length > 0) throw new Error(`Levels are ${LEVELS.join(', ')}.`)
    if (value === undefined) roots.push(level)
    else if (isComponent(name)) components.set(name, level)
    else throw new Error(`Components are ${COMPONENTS.join(', ')}.`)
  }
  if (roots.length > 1) throw new Error('There is one level for everything else.')
  return { root: roots[0] ?? DEFAULT_LEVELS.root, components }
}

/** From which level on a component logs. */
export function levelOf({ root, components }: LogLevels, component: unknown): Level {
  return (isComponent(component) ? components.get(component) : undefined) ?? root
}
