import { isComponent } from './components.ts'
import type { Component } from './components.ts'

/** Levels by pino's numbers. */
export const LEVEL = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const

/** One record of the log. */
export interface LogRecord {
  /** pino's number. */
  readonly level: number
  /** Milliseconds since the Unix epoch. */
  readonly time: number
  readonly component: Component
  readonly message: string
  /** Everything else: what the message is about. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Reads a line that pino wrote. */
export function parseRecord(line: string): LogRecord {
  const { level, time, component, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>
  return {
    level: typeof level === 'number' ? level : LEVEL.info,
    time: typeof time === 'number' ? time : Date.now(),
    component: isComponent(component) ? component : 'process',
    message: typeof msg === 'string' ? msg : '',
    fields,
  }
}

/** The record that stands for so many lost ones. */
export function lossRecord(count: number, reason: string): LogRecord {
  const message = `${count} lines of the log were lost: ${reason}`
  return { level: LEVEL.warn, time: Date.now(), component: 'process', message, fields: {} }
}

/** A record as pino writes it, with its line feed. */
export function formatRecord({ level, time, component, message, fields }: LogRecord): string {
  return `${JSON.stringify({ level, time, component, ...fields, msg: message })}\n`
}
