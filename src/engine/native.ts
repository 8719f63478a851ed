import type * as Native from '#native'
import { KaError } from '../errors.ts'
import type { KaErrorCode } from '../errors.ts'

/** The addon's exports: `index.d.ts` of the package root. */
export type NativeModule = typeof Native

/** Candidates of the generated loader that this package never has. */
const WEB_ASSEMBLY = /wasm32-wasi|\.wasi\./

/** What each attempt to load the addon said, one line each, in the order of the attempts. */
function attempts(error: unknown): string[] {
  const lines: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    // The outermost is the loader's own, with advice that does not fit; those that it tried come below it, last first.
    if (cause === error && cause.cause instanceof Error) continue
    // What follows is a list of modules.
    const [line = ''] = cause.message.split('\n')
    if (!WEB_ASSEMBLY.test(line)) lines.unshift(line)
  }
  return lines
}

/** The C library that this Node was built with: the addon must match it. */
export function libc(): 'glibc' | 'musl' {
  const report = process.report.getReport()
  const header = 'header' in report ? report.header : undefined
  const isGlibc = typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header
  return isGlibc ? 'glibc' : 'musl'
}

/**
 * Loads the addon when it is first needed, so that the configuration tools work where there is none.
 *
 * @throws {KaError} `KA_ERR_ADDON_UNAVAILABLE`: the message lists every candidate tried and why it failed.
 */
export async function loadNative(): Promise<NativeModule> {
  try {
    return await import('#native')
  } catch (error) {
    const platform = `${process.platform} ${process.arch}${process.platform === 'linux' ? ` (${libc()})` : ''}`
    const tried = attempts(error).map((line) => `  ${line}`)
    const message = [
      `no addon of ka-native can be loaded on ${platform}, Node ${process.version}; tried:`,
      ...tried,
      'reinstalling with `npm install --include=optional ka-native` repairs an incomplete installation',
    ].join('\n')
    throw new KaError('KA_ERR_ADDON_UNAVAILABLE', message, { cause: error })
  }
}

const NATIVE_CODES: ReadonlySet<string> = new Set<KaErrorCode>([
  'KA_ERR_ALREADY_RUNNING',
  'KA_ERR_CONFIG_UNUSABLE',
  'KA_ERR_ENGINE',
  'KA_ERR_NETWORK_NAMESPACE',
  'KA_ERR_NOT_RELEASED',
  'KA_ERR_PERMISSION',
  'KA_ERR_STOPPED',
  'KA_ERR_USAGE',
])

function isNativeCode(code: unknown): code is KaErrorCode {
  return typeof code === 'string' && NATIVE_CODES.has(code)
}

/** The error of a native call as a {@link KaError} with the same code. */
export function fromNative(error: unknown): KaError {
  if (error instanceof KaError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return new KaError(isNativeCode(code) ? code : 'KA_ERR_ENGINE', message, { cause: error })
}

/** Makes a native call; what it rejects with, or throws, is a {@link KaError}. */
export async function native<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw fromNative(error)
  }
}
