/** `ka-native genhash`, and the program called as `genhash` or with `--genhash`: the digest of what a web server answers. */
import { loadNative } from '../engine/native.ts'
import type { NativeModule } from '../engine/native.ts'
import { KaError } from '../errors.ts'
import { exchange } from './genhash/exchange.ts'
import type { Exchange } from './genhash/exchange.ts'
import { connectMarked } from './genhash/marked.ts'
import { readGenhash, usageLines } from './genhash/options.ts'
import type { GenhashRequest } from './genhash/options.ts'
import { answerText, digestText, timeText } from './genhash/verbose.ts'

/** Any answer will do, and its digest is wanted, which is another one. */
const ANY_ANSWER = { status: [{ from: 0, to: 999 }], digest: '0'.repeat(32) }

/**
 * Hashes what the words of a command line name; the exit code to end the process with. As keepalived's genhash it ends with 0 also
 * where there is nothing to be hashed.
 *
 * @param name how the program was called
 */
export async function runGenhash(args: readonly string[], name: string): Promise<number> {
  const wanted = readGenhash(args)
  if (wanted.kind === 'usage') {
    const problem = wanted.problem === undefined ? [] : [wanted.problem]
    process.stderr.write([...problem, ...usageLines(name)].map((line) => `${line}\n`).join(''))
    return 1
  }
  try {
    return await hash(wanted.request, await loadNative())
  } catch (error) {
    if (!(error instanceof KaError)) throw error
    process.stderr.write(`${name}: ${error.message}\n`)
    return 1
  }
}

async function hash(request: GenhashRequest, native: NativeModule): Promise<number> {
  const start = performance.now()
  const response = new native.HttpResponse(ANY_ANSWER)
  const marked = request.mark === undefined ? undefined : await connectMarked(request, request.mark, native)
  const result = marked?.kind === 'failed' ? marked : await exchange(request, response, marked?.socket)
  tell(result, request, response.headerLength)
  if (request.isVerbose) process.stdout.write(timeText(request.path, (performance.now() - start) * 1000))
  return 0
}

function tell(result: Exchange, { isVerbose }: GenhashRequest, headerLength: number): void {
  if (result.kind === 'failed') {
    process.stdout.write(`${result.sentence}\n`)
    return
  }
  const { verdict, octets } = result
  const digest = verdict.http?.digest
  if (digest === undefined || (verdict.type === 'failed' && verdict.stage === 'body')) {
    process.stderr.write(`${digest === undefined ? 'no data received from remote webserver' : 'the body is too long for a health check'}\n`)
    return
  }
  if (isVerbose) {
    const body = octets.subarray(headerLength, headerLength + (verdict.http?.length ?? 0))
    process.stdout.write(answerText(octets.subarray(0, headerLength), body) + digestText(digest))
  }
  process.stdout.write(`${digest}\n`)
}
