import { Resolver } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { callbackify } from 'node:util'

/** What a query waits for its first answer; the next attempt waits longer. */
const QUERY_MS = 2_000
const QUERY_TRIES = 3

/** Where names are looked up. */
export interface NameSource {
  /** Name servers, `ADDRESS[:PORT]`; those of /etc/resolv.conf unless given. */
  readonly servers?: readonly string[]
  /** Default /etc/hosts. */
  readonly hostsFile?: string
  /** Where the search list is. Default /etc/resolv.conf. */
  readonly resolverFile?: string
}

/**
 * The addresses of a host by /etc/hosts, else by DNS.
 *
 * Not by getaddrinfo(3), which Node calls in one of four threads: a name server that does not answer would keep all of them, and the
 * engine is given its configuration by the same threads. Names of other services of nsswitch.conf are not found.
 *
 * @returns IPv6 addresses first, and at least one
 * @throws Error when there is none, or no answer within `limitMs` or before `abort`
 */
export async function resolveName(
  name: string,
  limitMs: number,
  source: NameSource = {},
  abort?: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const family = isIP(name)
  if (family !== 0) return [{ address: name, family }]
  // One for each look-up: it reads the settings of the machine, which may have changed.
  const resolver = new Resolver({ timeout: QUERY_MS, tries: QUERY_TRIES })
  if (source.servers !== undefined) resolver.setServers(source.servers)
  const { promise: ended, end } = ending(() => {
    // Else questions would keep the process for as long as they may take.
    resolver.cancel()
  })
  const limit = setTimeout(end, limitMs, `no answer to the question for the address of ${name}`)
  const give = (): void => {
    end('given up')
  }
  abort?.addEventListener('abort', give)
  if (abort?.aborted === true) give()
  try {
    return await Promise.race([search(name, resolver, source), ended])
  } finally {
    clearTimeout(limit)
    abort?.removeEventListener('abort', give)
  }
}

/** A promise that never resolves, and what rejects it. */
function ending(onEnd: () => void): { readonly promise: Promise<never>; readonly end: (message: string) => void } {
  const made: { reject?: (error: Error) => void } = {}
  const promise = new Promise<never>((_, reject) => {
    made.reject = reject
  })
  const end = (message: string): void => {
    made.reject?.(new Error(message))
    onEnd()
  }
  return { promise, end }
}

/** {@link resolveName} as a socket asks for it. */
export function lookupWith(limitMs: number, source?: NameSource, abort?: AbortSignal): LookupFunction {
  const resolve = callbackify(async (name: string) => await resolveName(name, limitMs, source, abort))
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      // It has none when there is an error, whatever the types say.
      const [first] = error === null ? addresses : []
      if (options.all === true) callback(error, error === null ? [...addresses] : [])
      else callback(error, first?.address ?? '', first?.family)
    })
  }
}

async function search(name: string, resolver: Resolver, source: NameSource): Promise<readonly LookupAddress[]> {
  const known = inHostsFile(await textOf(source.hostsFile ?? '/etc/hosts'), name)
  if (known.length > 0) return known
  for (const candidate of candidates(name, await textOf(source.resolverFile ?? '/etc/resolv.conf'))) {
    const found = await ask(candidate, resolver)
    if (found.length > 0) return found
  }
  if (/^(?:.*\.)?localhost\.?$/i.test(name)) return LOOPBACK // RFC 6761 §6.3
  throw new Error(`there is no address of ${name}`)
}

const LOOPBACK: readonly LookupAddress[] = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]

/** A file that is not there says nothing. */
async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '')
}

function inHostsFile(text: string, name: string): readonly LookupAddress[] {
  const wanted = name.replace(/\.$/, '').toLowerCase()
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = words(line)
    const family = isIP(address)
    return family !== 0 && names.some((each) => each.toLowerCase() === wanted) ? [{ address, family }] : []
  })
}

/** The names to ask for, in order: those of the search list first unless the name has dots (resolv.conf(5)). */
function candidates(name: string, text: string): readonly string[] {
  if (name.endsWith('.')) return [name]
  const lines = text.split('\n').map((line) => words(line))
  // The last of these lines counts.
  const domains = lines.findLast(([keyword]) => keyword === 'search' || keyword === 'domain')?.slice(1) ?? []
  const options = lines.filter(([keyword]) => keyword === 'options').flat()
  const ndots = Number(options.findLast((option) => /^ndots:\d+$/.test(option))?.slice('ndots:'.length) ?? 1)
  const searched = domains.map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name]
}

function words(line: string): string[] {
  return line
    .replace(/[#;].*/, '')
    .split(/\s+/)
    .filter((word) => word !== '')
}

async function ask(name: string, resolver: Resolver): Promise<readonly LookupAddress[]> {
  // That one family has no address says nothing of the other.
  const [ipv6, ipv4] = await Promise.allSettled([resolver.resolve6(name), resolver.resolve4(name)])
  return [
    ...(ipv6.status === 'fulfilled' ? ipv6.value.map((address) => ({ address, family: 6 })) : []),
    ...(ipv4.status === 'fulfilled' ? ipv4.value.map((address) => ({ address, family: 4 })) : []),
  ]
}
