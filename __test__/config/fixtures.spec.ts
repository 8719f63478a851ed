import { relative } from 'node:path'
import test from 'ava'
import { startExitCode, testExitCode } from '../../src/config/diagnostics/exit-code.ts'
import { loadConfig } from '../../src/config/load.ts'
import { renderText } from '../../src/config/diagnostics/render.ts'
import { fixtures, testHost } from './fixtures.ts'
import type { ExpectedDiagnostic } from './fixtures.ts'

for (const { name, folder, file, expected, text } of fixtures()) {
  test(name, (t) => {
    const { config, diagnostics } = loadConfig({ file, host: testHost() })
    const found = [...diagnostics].map(({ file: path, ...rest }) => describe(relative(folder, path), rest))
    const wanted = expected.diagnostics.map(({ file: path = 'keepalived.conf', ...rest }) => describe(path, rest))
    t.deepEqual(found.sort(), wanted.sort())
    t.deepEqual({ test: testExitCode(diagnostics), start: startExitCode(diagnostics) }, expected.exit)
    // Through JSON, as `print-config` and the API will show it: secrets are masked there.
    t.deepEqual(part(JSON.parse(JSON.stringify(config)), expected.config), expected.config)
    if (text !== undefined) t.is(renderText(diagnostics).replaceAll(`${folder}/`, ''), text)
  })
}

function describe(
  path: string,
  { severity, code, line, column }: Pick<ExpectedDiagnostic, 'severity' | 'code' | 'line' | 'column'>,
): string {
  return `${path}:${line ?? ''}:${column ?? ''} ${severity} ${code}`
}

/** The part of a value that `wanted` mentions: all items of lists, only the wanted keys of objects. */
function part(value: unknown, wanted: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(wanted)) return value.map((item: unknown, index) => part(item, (wanted as unknown[])[index]))
  if (!isRecord(value) || !isRecord(wanted)) return value ?? null
  return Object.fromEntries(Object.entries(wanted).map(([key, inner]) => [key, part(value[key], inner)]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
